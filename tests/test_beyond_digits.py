"""Handwritten digits, in place and out of it."""

import pytest
import torch

from course_utils.beyond.digits import load_digits, place_digits


def test_digits_come_with_the_package() -> None:
    images, labels = load_digits()
    assert images.shape == (1797, 1, 8, 8)
    assert labels.bincount().min() > 170
    assert (images.min(), images.max()) == (0, 1)


def test_a_digit_is_moved_and_not_changed() -> None:
    images, _ = load_digits()
    placed = place_digits(images[:300], torch.Generator().manual_seed(0), most=2)
    assert placed.shape == (300, 1, 12, 12)
    torch.testing.assert_close(placed.sum((1, 2, 3)), images[:300].sum((1, 2, 3)))
    corners = {
        (row, column)
        for row in range(5)
        for column in range(5)
        if any(
            torch.equal(p[0, row : row + 8, column : column + 8], d[0])
            for p, d in zip(placed, images, strict=False)
        )
    }
    assert len(corners) == 25


def test_a_digit_that_could_leave_the_picture_is_refused() -> None:
    images, _ = load_digits()
    with pytest.raises(ValueError, match="most is 3, but"):
        place_digits(images[:2], torch.Generator(), most=3)
