"""The stored grid of results: three pairs of pictures, style weights × style layers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from course_utils.assets.manifest import checkout
from course_utils.photos import credit, photo
from course_utils.recorded import recorded
from course_utils.style.paintings import PAINTINGS, painting

if TYPE_CHECKING:
    from torch import Tensor

FOLDER: Final = "style"
_OURS: Final = "drawn by this workbook's own code"
# name → title, photograph, style
SOURCES: Final = {
    "china_strokes": ("pavilion, brush strokes", "china", "strokes"),
    "coffee_mosaic": ("cup, mosaic", "coffee", "mosaic"),
    "chelsea_flower": ("cat, petals", "chelsea", "flower"),
}


@dataclass(frozen=True)
class Pair:
    """One content picture, one style picture, and every stored result of the two.

    Attributes:
        name: Such as ``"china_strokes"``.
        title: The same in words.
        credits: Who made the two pictures, and the licences.
        sheet: All pictures as one WebP file: content and style in the first row, then a
            row for each choice of layers with a column for each weight.
        losses: Content loss, style loss and total variation of each result, by row and
            column.
        start: Style loss of the content picture itself, by row.
    """

    name: str
    title: str
    credits: tuple[str, ...]
    sheet: bytes
    losses: tuple[tuple[dict[str, float], ...], ...]
    start: tuple[float, ...]


@dataclass(frozen=True)
class Grid:
    """What was computed once, by ``tools/record_style.py``.

    Attributes:
        size: Height and width of each picture, in pixels.
        weights: Style weights, in increasing order; the content weight is 1.
        layers: Choices of style layers, each a tuple of indices.
        pairs: By name.
        facts: Network, steps, machine and the rest of what the recording says.
    """

    size: int
    weights: tuple[float, ...]
    layers: tuple[tuple[int, ...], ...]
    pairs: dict[str, Pair]
    facts: dict[str, Any]

    def result(self, pair: str, row: int, column: int) -> Tensor:
        """A stored result, uint8, (3, H, W).

        Args:
            pair: Name of the pair.
            row: Which of ``layers``.
            column: Which of ``weights``.
        """
        return self._tile(pair, row + 1, column)

    def content(self, pair: str) -> Tensor:
        """The content picture of a pair, uint8, (3, H, W)."""
        return self._tile(pair, 0, 0)

    def style(self, pair: str) -> Tensor:
        """The style picture of a pair, uint8, (3, H, W)."""
        return self._tile(pair, 0, 1)

    def _tile(self, pair: str, row: int, column: int) -> Tensor:
        sheet, size = self._sheets[pair], self.size
        rows = slice(row * size, (row + 1) * size)
        columns = slice(column * size, (column + 1) * size)
        return sheet[:, rows, columns]

    @cached_property
    def _sheets(self) -> dict[str, Tensor]:
        return {name: _decoded(pair.sheet) for name, pair in self.pairs.items()}


@cache
def stored_grid() -> Grid:
    """Read the grid.

    Raises:
        FileNotFoundError: If a file of the recording is missing.
    """
    facts = recorded(f"{FOLDER}/grid")
    pairs = {
        name: Pair(
            name=name,
            title=SOURCES[name][0],
            credits=credits_of(name),
            sheet=(folder() / f"{name}.webp").read_bytes(),
            losses=tuple(map(tuple, facts["pairs"][name]["losses"])),
            start=tuple(facts["pairs"][name]["start"]),
        )
        for name in facts["pairs"]
    }
    layers = tuple(map(tuple, facts["layers"]))
    return Grid(facts["size"], tuple(facts["weights"]), layers, pairs, facts)


def pictures_of(pair: str, size: int) -> tuple[Tensor, Tensor]:
    """Content and style picture of a pair, (1, 3, size, size) each, in [0, 1]."""
    _, content, style = SOURCES[pair]
    return photo(content, size)[None], _style_picture(style, size)[None]


def credits_of(pair: str) -> tuple[str, ...]:
    """Who made the two pictures of a pair, and the licences."""
    _, content, style = SOURCES[pair]
    ours = f"{style}: {_OURS}"
    return credit(content), ours if style in PAINTINGS else credit(style)


def _style_picture(name: str, size: int) -> Tensor:
    if name in PAINTINGS:
        return painting(name, size)
    edge = size // 2  # the middle of the photograph: petals alone
    return photo(name, 2 * size)[:, edge : edge + size, edge : edge + size]


def folder() -> Path:
    """Where the grid lies: in a checkout, or in the installed library."""
    root = checkout()
    # an installed library carries recordings under another name
    library = Path(str(files("course_utils")))
    return (root / "data/recorded" if root else library / "recorded_runs") / FOLDER


def _decoded(sheet: bytes) -> Tensor:
    import numpy as np
    import torch
    from PIL import Image

    with Image.open(BytesIO(sheet)) as picture:
        return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)
