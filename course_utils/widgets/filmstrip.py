"""Static pictures of the explorers: one row a step, for GitHub and paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.widgets import words
from course_utils.widgets.images import NUMBERS_UP_TO
from course_utils.widgets.settings import whole_number
from course_utils.widgets.table import spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from course_utils.widgets.convolution import ConvolutionExplorer
    from course_utils.widgets.pooling import PoolingExplorer

_MOST_STEPS = 12


def convolution_filmstrip(explorer: ConvolutionExplorer, steps: int) -> Figure:
    """Input with window, kernel, products, output so far: one row a step."""
    output = explorer.output
    figure, rows = _grid(output, steps, columns=4)
    spans = tuple(explorer.dilation * (taps - 1) + 1 for taps in explorer.taps)
    for axes, index in rows:
        step = explorer.step(divmod(index, output.shape[1]))
        _show_input(explorer, axes[0], step.position, spans)
        plots.show_numbers(step.kernel, axes[1], title="kernel", signed=True)
        title = f"products, sum {words.format_number(step.sum)}"
        plots.show_numbers(step.products, axes[2], title=title, signed=True)
        _show_output(output, axes[3], index, signed=True)
    return figure


def pooling_filmstrip(explorer: PoolingExplorer, steps: int) -> Figure:
    """Input with window, the window's values, output so far: one row a step."""
    output = explorer.output
    figure, rows = _grid(output, steps, columns=3)
    spans = (explorer.kernel_size, explorer.kernel_size)
    for axes, index in rows:
        step = explorer.step(divmod(index, output.shape[1]))
        _show_input(explorer, axes[0], step.position, spans)
        result = words.format_number(step.result)
        title = f"{'largest' if explorer.mode == 'max' else 'average'} {result}"
        plots.show_numbers(step.window.values, axes[1], title=title)
        _show_output(output, axes[2], index, signed=False)
    return figure


def _grid(
    output: Tensor, steps: int, columns: int
) -> tuple[Figure, list[tuple[list[Axes], int]]]:
    count = whole_number("steps", steps, 1, _MOST_STEPS)
    if max(output.shape) <= NUMBERS_UP_TO:
        chosen = spread(output.numel(), count)
    else:  # the corners of a picture show little
        chosen = [int((i + 0.5) * output.numel() / count) for i in range(count)]
    figure, grid = plt.subplots(
        len(chosen),
        columns,
        figsize=(2.2 * columns, 2.3 * len(chosen)),
        layout="constrained",
        squeeze=False,
    )
    return figure, [(list(axes), i) for axes, i in zip(grid, chosen, strict=True)]


def _show_input(
    explorer: ConvolutionExplorer | PoolingExplorer,
    ax: Axes,
    position: tuple[int, int],
    spans: tuple[int, ...],
) -> None:
    row, col = (place * explorer.stride for place in position)
    window = (row, col, spans[0], spans[1])
    padded, border = explorer.padded, explorer.padding
    if max(explorer.pixels.shape) > NUMBERS_UP_TO:
        _show_picture(padded, ax, "input")
        _mark(ax, window)
        return
    plots.show_numbers(padded, ax, window=window, title="input")
    # rows and columns count in the image, as in the sentences
    for set_ticks, size in zip(
        (ax.set_yticks, ax.set_xticks), padded.shape, strict=True
    ):
        names = [words.format_number(index - border) for index in range(size)]
        set_ticks(range(size), names)


def _show_output(output: Tensor, ax: Axes, index: int, *, signed: bool) -> None:
    row, col = divmod(index, output.shape[1])
    if max(output.shape) > NUMBERS_UP_TO:
        _show_picture(output, ax, "output")
        _mark(ax, (row, col, 1, 1))
        return
    so_far = output.flatten().clone()
    so_far[index + 1 :] = torch.nan
    so_far = so_far.reshape(output.shape)
    window = (row, col, 1, 1)
    plots.show_numbers(so_far, ax, window=window, title="output so far", signed=signed)
    for text in ax.texts:
        if text.get_text() == "NaN":  # still to come
            text.set_text("")


def _show_picture(values: Tensor, ax: Axes, title: str) -> None:
    finite = values[values.isfinite()]
    low, high = float(finite.min()), float(finite.max())
    if low < 0:
        plots.show_feature_map(values, ax, title)
    else:
        plots.show_gray(values, ax, title, limits=(0.0, high or 1.0))


def _mark(ax: Axes, window: tuple[int, int, int, int]) -> None:
    """Frame a few pixels of a picture: white under black dashes, one pixel around."""
    row, col, height, width = window
    for colour, style, thickness in (("white", "-", 3.5), ("black", "--", 1.5)):
        corner = (col - 1.5, row - 1.5)
        frame = Rectangle(corner, width + 2, height + 2, fill=False, edgecolor=colour)
        frame.set(linestyle=style, linewidth=thickness, clip_on=False)
        ax.add_patch(frame)
