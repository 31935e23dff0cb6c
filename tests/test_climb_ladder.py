"""The ladder: ratios, gains and verdicts, and how they are drawn."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest

from course_utils.climb import CLIMB
from course_utils.climb.ladder import (
    Step,
    accuracy_steps,
    gained,
    plot_ladder,
    rates_of,
    speed_steps,
    times_as_fast,
    worth_keeping,
)
from tests.climb_toys import slot


def test_speeds_are_ratios_to_the_lecture_round_by_round() -> None:
    rates = {"the lecture": [100.0, 200.0], "data in memory": [150.0, 400.0]}
    steps = speed_steps(rates)
    assert [step.name for step in steps] == ["the lecture", "data in memory"]
    assert steps[1].values == (1.5, 2.0)


def test_a_ratio_is_against_the_rung_that_was_changed() -> None:
    rates = rates_of(slot(rates={"channels last": 200, "bfloat16": 300}))
    assert times_as_fast(rates, "bfloat16") == 1.5


def test_a_gain_is_against_the_rung_that_was_changed() -> None:
    found = slot(accuracies={"channels last": 0.5, "batch norm": 0.47})
    assert gained(found, "batch norm") == pytest.approx(-0.03)


@pytest.mark.parametrize(("rate", "kept"), [(106, True), (104, False)])
def test_a_change_of_speed_alone_is_judged_by_speed(rate: float, kept: bool) -> None:
    found = slot(rates={"data in memory": rate}, accuracies={"data in memory": 0.1})
    assert worth_keeping(found, "data in memory") is kept


@pytest.mark.parametrize(("share", "kept"), [(0.506, True), (0.504, False)])
def test_any_other_change_is_judged_by_accuracy(share: float, kept: bool) -> None:
    found = slot(rates={"schedule": 1}, accuracies={"schedule": share})
    assert worth_keeping(found, "schedule") is kept


def test_a_drawn_ladder_says_what_is_rejected_and_what_is_recorded() -> None:
    steps = [Step("a", True, (0.5, 0.6, 0.7)), Step("b", False, (0.1,))]
    _, ax = plt.subplots()
    plot_ladder(steps, ax, per_cent=True, recorded=True)
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["60.0 %", "10.0 %, rejected"]
    assert ax.get_title(loc="left") == "recorded"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    plt.close()


def test_a_whole_slot_becomes_as_many_steps() -> None:
    found = slot()
    assert len(speed_steps(rates_of(found))) == len(CLIMB)
    assert len(accuracy_steps(found)) == len(CLIMB)
