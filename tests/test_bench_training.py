"""The training benchmark: times, ratios, and a verdict that can be negative."""

from __future__ import annotations

import pytest

from course_utils.climb import Speed, rung
from tests.climb_toys import tiny_data
from tools.bench import training as bench

FIELD = [rung("data in memory"), rung("channels last")]


def lines(times: bench.Times) -> list[str]:
    speeds = {
        "data in memory": Speed(0.1, [100, 200]),
        "channels last": Speed(0.1, [300, 500]),
    }
    return bench.table(FIELD, speeds, times, budget=4)


def test_every_contender_trains_in_every_repeat() -> None:
    found = bench.times_to(
        0.0, FIELD, tiny_data(train=256), budget=0.05, repeats=2, device="cpu"
    )
    assert [len(times) for times in found.values()] == [2, 2]
    assert None not in found["channels last"]


def test_an_accuracy_out_of_reach_is_never_reached() -> None:
    field = FIELD[1:]
    found = bench.times_to(
        1.1, field, tiny_data(train=256), budget=0.05, repeats=1, device="cpu"
    )
    assert found["channels last"] == [None]


def test_ratios_are_medians_over_the_rounds_with_their_range() -> None:
    found = lines({"data in memory": [3.0, 3.0], "channels last": [1.0, 2.0]})
    assert "x 2.75 (2.50-3.00)" in found[2]
    assert "1.5 s  x 2.25 (1.50-3.00) sooner" in found[2]


def test_what_does_not_get_there_says_so() -> None:
    found = lines({"data in memory": [3.0, 3.0], "channels last": [1.0, None]})
    assert found[2].endswith("not in 4 s (1 of 2 got there)")


def test_where_the_lecture_does_not_get_there_a_ratio_is_a_lower_bound() -> None:
    found = lines({"data in memory": [None, None], "channels last": [1.0, 2.0]})
    assert found[1].endswith("not in 4 s (0 of 2 got there)")
    assert "x 3.00 (2.00-4.00) sooner, at least" in found[2]


def test_the_marks_end_with_the_budget() -> None:
    assert bench.MARKS[-1] == 1
    assert bench.MARKS[0] == pytest.approx(1 / 32)


def test_the_lecture_comes_first_and_what_only_judges_is_left_out() -> None:
    names = [one.name for one in bench.contenders()]
    assert names[0] == "the lecture"
    assert "flip at test time" not in names


def test_steps_are_compared_by_speed_and_by_time_to_the_accuracy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = ("the lecture", "data in memory", "channels last")
    monkeypatch.setattr(bench, "STEPS", steps)
    monkeypatch.setattr(bench, "RACING", steps[::2])
    monkeypatch.setattr(bench, "ACCURACY", 0.0)
    monkeypatch.setattr(bench, "images", lambda source: tiny_data(train=256))
    ratios = list(bench.measure(quick=True))
    whats = [f"{name}, images a second" for name in steps[1:]]
    assert [ratio.what for ratio in ratios] == [*whats, "channels last, 0% right"]
    assert {ratio.n for ratio in ratios} == {1}
