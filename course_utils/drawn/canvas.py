"""A canvas to paint on, larger than the picture, with an owner for every sample.

Pillow fills the shapes. Two precautions make it exact everywhere: corners are whole
numbers, and no edge ever passes half-way between two samples, where Pillow's
single-precision arithmetic could round to either side (see `without_ties`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from course_utils.drawn.tape import TURN, cosine, sine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Colour: TypeAlias = "tuple[int, int, int]"
Point: TypeAlias = "tuple[float, float]"

OVERSAMPLING = 3  # samples per pixel along each axis


def _half_circle(steps: int) -> list[Point]:
    angles = [TURN // 2 * k // steps - TURN // 4 for k in range(steps + 1)]
    return [(cosine(angle), sine(angle)) for angle in angles]


_HALF_CIRCLES = {steps: _half_circle(steps) for steps in (2, 3, 4, 8, 16)}


def _arc(radius: float) -> list[Point]:
    """Return a half circle with as many sides as it needs to look round."""
    if radius < 4:
        return _HALF_CIRCLES[2 if radius < 1 else 3]
    if radius < 8:
        return _HALF_CIRCLES[4]
    return _HALF_CIRCLES[8 if radius < 24 else 16]


class Canvas:
    """A picture of (height, width) pixels being painted; y points down.

    ``owner`` and ``material`` say what the next strokes belong to: an instance
    (0 is the background, at most 15) and a surface (at most 15, see `light`).
    All coordinates are in pixels of the finished picture.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.owner = 0
        self.material = 0
        # the fourth channel holds the owner and the material of each sample
        size = (width * OVERSAMPLING, height * OVERSAMPLING)
        self._image = Image.new("RGBX", size)
        self._draw = ImageDraw.Draw(self._image)

    def rectangle(
        self, left: float, top: float, right: float, bottom: float, colour: Colour
    ) -> None:
        """Fill an upright rectangle."""
        corners = (
            round(left * OVERSAMPLING),
            round(top * OVERSAMPLING),
            round(right * OVERSAMPLING) - 1,
            round(bottom * OVERSAMPLING) - 1,
        )
        if corners[0] <= corners[2] and corners[1] <= corners[3]:
            self._draw.rectangle(corners, self._ink(colour))

    def ellipse(
        self, x: float, y: float, radius_x: float, radius_y: float, colour: Colour
    ) -> None:
        """Fill an upright ellipse around (x, y)."""
        x, y = x * OVERSAMPLING, y * OVERSAMPLING
        radius_x, radius_y = radius_x * OVERSAMPLING, radius_y * OVERSAMPLING
        left, top = math.floor(x - radius_x + 0.5), math.floor(y - radius_y + 0.5)
        right = left + max(0, math.floor(2 * radius_x - 0.5))
        bottom = top + max(0, math.floor(2 * radius_y - 0.5))
        self._draw.ellipse((left, top, right, bottom), self._ink(colour))

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        corners = [
            (round(x * OVERSAMPLING), round(y * OVERSAMPLING)) for x, y in points
        ]
        self._fill(corners, colour)

    def capsule(
        self,
        start: Point,
        start_radius: float,
        end: Point,
        end_radius: float,
        colour: Colour,
    ) -> None:
        """Fill a limb: two discs and everything between them."""
        (x0, y0), (x1, y1) = start, end
        dx, dy = x1 - x0, y1 - y0
        length = math.sqrt(dx * dx + dy * dy)
        radius = start_radius if start_radius > end_radius else end_radius
        if length < 0.25 * radius:
            wide = radius + length / 2
            self.ellipse((x0 + x1) / 2, (y0 + y1) / 2, wide, radius, colour)
            return
        dx, dy = dx * OVERSAMPLING / length, dy * OVERSAMPLING / length
        arc = [(c * dx - s * dy, c * dy + s * dx) for c, s in _arc(radius)]
        x0, y0, x1, y1 = (value * OVERSAMPLING for value in (x0, y0, x1, y1))
        corners = [
            (round(x1 + end_radius * x), round(y1 + end_radius * y)) for x, y in arc
        ]
        corners += [
            (round(x0 - start_radius * x), round(y0 - start_radius * y)) for x, y in arc
        ]
        self._fill(corners, colour)

    def pixels(self) -> NDArray[np.int32]:
        """Return the picture, int32 (3, height, width), 0 to 255."""
        small = np.asarray(self._image.reduce(OVERSAMPLING))
        return small.transpose(2, 0, 1)[:3].astype(np.int32, order="C")

    def owners(self) -> NDArray[np.uint8]:
        """Return the owner at the centre of each pixel, uint8 (height, width)."""
        return np.right_shift(self._codes(), 4, dtype=np.uint8)

    def materials(self) -> NDArray[np.uint8]:
        """Return the material at the centre of each pixel, uint8 (height, width)."""
        return np.bitwise_and(self._codes(), 15, dtype=np.uint8)

    def _codes(self) -> NDArray[np.uint8]:
        middle = OVERSAMPLING // 2
        return np.asarray(self._image)[middle::OVERSAMPLING, middle::OVERSAMPLING, 3]

    def _fill(self, corners: Sequence[tuple[int, int]], colour: Colour) -> None:
        self._draw.polygon(without_ties(corners), self._ink(colour))

    def _ink(self, colour: Colour) -> tuple[int, int, int, int]:
        return (*colour, self.owner << 4 | self.material)


def without_ties(corners: Sequence[tuple[int, int]]) -> list[int]:
    """Return the corners as x, y, x, y, … such that no edge can meet a tie.

    An edge that climbs ``dy`` rows crosses row ``k`` at ``x0 + k * dx / dy``; this is
    half a sample only if ``dy`` holds more factors of two than ``dx``. Such an edge
    stops one row short and goes the last row straight down.
    """
    flat: list[int] = []
    x0, y0 = corners[-1]
    for x1, y1 in corners:
        dx, dy = x1 - x0, y1 - y0
        if dx and (dx & -dx) < (dy & -dy):
            flat += (x1, y1 - 1 if dy > 0 else y1 + 1)
        flat += (x1, y1)
        x0, y0 = x1, y1
    return flat
