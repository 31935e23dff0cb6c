"""Small pictures laid out in one, and numbers in lines."""

import pytest
import torch

from course_utils.beyond.pictures import show, table


def test_pictures_lie_side_by_side_and_row_below_row() -> None:
    rows = [torch.full((3, 1, 2, 2), 0.0), torch.full((3, 1, 2, 2), 0.5)]
    rows[1][2] = 0.25
    laid = table(rows)
    assert laid.shape == (1, 8, 12)
    assert laid[0, 1, 1] == 0
    assert laid[0, 5, 1] == 0.5
    assert laid[0, 5, 9] == 0.25
    assert (laid[0, 3:5] == 1).all()  # the white line between the rows


def test_numbers_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    show({"accuracy": 0.5, "gain": -1.234})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["accuracy", "0.50"], ["gain", "-1.23"]]
    assert len(lines[0]) == len(lines[1])
