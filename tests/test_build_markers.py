"""Solution regions: exact markers are found, everything like them is refused."""

import pytest

from tools.building.markers import Region, find_regions, refuse_markers_in_prose
from tools.building.project import BuildError

GOOD = "x = 1\n### BEGIN SOLUTION\ny = 2\n### END SOLUTION\nz = 3"


def place(line: int) -> str:
    return f"lesson.py:{line + 1}"


def test_exact_markers_make_a_region() -> None:
    assert find_regions(GOOD, place) == [Region(1, 3)]


def test_a_cell_may_hold_two_regions() -> None:
    assert find_regions(f"{GOOD}\n{GOOD}", place) == [Region(1, 3), Region(6, 8)]


@pytest.mark.parametrize(
    "marker",
    [
        "# BEGIN SOLUTON",
        "### BEGIN SOLUTON",
        "### BEGN SOLUTION",
        "### begin solution",
        "### Begin Solution",
        "###BEGIN SOLUTION",
        "## BEGIN SOLUTION",
        "#### BEGIN SOLUTION",
        "### BEGIN SOLUTION:",
        "### BEGIN  SOLUTION",
        "### BEGIN SOLUTIONS",
        "### BEGINSOLUTION",
        "# begin_solution",
        "### SOLUTION BEGIN",
        "### START SOLUTION",
        "### BEGIN",
        "### END",
        "# solution",
        "# Soluton:",
        "### anything",
    ],
)
def test_near_misses_are_refused_with_file_and_line(marker: str) -> None:
    with pytest.raises(BuildError, match=r"lesson\.py:2: .* looks like"):
        find_regions(f"x = 1\n{marker}\ny = 2\n", place)


@pytest.mark.parametrize("marker", ["### END SOLUTON", "# end solution", "### EDN"])
def test_a_misspelt_end_is_refused(marker: str) -> None:
    with pytest.raises(BuildError, match=r"lesson\.py:3: "):
        find_regions(f"### BEGIN SOLUTION\ny = 2\n{marker}\n", place)


def test_a_marker_behind_code_is_refused() -> None:
    with pytest.raises(BuildError, match=r"lesson\.py:1: .* line of its own"):
        find_regions("x = 1  ### BEGIN SOLUTION\n### END SOLUTION", place)


def test_a_region_without_end_is_refused() -> None:
    with pytest.raises(BuildError, match=r"lesson\.py:1: .* without `### END"):
        find_regions("### BEGIN SOLUTION\nx = 1", place)


def test_an_end_without_begin_is_refused() -> None:
    with pytest.raises(BuildError, match=r"lesson\.py:2: .* without `### BEGIN"):
        find_regions("x = 1\n### END SOLUTION", place)


def test_nested_regions_are_refused() -> None:
    source = "### BEGIN SOLUTION\nx = 1\n### BEGIN SOLUTION\n### END SOLUTION"
    with pytest.raises(BuildError, match=r"lesson\.py:3: .* lesson\.py:1"):
        find_regions(source, place)


@pytest.mark.parametrize(
    "comment",
    [
        "# the end of the solution",
        "# this is where the solution to the puzzle begins",
        "# end position, in pixels",
        "# the resolution is halved",
        "# one section",
        "# (N, C, H, W)",
    ],
)
def test_ordinary_comments_pass(comment: str) -> None:
    assert find_regions(f"x = 1\n{comment}\n", place) == []


def test_marker_words_in_a_string_are_no_marker() -> None:
    assert find_regions('print("### BEGIN SOLUTION")', place) == []


@pytest.mark.parametrize("line", ["### BEGIN SOLUTION", "### END SOLUTON"])
def test_markers_in_prose_are_refused(line: str) -> None:
    with pytest.raises(BuildError, match=r"lesson\.py:2: .* markdown cell"):
        refuse_markers_in_prose(f"Words.\n{line}", place)


def test_a_heading_may_be_called_solution() -> None:
    refuse_markers_in_prose("### Solution", place)
