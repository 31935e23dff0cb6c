"""Pictures beside each other, pixel for pixel: sharp, and small in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAP: Final = 8  # pixels between two pictures


def show(pictures: Mapping[str, Tensor], zoom: int = 1) -> Figure:
    """Draw pictures beside each other, each under its name.

    End the cell with ``plt.show()``.

    Args:
        pictures: (3, H, W) or (1, 3, H, W) in [0, 1], by name.
        zoom: Screen pixels for each pixel, along both axes.
    """
    return show_grid([list(pictures.values())], list(pictures), zoom=zoom)


def show_grid(
    rows: Sequence[Sequence[Tensor]],
    columns: Sequence[str],
    names: Sequence[str] = (),
    *,
    zoom: int = 1,
    mark: tuple[int, int] | None = None,
) -> Figure:
    """Draw rows of pictures.

    Args:
        rows: (3, H, W) or (1, 3, H, W) in [0, 1] each; smaller ones stand in the
            middle of their place.
        columns: What stands above each column.
        names: What stands at the left of each row.
        zoom: Screen pixels for each pixel, along both axes.
        mark: Row and column of a picture that gets a frame.
    """
    import matplotlib.pyplot as plt

    height = max(picture.shape[-2] for row in rows for picture in row)
    width = max(picture.shape[-1] for row in rows for picture in row)
    pages = [[_placed(picture, height, width) for picture in row] for row in rows]
    whole = torch.cat([torch.cat(row, dim=2) for row in pages], dim=1)
    pixels = whole.repeat_interleave(zoom, dim=1).repeat_interleave(zoom, dim=2)
    dots = plt.rcParams["figure.dpi"]
    figure = plt.figure(figsize=(pixels.shape[2] / dots, pixels.shape[1] / dots))
    ax = figure.add_axes((0, 0, 1, 1))  # so that each pixel falls on one of the screen
    ax.imshow(pixels.permute(1, 2, 0).numpy(), interpolation="none")
    ax.set_axis_off()
    _name(ax, columns, names, (zoom * (height + _GAP), zoom * (width + _GAP)))
    if mark is not None:
        _frame(ax, mark, (height, width), zoom)
    return figure


def _placed(picture: Tensor, height: int, width: int) -> Tensor:
    """The picture in the middle of a white place with a gap around it."""
    found = picture.detach().reshape(3, *picture.shape[-2:]).clamp(0, 1)
    place = torch.ones(3, height + _GAP, width + _GAP)
    top = (height + _GAP - found.shape[1]) // 2
    left = (width + _GAP - found.shape[2]) // 2
    place[:, top : top + found.shape[1], left : left + found.shape[2]] = found
    return place


def _name(
    ax: Axes, columns: Sequence[str], names: Sequence[str], place: tuple[int, int]
) -> None:
    for index, name in enumerate(columns):
        ax.text((index + 0.5) * place[1], -2, name, ha="center", va="bottom")
    for index, name in enumerate(names):
        ax.text(-4, (index + 0.5) * place[0], name, ha="right", va="center")


def _frame(ax: Axes, mark: tuple[int, int], shape: tuple[int, int], zoom: int) -> None:
    from matplotlib.patches import Rectangle

    row, column = mark
    top, left = (
        zoom * (index * (length + _GAP) + _GAP / 2)
        for index, length in zip((row, column), shape, strict=True)
    )
    frame = Rectangle(
        (left - 2, top - 2),
        zoom * shape[1] + 3,
        zoom * shape[0] + 3,
        fill=False,
        linewidth=3,
        edgecolor="black",
    )
    ax.add_patch(frame)
