"""Handwritten digits, and digits that stand anywhere on a larger picture."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=1)
def load_digits() -> tuple[Tensor, Tensor]:
    """Return scikit-learn's handwritten digits, real ones of 8 × 8 pixels.

    Returns:
        Brightness in [0, 1], float32 (1797, 1, 8, 8), and labels, int64 (1797,).
    """
    from sklearn import datasets

    digits = datasets.load_digits()
    images = torch.from_numpy(digits.images).float()[:, None] / 16
    return images, torch.from_numpy(digits.target)


def place_digits(
    digits: Tensor, generator: torch.Generator, *, size: int = 12, most: int = 1
) -> Tensor:
    """Put each digit near the middle of a larger black picture.

    Args:
        digits: (N, 1, h, w).
        generator: Where chance comes from.
        size: Height and width of the pictures, in pixels.
        most: Largest distance from the middle, in pixels, along rows and along columns.

    Returns:
        Pictures, (N, 1, size, size).

    Raises:
        ValueError: If a digit could leave the picture.
    """
    count, _, height, width = digits.shape
    top, left = (size - height) // 2, (size - width) // 2
    if min(top, left) < most:
        raise ValueError(
            f"most is {most}, but a digit of {height} × {width} pixels in the middle "
            f"of {size} × {size} has only {min(top, left)} to spare; lower most or "
            "raise size"
        )
    down = top + torch.randint(-most, most + 1, (count,), generator=generator)
    right = left + torch.randint(-most, most + 1, (count,), generator=generator)
    pictures = torch.zeros(count, size, size)
    rows = down[:, None, None] + torch.arange(height)[:, None]
    columns = right[:, None, None] + torch.arange(width)
    pictures[torch.arange(count)[:, None, None], rows, columns] = digits[:, 0]
    return pictures[:, None]
