"""What a typed answer stands for."""

from __future__ import annotations

from typing import Any

import pytest

from course_utils.readings import flat, is_number, read_list, read_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-45", -45),
        ("−45", -45),
        ("–45", -45),
        (" − 45 ", -45),
        ("+3", 3),
        ("0.5", 0.5),
        (".5", 0.5),
        ("0,5", 0.5),
        ("1/9", 1 / 9),
        ("-1 / 4", -0.25),
        ("10 000 000", 10_000_000),
        ("10,000,000", 10_000_000),
        ("10_001_000", 10_001_000),
        ("1e-3", 0.001),
    ],
)
def test_number_is_read(text: str, expected: float) -> None:
    found = read_number(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "text", ["", "many", "1 2", "1/0", "1/", "--1", "3 pixels", "nan", "1.2.3", "1, 2"]
)
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, -2]", [1, -2]),
        ("(1, 3, 32, 32)", [1, 3, 32, 32]),
        ("1 2 3", [1, 2, 3]),
        ("1; −2; 3", [1, -2, 3]),
        ("6 × 6", [6, 6]),
        ("32x32x3", [32, 32, 3]),
        ("[1 2 3]", [1, 2, 3]),
        ("[7]", [7]),
        ("[1, .5,]", [1, 0.5]),
        ("[[6, 17], [8, −17]]", [[6, 17], [8, -17]]),
        ("torch.Size([1, 3])", [1, 3]),
        ("1,2,3", [1, 2, 3]),
    ],
)
def test_list_is_read(text: str, expected: list[Any]) -> None:
    assert read_list(text) == expected


@pytest.mark.parametrize(
    "text", ["", "7", "[]]", "[1, two]", "[true, 1]", "[null]", "[" * 9000, "x"]
)
def test_what_is_no_list_is_not_read(text: str) -> None:
    assert read_list(text) is None


def test_leaves_of_nested_lists_come_in_order() -> None:
    assert flat([[1, [2]], 3]) == [1, 2, 3]


def test_truth_values_are_no_numbers() -> None:
    assert not is_number(True)
    assert is_number(1.5)
