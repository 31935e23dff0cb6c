"""Boxes and masks over a picture.

Each kind of box has its own line style and each box its text, so that nothing is told
by colour alone. Boxes are left, top, right, bottom in pixels; right and bottom are the
first pixel outside, as the drawn world, torchvision and COCO's tools count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from matplotlib.patches import Rectangle

from course_utils.plots import show_rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

Kind = Literal["found", "true", "faint"]
_Place = tuple[float, float, float, float]

# line style, width and colour; each lies on a broader white line, to stand out anywhere
_LINES: Final[dict[str, tuple[Any, float, str]]] = {
    "found": ("-", 2.0, "#006ba4"),
    "true": ((0, (4, 2)), 2.0, "black"),
    "faint": ((0, (2, 1)), 0.9, "#333333"),
}
_MASK_LINES: Final = ("-", "--", ":", "-.")
_MASK_COLOURS: Final = ("#ff800e", "#006ba4", "#333333", "#c85200", "#5f9ed1")
_HATCHES: Final = ("//", "\\\\", "..", "xx", "||")
_CORNERS: Final = (("left", "top"), ("left", "bottom"), ("right", "top"),
                   ("right", "bottom"))  # fmt: skip
_SIZE: Final = 8  # of a text, in points
_TEXT: Final[dict[str, Any]] = {
    "fontsize": _SIZE,
    "color": "black",
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.9},
}


def show_boxes(
    image: ArrayLike | Tensor,
    boxes: ArrayLike | Tensor,
    ax: Axes,
    *,
    texts: Sequence[str] = (),
    kind: Kind = "found",
    title: str = "",
) -> None:
    """Draw a picture and boxes over it.

    Args:
        image: (3, H, W), floats in [0, 1] or integers in 0..255.
        boxes: (K, 4).
        ax: Where to draw.
        texts: One for each box, at its top left corner; none writes nothing.
        kind: "found" is solid, "true" dashed, "faint" thin and dotted.
        title: Stands above the picture.

    Raises:
        ValueError: If ``boxes`` is no such list, a box has no area, or there are
            more or fewer texts than boxes.
    """
    show_rgb(image, ax, title)
    outline(ax, boxes, texts=texts, kind=kind)


def outline(
    ax: Axes,
    boxes: ArrayLike | Tensor,
    *,
    texts: Sequence[str] = (),
    kind: Kind = "found",
) -> None:
    """Draw boxes over what ``ax`` shows already; see `show_boxes`."""
    corners = _checked_boxes(boxes)
    _require_texts(texts, len(corners))
    if kind not in _LINES:
        raise ValueError(f"kind is {kind!r}; choose one of {', '.join(_LINES)}")
    style, width, colour = _LINES[kind]
    for left, top, right, bottom in corners:
        # pixel 0 is drawn from −0.5 to 0.5
        where = (left - 0.5, top - 0.5), right - left, bottom - top
        for line in (("-", 1.8 * width, "white"), (style, width, colour)):
            box = Rectangle(*where, fill=False, edgecolor=line[2], zorder=3)
            box.set(linestyle=line[0], linewidth=line[1])
            ax.add_patch(box)
    _write(ax, corners, texts)


def _write(ax: Axes, corners: NDArray[Any], texts: Sequence[str]) -> None:
    """Write into each box, in the corner where the text covers and loses least."""
    taken: list[_Place] = []
    end = max(ax.get_xlim())
    per_pixel = _pixels_per_point(ax)
    for text, box in zip(texts, corners, strict=bool(texts)):
        size = 0.6 * _SIZE * len(text) * per_pixel, 1.4 * _SIZE * per_pixel
        places = {corner: _place(box, size, corner) for corner in _CORNERS}
        cost = {c: _covered(p, taken) + _cut_off(p, end) for c, p in places.items()}
        horizontal, vertical = min(cost, key=cost.__getitem__)
        taken.append(places[horizontal, vertical])
        left, top, right, bottom = box
        x = max(left, 0) if horizontal == "left" else right - 1
        y = max(top, 0) if vertical == "top" else bottom - 1
        ax.text(x, y, text, **_TEXT, ha=horizontal, va=vertical, zorder=4, clip_on=True)


def _pixels_per_point(ax: Axes) -> float:
    """Return how many pixels of the picture one printer's point spans."""
    low, high = ax.get_xlim()
    inches = ax.get_window_extent().width / ax.figure.dpi
    return abs(high - low) / (72 * inches)


