"""Two paintings of our own, drawn by code, whose style can be borrowed freely."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

PAINTINGS: Final = ("strokes", "mosaic")
_CANVAS: Final = 320  # side in pixels; a smaller picture is cut from its middle
_NIGHT: Final = ("0b1d4d", "16408f", "2f6fc1", "7fb4dd", "e9e3b4", "f4c542", "d98b1f")
_GLASS: Final = ("1b3a4b", "2a6f7f", "4fb0a5", "e8d8b0", "e0793b", "b23a2e", "f0b949")
_GROUT: Final = (0.12, 0.10, 0.09)
_OVERSAMPLING: Final = 3  # drawn larger, then made smaller: smooth edges
_STROKES: Final = 8000
_TILE: Final = 15  # pixels


def painting(name: str, size: int) -> Tensor:
    """Return one of our paintings as a tensor.

    Args:
        name: ``"strokes"``: short brush strokes of night blue and gold along whirling
            lines; ``"mosaic"``: coloured tiles with dark joints.
        size: Height and width, in pixels. Strokes and tiles keep their size: a smaller
            picture shows a smaller part of the canvas, up to 320 pixels.

    Returns:
        float32 in [0, 1], (3, size, size).

    Raises:
        ValueError: If there is no such painting, or ``size`` is not 1 to 320.
    """
    import torch

    if name not in PAINTINGS:
        raise ValueError(
            f"there is no painting {name!r}; choose one of: {', '.join(PAINTINGS)}"
        )
    if not 1 <= size <= _CANVAS:
        raise ValueError(
            f"size is {size}; the canvas is painted up to {_CANVAS} pixels wide, so "
            f"choose 1 to {_CANVAS}"
        )
    edge = (_CANVAS - size) // 2
    cut = _painted(name)[edge : edge + size, edge : edge + size]
    return torch.from_numpy(cut.astype(np.float32)).permute(2, 0, 1).contiguous()


@lru_cache(maxsize=len(PAINTINGS))
def _painted(name: str) -> NDArray[np.float64]:
    """The whole canvas, (H, W, 3), in [0, 1]."""
    return _strokes() if name == "strokes" else _mosaic()


def _colours(codes: tuple[str, ...]) -> NDArray[np.float64]:
    return np.array([list(bytes.fromhex(code)) for code in codes]) / 255


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and column of each pixel, as a share of 256 pixels."""
    rows, columns = np.mgrid[0:_CANVAS, 0:_CANVAS] / 256
    return rows, columns


def _directions(random: np.random.Generator) -> NDArray[np.float64]:
    """Unit vectors (x, y) that whirl about a few centres, (2, H, W)."""
    y, x = _grid()
    angle = 0.6 * np.sin(2 * np.pi * (0.9 * x + 0.3 * np.sin(2 * np.pi * y)))
    flow = 0.6 * np.stack([np.cos(angle), np.sin(angle)])
    for _ in range(9):
        centre = random.random(2) * _CANVAS / 256
        turn, radius = random.choice((-1.0, 1.0)), 0.1 + 0.12 * random.random()
        dx, dy = x - centre[0], y - centre[1]
        distance = np.hypot(dx, dy) + 1e-6
        strength = 2.2 * np.exp(-((distance / radius) ** 2) / 1.6)
        flow += turn * strength * np.stack([-dy, dx]) / distance
    return np.asarray(flow / (np.hypot(*flow) + 1e-6))


def _tones(random: np.random.Generator) -> NDArray[np.float64]:
    """Slow waves from 0 to 1, (H, W): which colour is used where."""
    y, x = _grid()
    waves = np.zeros_like(x)
    for frequency in (1, 1, 1, 2, 2, 2, 3, 3, 4, 4):
        a, b = frequency * random.normal(size=2)
        waves += np.sin(2 * np.pi * (a * x + b * y + random.random())) / frequency
    return np.asarray((waves - waves.min()) / np.ptp(waves))


