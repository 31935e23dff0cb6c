"""Drawings that the lessons share: number grids, pictures and feature maps.

Each function draws on a given ``ax`` and nothing else; the lesson makes the figure and
ends with ``plt.show()``.
Nothing is told by colour alone: values are written out, frames differ in line style.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

Window = tuple[int, int, int, int]

_MOST_NUMBERS: Final = 32  # per side: beyond this no digit is legible in a figure
_ORANGE: Final = "#ff800e"  # of tableau-colorblind10, as are the lines of `use_style`


def use_style() -> None:
    """Set the workbook's matplotlib style: colour-blind-safe, calm, white ground."""
    plt.style.use("tableau-colorblind10")
    plt.rcParams.update(
        {
            # opaque white: axis labels stay readable on a dark page
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "axes.titlesize": 11,
            "axes.labelsize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "image.interpolation": "nearest",
            "legend.frameon": False,
        }
    )


def show_numbers(
    values: ArrayLike | Tensor,
    ax: Axes,
    *,
    window: Window | None = None,
    title: str = "",
    signed: bool = False,
    highlight: ArrayLike | Tensor | None = None,
) -> None:
    """Draw a matrix as a grid of its numbers on a tinted ground.

    Args:
        values: Matrix, (H, W), at most 32 × 32; leading axes of length 1 are dropped.
        ax: Where to draw.
        window: ``(row, col, height, width)`` in cells: gets a thick dashed frame. It
            may reach over the edge, as a kernel does over padding.
        title: Stands above the grid.
        signed: Tint red above and blue below zero instead of dark to light grey.
        highlight: Mask, (H, W): each true cell gets a solid frame of its own.

    Raises:
        ValueError: If ``values`` is no such matrix, ``window`` lies wholly outside, or
            ``highlight`` has another shape.
    """
    matrix = _plane(values, "values")
    height, width = matrix.shape
    if max(height, width) > _MOST_NUMBERS:
        raise ValueError(
            f"values has shape {matrix.shape}; a grid of numbers is legible up to "
            f"{_MOST_NUMBERS} × {_MOST_NUMBERS}, use show_gray or show_feature_map"
        )
    ax.imshow(_tint(matrix, signed), aspect="equal", interpolation="nearest")
    _rule_cells(ax, height, width)
    _write_numbers(ax, matrix)
    if highlight is not None:
        _frame_cells(ax, _plane(highlight, "highlight"), matrix.shape)
    if window is not None:
        _frame_window(ax, window, matrix.shape)
    ax.set_title(title)


