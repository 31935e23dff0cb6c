"""Receptive fields: which pixels of the input each position of a tensor depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Axis:
    """The input pixels that each position along one axis depends on.

    Attributes:
        first: Index of the first pixel, for each position; negative in the padding.
        last: Index of the last pixel, likewise; it may lie beyond the input.
        jump: Input pixels between two neighbouring positions.
    """

    first: Indices
    last: Indices
    jump: float

    @property
    def size(self) -> int:
        """Pixels in the largest receptive field, those in the padding included."""
        return int((self.last - self.first).max()) + 1

    def windows(self, first: Indices, last: Indices, jump: float) -> Axis:
        """What windows from position ``first`` to position ``last`` depend on."""
        return Axis(
            np.floor(_extended(self.first, first, self.jump)).astype(np.int64),
            np.ceil(_extended(self.last, last, self.jump)).astype(np.int64),
            self.jump * jump,
        )

    def whole(self) -> Axis:
        """What a value computed from all positions depends on."""
        count = len(self.first)
        return self.windows(np.array([0]), np.array([count - 1]), count)

    def joined(self, other: Axis) -> Axis:
        """What a value computed from the same position of both depends on."""
        more = max(self, other, key=lambda axis: (len(axis.first), axis.jump))
        first = np.minimum(self.first, other.first)  # a single one goes with all
        return Axis(first, np.maximum(self.last, other.last), more.jump)


def _extended(pixels: Indices, positions: Indices, jump: float) -> NDArray[np.float64]:
    """Positions in the padding continue those inside at the same distance."""
    inside = positions.clip(0, len(pixels) - 1)
    return np.asarray(pixels[inside] + (positions - inside) * jump, dtype=np.float64)


@dataclass(frozen=True)
class Field:
    """The receptive fields of a tensor, or the operation that could not be followed.

    Attributes:
        axes: Height and width; of length 1 where the tensor has no positions left.
        lost_at: PyTorch's name of the operation; empty where ``axes`` is known.
    """

    axes: tuple[Axis, Axis] | None
    lost_at: str = ""

    def each(self, change: Callable[[int, Axis], Axis]) -> Field:
        """Apply ``change`` to axis 0 (height) and axis 1 (width)."""
        if self.axes is None:
            return self
        height, width = self.axes
        return Field((change(0, height), change(1, width)))

    def whole(self) -> Field:
        """What a value computed from all positions depends on."""
        return self.each(lambda _, axis: axis.whole())

    def joined(self, other: Field) -> Field:
        """What a value computed from the same position of both depends on."""
        if self.axes is None or other.axes is None:
            return self if self.axes is None else other
        first, second = self.axes, other.axes
        return Field((first[0].joined(second[0]), first[1].joined(second[1])))


def input_field(shape: Sequence[int]) -> Field:
    """Each pixel of an input, (N, C, H, W), depends on itself."""
    height, width = (np.arange(size) for size in shape[-2:])
    return Field((Axis(height, height, 1), Axis(width, width, 1)))
