"""The network explorer as a static figure, for GitHub and paper."""

from __future__ import annotations

from math import ceil
from textwrap import fill
from typing import TYPE_CHECKING, Final

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.network_activations import STRONGEST, Page
from course_utils.widgets.features_words import fixed
from course_utils.widgets.network_places import channels_of, size_of
from course_utils.widgets.network_reading import PAGE
from course_utils.widgets.network_words import range_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from course_utils.widgets.network import NetworkExplorer

_COLUMNS: Final = 6  # maps beside each other
_BLUE: Final = "#006ba4"  # of tableau-colorblind10
_GREY: Final = 0.8  # of positions without activations


def network_filmstrip(explorer: NetworkExplorer) -> Figure:
    """Image with receptive field, enlarged map and classes; a few maps below."""
    page = explorer.reading().page(explorer.view())
    lines = ceil(len(page.channels) / _COLUMNS) if page else 0
    heights = [2.9, *([1.65 * lines] if lines else [])]
    figure = plt.figure(figsize=(8.4, sum(heights)), layout="constrained")
    parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
    image, enlarged, right = parts[0, 0].subplots(1, 3, width_ratios=(1, 1, 0.9))
    _show_image(explorer, image)
    _show_enlarged(explorer, page, enlarged)
    _show_right(explorer, right)
    if page:
        _show_maps(explorer, page, parts[1, 0], lines)
    return figure


def _show_image(explorer: NetworkExplorer, ax: Axes) -> None:
    pixels = explorer.reading().pixels
    facts = explorer.facts
    if facts.field.axes is not None:
        pixels = _dimmed(explorer, pixels)
    if len(pixels) == 3:
        plots.show_rgb(pixels, ax)
    else:
        plots.show_gray(pixels, ax, limits=(0.0, 1.0))
    height, width = pixels.shape[1:]
    if facts.field.axes is not None:
        top, left, tall, wide = facts.box(*explorer.position)
        _frame(ax, (top - 0.5, left - 0.5, tall, wide))
        ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    field = facts.receptive_field
    said = "not known" if field is None else f"{field[0]} × {field[1]} pixels"
    ax.set_title(f"{explorer.image}, {height} × {width}\nreceptive field {said}")


def _dimmed(explorer: NetworkExplorer, pixels: Tensor) -> Tensor:
    """The image, dark where the chosen position does not look."""
    top, left, tall, wide = explorer.facts.box(*explorer.position)
    seen = torch.zeros(pixels.shape[1:])
    seen[max(top, 0) : max(top + tall, 0), max(left, 0) : max(left + wide, 0)] = 1
    return pixels * (0.45 + 0.55 * seen)


def _frame(ax: Axes, box: tuple[float, float, float, float]) -> None:
    """White under black dashes; cut off at the edge of the picture."""
    top, left, height, width = box
    for colour, style, thickness in (("white", "-", 3.5), ("black", "--", 1.5)):
        frame = Rectangle((left, top), width, height, fill=False, edgecolor=colour)
        frame.set(linestyle=style, linewidth=thickness)
        ax.add_patch(frame)


def _show_enlarged(explorer: NetworkExplorer, page: Page | None, ax: Axes) -> None:
    height, width = size_of(explorer.facts)
    row, col = explorer.position
    values, title = torch.full((height, width), _GREY), "positions only"
    maps = explorer.feature_maps
    if page is not None and maps is not None and explorer.channel is not None:
        values, title = maps[explorer.channel], f"channel {explorer.channel}"
        _draw(values, page, ax)
    else:
        plots.show_gray(values, ax, limits=(0.0, 1.0))
    room = max(height, width) / 60  # a frame of a single pixel would not be seen
    _frame(ax, (row - 0.5 - room, col - 0.5 - room, 1 + 2 * room, 1 + 2 * room))
    name = fill(explorer.layer, 30)
    ax.set_title(f"{name}\n{title}, row {row}, column {col}")
    ax.set_axis_off()


def _draw(values: Tensor, page: Page, ax: Axes) -> None:
    colours = "RdBu_r" if page.signed else "gray"
    low = -page.brightest if page.signed else 0.0
    ax.imshow(values.numpy(), cmap=colours, vmin=low, vmax=page.brightest)


def _show_right(explorer: NetworkExplorer, ax: Axes) -> None:
    top = explorer.top
    if not top:
        ax.set_axis_off()
        text = fill(explorer.reading().lines()[0], 34, break_long_words=False)
        ax.text(0, 0.95, text, va="top", transform=ax.transAxes)
        return
    names = [fill(name, 18) for name, _ in top]
    ax.barh(range(len(top)), [value for _, value in top], color=_BLUE)
    for place, (_, value) in enumerate(top):
        ax.text(1.03, place, fixed(value), va="center")
    ax.set_yticks(range(len(top)), names)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1), xlabel="probability", title="most probable classes")


def _show_maps(
    explorer: NetworkExplorer, page: Page, part: SubFigure, lines: int
) -> None:
    maps = explorer.feature_maps
    assert maps is not None  # there is a page of them
    axes = part.subplots(lines, _COLUMNS, squeeze=False).flatten()
    for ax in axes:
        ax.set_axis_off()
    for place, channel in enumerate(page.channels):
        _draw(maps[channel], page, axes[place])
        axes[place].set_title(f"{channel}: {range_text(page, place)}", fontsize=9)
    view, count = explorer.view(), channels_of(explorer.facts)
    first = view.rank // PAGE * PAGE
    how = "strongest first" if view.order == STRONGEST else "in order"
    scale = "blue < 0 < red" if page.signed else "black 0"
    shown = f"maps {first + 1} to {first + len(page.channels)} of {count}, {how}"
    part.suptitle(f"{shown} ({scale}; channel: smallest to largest value)")
