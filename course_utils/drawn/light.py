"""Surfaces, light and camera: from the painted canvas to the finished picture.

Whole numbers only, so that every machine rounds alike.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from course_utils.drawn.canvas import Canvas
    from course_utils.drawn.tape import Tape

# surfaces, and how rough each is: amplitude of its grain, in grey levels
SMOOTH, GRASS, WATER, ROUGH, SNOW, FUR, PAINT = range(7)
_GRAIN = np.array([2, 22, 12, 15, 5, 8, 3], dtype=np.int32)

_TILE_SEED = 20240229  # any fixed number: the same grain in every picture
_OFFSETS = 255


def develop(canvas: Canvas, tape: Tape) -> NDArray[np.uint8]:
    """Return the finished picture, uint8 (3, height, width)."""
    height, width = canvas.height, canvas.width
    pixels = canvas.pixels()
    gain = _texture(tape, height, width)
    gain *= (_GRAIN * tape.integer(60, 150) // 100)[canvas.materials()]
    gain >>= 7
    gain += _shadows(tape, height, width)
    pixels *= gain
    pixels >>= 8
    pixels = _expose(pixels, tape)
    if tape.chance(0.2):
        pixels = _soften(pixels)
    noise = tape.weighted(((3, 5), (7, 3), (13, 1)))
    pixels += _crop(tape, height, width, channels=3) * noise >> 7
    return np.clip(pixels, 0, 255, out=pixels).astype(np.uint8)


def _expose(pixels: NDArray[np.int32], tape: Tape) -> NDArray[np.int32]:
    """Change contrast, brightness and the colour of the light."""
    contrast = tape.integer(165, 285)
    middle = 118 + tape.integer(-30, 30)
    warm, green = tape.integer(-14, 14), tape.integer(-5, 5)
    grey = tape.integer(0, 256) if tape.chance(0.35) else 0
    if grey:
        mean = pixels.sum(axis=0, dtype=np.int32) // 3
        pixels = pixels + ((mean - pixels) * grey >> 9)
    offset = np.array([middle + warm, middle + green, middle - warm], dtype=np.int32)
    pixels -= 118
    pixels *= contrast
    pixels >>= 8
    pixels += offset[:, None, None]
    return pixels


def _soften(pixels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Blur with the weights 1, 2, 1 along both axes."""
    tall = np.concatenate((pixels[:, :1], pixels, pixels[:, -1:]), axis=1)
    rows = tall[:, :-2] + 2 * pixels + tall[:, 2:]
    wide = np.concatenate((rows[:, :, :1], rows, rows[:, :, -1:]), axis=2)
    blurred: NDArray[np.int32] = wide[:, :, :-2] + 2 * rows + wide[:, :, 2:]
    return blurred >> 4


def _shadows(tape: Tape, height: int, width: int) -> NDArray[np.int32]:
    """Return how bright each place is, int32 (height, width), in 1/256."""
    cells = tape.integer(3, 6)
    depth = tape.integer(10, 70)
    grid = _crop(tape, cells, cells) * depth >> 7  # a new array: the tile is shared
    slope_x, slope_y = tape.integer(-40, 40), tape.integer(-40, 40)
    steps = np.arange(cells, dtype=np.int32) * 2 - (cells - 1)
    grid += 256 + (steps * slope_x + steps[:, None] * slope_y) // (cells - 1)
    return _enlarge(grid, height, width)


def _texture(tape: Tape, height: int, width: int) -> NDArray[np.int32]:
    """Return grain from −127 to 127; large pictures also get coarse grain."""
    fine = _crop(tape, height, width).copy()
    coarse = _crop(tape, 32, 32)  # taken in any case: the same scene at any size
    if min(height, width) < 64:
        return fine
    return (fine + 2 * _enlarge(coarse, height, width)) // 3


def _crop(tape: Tape, height: int, width: int, channels: int = 1) -> NDArray[np.int32]:
    tile = _tile(_OFFSETS + max(height, width))
    top, left = tape.integer(0, _OFFSETS), tape.integer(0, _OFFSETS)
    crop = tile[:, top : top + height, left : left + width]
    return crop if channels == 3 else crop[0]


@lru_cache(maxsize=8)
def _tile(side: int) -> NDArray[np.int32]:
    """Return white noise from −127 to 127, int32 (3, side, side)."""
    bits = np.random.Philox(key=np.array([_TILE_SEED, side], dtype=np.uint64))
    raw = bits.random_raw(side * side * 3).astype("<u8").view("<u2")
    # the sum of four uniform numbers is nearly normal
    four = raw.astype(np.int32).reshape(3, side, side, 4)
    total: NDArray[np.int32] = four.sum(axis=3, dtype=np.int32)
    return (total - 2 * 65535) >> 10


def _enlarge(grid: NDArray[np.int32], height: int, width: int) -> NDArray[np.int32]:
    """Enlarge by linear interpolation."""
    rows, columns = grid.shape
    # whole numbers this small are exact in float64, whatever the order of the sums
    exact = _ramp(rows, height) @ grid.astype(np.float64) @ _ramp(columns, width).T
    return exact.astype(np.int32) >> 16


@lru_cache(maxsize=64)
def _ramp(cells: int, size: int) -> NDArray[np.float64]:
    """Return the weights of linear interpolation, (size, cells), whole, sum 256."""
    place = (2 * np.arange(size, dtype=np.int64) + 1) * (cells - 1) * 128 // size
    left, share = place >> 8, place & 255
    weights = np.zeros((size, cells))
    weights[np.arange(size), left] = 256 - share
    weights[np.arange(size), left + 1] += share
    return weights