def _strokes(seed: int = 2) -> NDArray[np.float64]:
    """Thousands of short curved strokes, each in one colour."""
    from PIL import Image, ImageDraw

    random = np.random.default_rng(seed)
    flow, tones, palette = _directions(random), _tones(random), _colours(_NIGHT)
    paths = _paths(flow, random.random((_STROKES, 2)) * _CANVAS)
    side = _CANVAS * _OVERSAMPLING
    canvas = Image.new("RGB", (side, side), _ink(palette[1]))
    draw = ImageDraw.Draw(canvas)
    for path in paths:
        tone = tones[_pixel(path[0])] + 0.1 * random.normal()
        shade = palette[int(np.clip(tone * len(palette), 0, len(palette) - 1))]
        width = 3 * _OVERSAMPLING * (0.6 + 0.8 * random.random())
        colour = _ink(shade + 0.045 * random.normal(size=3))
        _stroke(draw, path * _OVERSAMPLING, width, colour)
    small = canvas.resize((_CANVAS, _CANVAS), Image.Resampling.LANCZOS)
    return np.asarray(small, dtype=np.float64) / 255


def _paths(
    flow: NDArray[np.float64], starts: NDArray[np.float64], steps: int = 17
) -> NDArray[np.float64]:
    """Follow the flow from each start, (strokes, points, 2) as x, y in pixels."""
    places, points = [], starts
    for _ in range(steps):
        places.append(points)
        x, y = np.clip(points.T.astype(int), 0, _CANVAS - 1)
        points = points + 1.3 * flow[:, y, x].T
    return np.stack(
        places[::4], axis=1
    )  # a stroke needs few points, drawing takes long


def _pixel(point: NDArray[np.float64]) -> tuple[int, int]:
    x, y = np.clip(point.astype(int), 0, _CANVAS - 1)
    return int(y), int(x)


def _ink(colour: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(int(v) for v in np.clip(255 * colour, 0, 255))


def _stroke(
    draw: Any, path: NDArray[np.float64], width: float, colour: tuple[int, ...]
) -> None:
    draw.line([tuple(p) for p in path], fill=colour, width=int(width), joint="curve")
    for x, y in (path[0], path[-1]):  # round ends
        half = width / 2
        draw.ellipse([x - half, y - half, x + half, y + half], fill=colour)


def _mosaic(seed: int = 1) -> NDArray[np.float64]:
    """The cells around points that are scattered evenly, in one colour each."""
    random = np.random.default_rng(seed)
    columns = _CANVAS // _TILE + 5  # two more on each side, so that no tile is cut off
    corners = np.moveaxis(np.mgrid[0:columns, 0:columns], 0, -1) - 2.0
    points = (corners + 0.5 + random.uniform(-0.42, 0.42, corners.shape)) * _TILE
    owner, joint = _nearest(points)
    glow = np.clip((joint - 1.2) / 1.5, 0, 1)[..., None]
    colours = _tile_colours(points.reshape(-1, 2), random)
    return colours[owner] * glow + np.array(_GROUT) * (1 - glow)


def _nearest(
    points: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Which point is nearest to each pixel, and by how much nearer than the second."""
    rows, columns = np.mgrid[0:_CANVAS, 0:_CANVAS]
    first = np.full((_CANVAS, _CANVAS), np.inf)
    second, owner = first.copy(), np.zeros((_CANVAS, _CANVAS), dtype=np.int64)
    for down, right in np.ndindex(5, 5):  # the cells around the pixel's own
        i, j = rows // _TILE + down, columns // _TILE + right
        distance = np.hypot(rows - points[i, j, 0], columns - points[i, j, 1])
        closer = distance < first
        owner[closer] = (i * len(points) + j)[closer]
        second = np.where(closer, first, np.minimum(second, distance))
        first = np.minimum(first, distance)
    return owner, second - first


def _tile_colours(
    points: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    palette = _colours(_GLASS)
    waves = np.sin(7 * points[:, 1] / 256 + 2 * np.sin(6 * points[:, 0] / 256))
    places = (0.5 + 0.5 * waves) * len(palette)
    places += 0.8 * random.normal(size=len(points))
    colours = palette[np.clip(places.astype(int), 0, len(palette) - 1)]
    light = 1 + 0.12 * random.normal(size=(len(points), 1))
    return np.asarray(np.clip(colours * light, 0, 1))
