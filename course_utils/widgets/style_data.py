"""What the page of the style explorer is given: pictures, titles and sentences."""

from __future__ import annotations

from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.style.pictures import as_bytes
from course_utils.style.stored import SOURCES, Grid, Pair

YOURS: Final = "yours"
UNSTORED: Final = (
    "Nothing is stored for your own pictures. Choose weight and layers, then press "
    "“Run for real”."
)
Own = tuple[Tensor, Tensor]


def for_page(grid: Grid, own: Own | None) -> dict[str, Any]:
    """Return the grid as the page reads it, the reader's own pictures first."""
    pairs = {name: _stored(grid, pair) for name, pair in grid.pairs.items()}
    if own is not None:
        pairs = {YOURS: _own(own), **pairs}
    return {
        "size": grid.size,
        "weights": list(grid.weights),
        "layers": [list(layers) for layers in grid.layers],
        "pairs": pairs,
    }


def _stored(grid: Grid, pair: Pair) -> dict[str, Any]:
    rows, columns = range(len(grid.layers)), range(len(grid.weights))
    return {
        "title": pair.title,
        "parts": list(SOURCES[pair.name][1:]),
        "credits": thanks(pair),
        "sheet": pair.sheet,
        "says": [[sentence(grid, pair, row, col) for col in columns] for row in rows],
    }


def _own(pictures: Own) -> dict[str, Any]:
    content, style = (as_bytes(resized(picture, 192)) for picture in pictures)
    return {
        "title": "your pictures",
        "parts": ["your content", "your style"],
        "credits": "",
        "content": content,
        "style": style,
        "says": UNSTORED,
    }


def sentence(grid: Grid, pair: Pair, row: int, column: int) -> str:
    """Say how near a stored result comes to its two pictures."""
    losses = pair.losses[row][column]
    layers = ", ".join(map(str, grid.layers[row]))
    return (
        f"Style weight {grid.weights[column]:g}, style layers {layers}: content loss "
        f"{losses['content']:.3f}, style loss {losses['style']:.3f}. The photograph "
        f"itself has content loss 0 and style loss {pair.start[row]:.3f}."
    )


def thanks(pair: Pair) -> str:
    """Name those who made the two pictures."""
    return "Pictures: " + "; ".join(pair.credits)


def own_pictures(content: Tensor | None, style: Tensor | None) -> Own | None:
    """Return the reader's own pictures, (1, 3, H, W) each, or ``None`` without any.

    Raises:
        ValueError: If only one is given, or one is no picture in [0, 1].
    """
    if content is None and style is None:
        return None
    if content is None or style is None:
        missing = "content" if content is None else "style"
        raise ValueError(f"{missing} is missing; give both pictures, or neither")
    return _picture("content", content), _picture("style", style)


def _picture(name: str, value: Tensor) -> Tensor:
    batch = value[None] if value.ndim == 3 else value
    if batch.ndim != 4 or batch.shape[:2] != (1, 3):
        raise ValueError(
            f"{name} has shape {tuple(value.shape)}; expected (3, H, W) or (1, 3, H, W)"
        )
    if not batch.is_floating_point() or not bool(((batch >= 0) & (batch <= 1)).all()):
        raise ValueError(
            f"{name} is {value.dtype} from {float(value.min()):g} to "
            f"{float(value.max()):g}; expected floating point between 0 and 1"
        )
    return batch.detach().clone()


def resized(picture: Tensor, size: int) -> Tensor:
    """Return a picture, (1, 3, H, W), with its longer side of ``size`` pixels."""
    height, width = picture.shape[-2:]
    scale = size / max(height, width)
    shape = (max(1, round(height * scale)), max(1, round(width * scale)))
    found = F.interpolate(
        picture, size=shape, mode="bicubic", antialias=True, align_corners=False
    )
    return torch.clamp(found, 0, 1)


def among(name: str, value: Any, choices: tuple[Any, ...]) -> Any:
    """Return ``value``.

    Raises:
        ValueError: If it is none of the choices.
    """
    if value not in choices:
        known = "; ".join(map(str, choices))
        raise ValueError(f"{name} is {value!r}; the grid has {known}")
    return value
