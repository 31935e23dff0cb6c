"""Many small pictures in one frame, and numbers one a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def table(rows: Sequence[Tensor]) -> Tensor:
    """Lay pictures out side by side, row below row, with a white line between.

    Args:
        rows: Pictures of each row, (N, C, H, W), the same number and size in all.

    Returns:
        One picture, (C, rows · (H + 2), N · (W + 2)).
    """
    framed = [F.pad(row, (1, 1, 1, 1), value=1) for row in rows]
    return torch.cat([torch.cat(list(row), dim=2) for row in framed], dim=1)


def show(numbers: Mapping[str, float]) -> None:
    """Print each number with its name, two decimals, one a line."""
    for name, value in numbers.items():
        print(f"{name:32}{value:>6.2f}")
