"""The race of recipes: ranges, rows, the first to arrive, and the drawing."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from course_utils.climb.race import draw_race, first_to_reach, in_words, race_rows

mpl.use("agg")


def run(seconds: float, judged: float, tested: float = 0.5) -> dict[str, float]:
    return {
        "seconds": seconds,
        "validation_accuracy": judged,
        "test_accuracy": tested,
    }


@pytest.fixture
def slot() -> dict[str, Any]:
    lecture = [
        {"curve": [[300.0, 100, 0.5], [600.0, 200, last]], "test_accuracy": last - 0.01}
        for last in (0.55, 0.57)
    ]
    return {
        "machine": "a machine",
        "lecture": lecture,
        "tuned": [run(4, 0.4), run(4, 0.5), run(8, 0.6), run(8, 0.62)],
        "fast": [run(60, 0.76, 0.75), run(60, 0.77, 0.78)],
    }


def test_a_range_is_told_in_per_cent_and_one_number_as_one() -> None:
    assert in_words([0.7612, 0.7493]) == "74.9-76.1 %"
    assert in_words([0.5, 0.5001]) == "50.0 %"


def test_a_row_for_each_recipe_and_time(slot: dict[str, Any]) -> None:
    assert race_rows(slot) == [
        ("lecture", 300.0, "50.0 %", "-"),
        ("lecture", 600.0, "55.0-57.0 %", "54.0-56.0 %"),
        ("tuned", 4, "40.0-50.0 %", "50.0 %"),
        ("tuned", 8, "60.0-62.0 %", "50.0 %"),
        ("fast", 60, "76.0-77.0 %", "75.0-78.0 %"),
    ]


def test_the_first_to_reach_is_so_on_average(slot: dict[str, Any]) -> None:
    assert first_to_reach(slot["tuned"], 0.45) == 4
    assert first_to_reach(slot["tuned"], 0.46) == 8
    with pytest.raises(ValueError, match=r"no run reached 70\.0%"):
        first_to_reach(slot["tuned"], 0.7)


def test_the_drawing_has_a_line_for_each_seed_and_a_mark_for_each_run(
    slot: dict[str, Any],
) -> None:
    figure, ax = plt.subplots()
    draw_race(slot, ax)
    assert len(ax.lines) == 2 + 2
    marks = {str(line.get_marker()): len(line.get_xdata()) for line in ax.lines}
    assert marks["s"] == 4
    assert marks["o"] == 2
    assert "recorded: a machine" in ax.get_title()
    legend = ax.get_legend()
    assert legend is not None
    assert len(legend.get_texts()) == 3
    plt.close(figure)