def show_gray(
    image: ArrayLike | Tensor,
    ax: Axes,
    title: str = "",
    *,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw a grey image: 0 is black; 1 (floats) or 255 (integers) is white.

    Args:
        image: Brightness, (H, W) or (1, H, W).
        ax: Where to draw.
        title: Stands above the image.
        limits: Values drawn black and white, if not the usual ones.

    Raises:
        ValueError: If the shape is another one or a value lies outside the usual range
            and no ``limits`` are given.
    """
    plane = _plane(image, "image")
    low, high = limits if limits is not None else _usual_limits(plane)
    ax.imshow(plane, cmap="gray", vmin=low, vmax=high)
    _picture_frame(ax, title)


def show_rgb(image: ArrayLike | Tensor, ax: Axes, title: str = "") -> None:
    """Draw a colour image, floats in [0, 1] or integers in 0..255.

    Args:
        image: Red, green and blue plane, (3, H, W).
        ax: Where to draw.
        title: Stands above the image.

    Raises:
        ValueError: If the shape is another one or a value lies outside the range.
    """
    pixels = _array(image)
    if pixels.ndim != 3 or pixels.shape[0] != 3:
        hint = "; channels come first: use image.permute(2, 0, 1)"
        last = pixels.ndim == 3 and pixels.shape[-1] == 3
        raise ValueError(
            f"image has shape {pixels.shape}; expected (3, H, W){hint if last else ''}"
        )
    _, high = _usual_limits(pixels)
    ax.imshow(np.moveaxis(pixels, 0, -1) / high)
    _picture_frame(ax, title)


def show_feature_map(
    values: ArrayLike | Tensor, ax: Axes, title: str = "", *, label: str = "activation"
) -> None:
    """Draw a signed map with zero in the middle of its scale, and the scale beside it.

    Args:
        values: Activations, (H, W) or (1, H, W).
        ax: Where to draw.
        title: Stands above the map.
        label: What the numbers are; stands beside the scale.

    Raises:
        ValueError: If the shape is another one.
    """
    plane = _plane(values, "values")
    limit = _largest(plane)
    drawn = ax.imshow(plane, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.figure.colorbar(drawn, ax=ax, label=label, shrink=0.8)
    _picture_frame(ax, title)


def _array(values: ArrayLike | Tensor) -> NDArray[Any]:
    """Return the values as a NumPy array, also off a tensor that records gradients."""
    detach = getattr(values, "detach", None)
    return np.asarray(detach().cpu() if detach is not None else values)


def _plane(values: ArrayLike | Tensor, name: str) -> NDArray[Any]:
    array = _array(values)
    if array.ndim < 2 or any(length != 1 for length in array.shape[:-2]):
        raise ValueError(
            f"{name} has shape {array.shape}; expected a matrix (H, W): choose one "
            "image and one channel, such as batch[0, 0]"
        )
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: there is nothing to draw")
    return array.reshape(array.shape[-2:])


def _usual_limits(pixels: NDArray[Any]) -> tuple[float, float]:
    high = 1.0 if pixels.dtype.kind in "fb" else 255.0
    least, most = float(pixels.min()), float(pixels.max())
    # a resized image may overshoot by a rounding error
    if least < -1e-4 * high or most > high * (1 + 1e-4):
        raise ValueError(
            f"image has values from {least:g} to {most:g}; expected 0 to {high:g} for "
            f"dtype {pixels.dtype}: undo the normalisation, divide by 255, or "
            "draw it with show_feature_map"
        )
    return 0.0, high


def _largest(matrix: NDArray[Any]) -> float:
    finite = np.abs(matrix[np.isfinite(matrix)].astype(float))
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def _tint(matrix: NDArray[Any], signed: bool) -> NDArray[Any]:
    """Return one RGB colour a cell, (H, W, 3); what is not finite is left white."""
    numbers = matrix.astype(float)
    finite = np.isfinite(numbers)
    limit = _largest(matrix)
    low = -limit if signed else min(0.0, float(numbers[finite].min(initial=0.0)))
    share = np.clip((np.where(finite, numbers, low) - low) / (limit - low), 0, 1)
    # the light part of each map only, where black digits have a contrast above 4.5
    scale = 0.2 + 0.6 * share if signed else 0.5 + 0.5 * share
    colours = plt.get_cmap("RdBu_r" if signed else "gray")(scale)[..., :3]
    return np.where(finite[..., None], colours, 1.0)


def _number_texts(matrix: NDArray[Any]) -> list[list[str]]:
    """Write all numbers with the fewest decimals (two at most) that tell them apart."""
    numbers = matrix.astype(float)
    finite = numbers[np.isfinite(numbers)]
    decimals = 2
    for fewer in (1, 0):
        if np.allclose(finite, finite.round(fewer), rtol=0, atol=1e-5):
            decimals = fewer

    def text(number: float) -> str:
        if not np.isfinite(number):
            return "NaN" if np.isnan(number) else "−∞" if number < 0 else "∞"
        return f"{round(number, decimals) + 0.0:.{decimals}f}".replace("-", "−")

    return [[text(number) for number in row] for row in numbers]


def _write_numbers(ax: Axes, matrix: NDArray[Any]) -> None:
    texts = _number_texts(matrix)
    size = _font_size(ax, matrix.shape, max(len(text) for row in texts for text in row))
    for (row, column), text in np.ndenumerate(np.array(texts)):
        ax.text(
            column, row, text, ha="center", va="center", fontsize=size, color="black"
        )


def _font_size(ax: Axes, shape: tuple[int, ...], longest: int) -> float:
    """Return the size, in points, at which the longest number fits its cell."""
    box = ax.get_window_extent()
    dpi = ax.figure.dpi
    cell = 72 / dpi * min(box.width / shape[1], box.height / shape[0])
    # a digit is about 0.62 of the font size wide
    return float(np.clip(min(0.5 * cell, 0.86 * cell / (0.62 * longest)), 4, 16))


def _rule_cells(ax: Axes, height: int, width: int) -> None:
    ax.set_xticks(range(width))
    ax.set_yticks(range(height))
    ax.set_xticks(np.arange(0.5, width - 1), minor=True)
    ax.set_yticks(np.arange(0.5, height - 1), minor=True)
    ax.grid(which="minor", color="#a6a6a6", linewidth=0.8)
    ax.tick_params(which="both", length=0, labelsize=8, labelcolor="#595959")
    ax.tick_params(labeltop=True, labelbottom=False)
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color("#a6a6a6")


def _frame_window(ax: Axes, window: Window, shape: tuple[int, ...]) -> None:
    row, column, height, width = window
    rows_meet = row < shape[0] and row + height > 0
    columns_meet = column < shape[1] and column + width > 0
    if height < 1 or width < 1 or not (rows_meet and columns_meet):
        raise ValueError(
            f"window is {window}; expected (row, col, height, width) with at least one "
            f"cell on the grid of {shape[0]} × {shape[1]}"
        )
    corner = (column - 0.5, row - 0.5)
    # black dashes on a white line stand out on every tint, grey print included
    _frame(ax, corner, height, width, ("white", "-", 5.0))
    _frame(ax, corner, height, width, ("black", (0, (2.2, 1.3)), 3.5))


def _frame_cells(ax: Axes, mask: NDArray[Any], shape: tuple[int, ...]) -> None:
    if mask.shape != shape:
        raise ValueError(
            f"highlight has shape {mask.shape}; expected that of the values, {shape}"
        )
    for row, column in np.argwhere(mask):
        corner = (column - 0.42, row - 0.42)
        _frame(ax, corner, 0.84, 0.84, ("black", "-", 4.0))
        _frame(ax, corner, 0.84, 0.84, (_ORANGE, "-", 2.2))


def _frame(
    ax: Axes,
    corner: tuple[float, float],
    height: float,
    width: float,
    line: tuple[str, Any, float],
) -> None:
    colour, style, thickness = line
    frame = Rectangle(corner, width, height, fill=False, edgecolor=colour, zorder=5)
    frame.set(linestyle=style, linewidth=thickness, clip_on=False)
    ax.add_patch(frame)


def _picture_frame(ax: Axes, title: str) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.set_title(title)
