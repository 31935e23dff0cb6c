"""The climb's setups and rungs: what they refuse, and one change at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from course_utils.climb import CLIMB, Setup, rung

QUICK = Setup(loader="memory", batch_size=16, learning_rate=0.05)


# setups


def test_a_setup_as_it_comes_is_the_lectures_recipe() -> None:
    setup = Setup()
    assert (setup.loader, setup.batch_size) == ("pil", 4)
    assert (setup.learning_rate, setup.momentum) == (0.001, 0.9)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"loader": "disk"}, "loader is 'disk'; choose one of 'pil'"),
        ({"precision": "float16"}, "precision is 'float16'; choose one of 'float32'"),
        ({"batch_size": 0}, "batch_size is 0; expected 1 or more"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; expected above 0"),
        ({"label_smoothing": 1.0}, "label_smoothing is 1.0"),
        ({"augmented": True}, "augmented images are for loader='memory'"),
    ],
)
def test_a_setup_refuses_what_it_cannot_do(choices: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Setup(**choices)


def test_a_constant_rate_stays() -> None:
    assert {QUICK.learning_rate_at(p) for p in (0, 0.3, 1)} == {0.05}


def test_a_triangle_rises_and_falls_to_zero_with_half_its_peak_as_mean() -> None:
    setup = replace(QUICK, schedule="triangular")
    rates = [setup.learning_rate_at(k / 1000) for k in range(1001)]
    assert (rates[0], rates[-1]) == (0, 0)
    assert max(rates) == rates[200] == 0.05
    assert sum(rates) / 1001 == pytest.approx(0.025, rel=0.01)


def test_progress_beyond_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"progress is 1\.5"):
        QUICK.learning_rate_at(1.5)


# rungs


def test_the_climb_begins_with_the_lecture_and_has_names_of_its_own() -> None:
    assert CLIMB[0].setup == Setup()
    assert len({one.name for one in CLIMB}) == len(CLIMB)


@pytest.mark.parametrize("one", CLIMB[1:], ids=lambda one: one.name)
def test_a_rung_goes_onto_the_last_one_that_was_kept(one: Any) -> None:
    before = CLIMB[: CLIMB.index(one)]
    assert one.base == next(r.name for r in reversed(before) if r.kept)


@pytest.mark.parametrize("one", CLIMB[1:], ids=lambda one: one.name)
def test_a_rung_changes_one_thing(one: Any) -> None:
    base = rung(one.base).setup
    changed = [k for k, v in vars(one.setup).items() if v != getattr(base, k)]
    several = {
        "tutorial style": ["loader", "batch_size"],  # a recipe of others, not a change
        "batch 128, rate fitted": ["batch_size", "learning_rate"],  # of "alone": one
        "schedule": ["learning_rate", "schedule"],  # the same mean rate
        "residual, bfloat16": ["precision", "network"],  # both were tried alone
    }
    assert changed == several.get(one.name, changed[:1])
    assert changed


def test_the_schedule_keeps_the_mean_learning_rate() -> None:
    base, changed = rung(rung("schedule").base).setup, rung("schedule").setup
    assert changed.learning_rate / 2 == base.learning_rate


def test_an_unknown_rung_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no rung 'magic'; there are 'the lecture'"):
        rung("magic")