def _place(
    box: NDArray[Any], size: tuple[float, float], corner: tuple[str, str]
) -> _Place:
    """Return left, top, right, bottom of a text in a corner of a box."""
    left = box[0] if corner[0] == "left" else box[2] - size[0]
    top = box[1] if corner[1] == "top" else box[3] - size[1]
    return left, top, left + size[0], top + size[1]


def _covered(place: _Place, taken: list[_Place]) -> float:
    """Return how much of the texts that stand already a new one would cover."""
    return sum(
        max(min(place[2], right) - max(place[0], left), 0)
        * max(min(place[3], bottom) - max(place[1], top), 0)
        for left, top, right, bottom in taken
    )


def _cut_off(place: _Place, end: float) -> float:
    """Return how much of a text lies to the right of the picture."""
    return max(place[2] - end, 0) * (place[3] - place[1])


def show_masks(
    image: ArrayLike | Tensor,
    masks: ArrayLike | Tensor,
    ax: Axes,
    *,
    texts: Sequence[str] = (),
    title: str = "",
) -> None:
    """Draw a picture and masks over it, each with its own outline and hatching.

    Args:
        image: (3, H, W), floats in [0, 1] or integers in 0..255.
        masks: bool (K, H, W).
        ax: Where to draw.
        texts: One for each mask, in its middle; none writes nothing.
        title: Stands above the picture.

    Raises:
        ValueError: If ``masks`` has another shape or type, or there are more or fewer
            texts than masks.
    """
    show_rgb(image, ax, title)
    planes = _array(masks)
    if planes.ndim != 3 or planes.dtype != np.bool_:
        raise ValueError(
            f"masks is {planes.dtype} of shape {planes.shape}; expected bool "
            "(K, H, W): choose a threshold first, masks[:, 0] >= 0.5"
        )
    _require_texts(texts, len(planes))
    for number, plane in enumerate(planes):
        if plane.any():
            _draw_mask(ax, plane, number)
    for text, plane in zip(texts, planes, strict=bool(texts)):
        if plane.any():
            row, column = np.argwhere(plane).mean(axis=0)
            ax.text(column, row, text, **_TEXT, ha="center", va="center", zorder=4)


def _draw_mask(ax: Axes, plane: NDArray[Any], number: int) -> None:
    colour = _MASK_COLOURS[number % len(_MASK_COLOURS)]
    style = _MASK_LINES[number % len(_MASK_LINES)]
    # a border of zeros closes the outline of a mask at the edge of the picture
    framed = np.pad(plane, 1).astype(float)
    height, width = framed.shape
    x, y = np.arange(width) - 1, np.arange(height) - 1
    hatch = [_HATCHES[number % len(_HATCHES)]]
    filled = ax.contourf(x, y, framed, [0.5, 2], colors="none", hatches=hatch)
    filled.set(edgecolor=colour, linewidth=0.0, hatch_linewidth=0.7)
    ax.contour(x, y, framed, [0.5], colors="white", linewidths=3.2)
    ax.contour(x, y, framed, [0.5], colors=colour, linewidths=1.8, linestyles=style)
    ax.set(xlim=(-0.5, width - 2.5), ylim=(height - 2.5, -0.5))


def _array(values: ArrayLike | Tensor) -> NDArray[Any]:
    detach = getattr(values, "detach", None)
    return np.asarray(detach().cpu() if detach is not None else values)


def _checked_boxes(boxes: ArrayLike | Tensor) -> NDArray[Any]:
    corners = _array(boxes)
    if corners.size == 0:
        return corners.reshape(0, 4)
    if corners.ndim != 2 or corners.shape[1] != 4:
        raise ValueError(
            f"boxes has shape {corners.shape}; expected (K, 4): for one box, box[None]"
        )
    empty = (corners[:, 2:] <= corners[:, :2]).any(axis=1)
    if empty.any():
        raise ValueError(
            f"box {int(empty.argmax())} is {corners[empty][0].tolist()}; expected "
            "left, top, right, bottom with left < right and top < bottom"
        )
    return corners


def _require_texts(texts: Sequence[str], count: int) -> None:
    if texts and len(texts) != count:
        raise ValueError(f"there are {len(texts)} texts for {count} boxes or masks")
