"""Regions drawn over the picture that they belong to, never told by colour alone.

A class has a colour and a hatching, and where there is room its name is written into
its largest region; a legend names them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from torch import Tensor
from torch.nn import functional as F

from course_utils import plots

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

IGNORED: Final = 255
# Okabe and Ito's colours, for every kind of colour vision; black is for the lines
_COLOURS: Final = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
_HATCHES: Final = ("//", "..", "\\\\", "xx", "--")
_TINT: Final = 0.45  # how much of the colour covers the picture
_ROOM: Final = 0.035  # a name needs a region this deep, as a share of the shorter side


def class_style(index: int) -> tuple[str, str]:
    """Return the colour and the hatching of a class, by its index from 1."""
    if index < 1:
        raise ValueError(f"index is {index}; classes are drawn from 1, background is 0")
    place = index - 1
    # one colour further in every round: else VOC's cat and person would share theirs
    shifted = place + place // len(_COLOURS)
    return _COLOURS[shifted % len(_COLOURS)], _HATCHES[place % len(_HATCHES)]


def show_segmentation(
    image: ArrayLike | Tensor,
    labels: ArrayLike | Tensor,
    class_names: Sequence[str],
    ax: Axes,
    title: str = "",
    *,
    legend: bool = True,
) -> None:
    """Draw the classes of the pixels over their picture; the background stays clear.

    Args:
        image: (3, H, W), floats in [0, 1] or integers in 0..255.
        labels: A class a pixel, whole numbers, (H, W): 0 is the background; pixels
            labelled 255 count for nothing and are drawn white and crossed out.
        class_names: Names by class, background first.
        ax: Where to draw.
        title: Stands above the picture.
        legend: Whether to name the classes below the picture; for one legend for
            several pictures see `legend_handles`.

    Raises:
        ValueError: If labels and image differ in size, or a class has no name.
    """
    regions = _checked(image, labels, class_names)
    plots.show_rgb(image, ax, title)
    for index in _present(regions):
        _fill(ax, regions == index, *_look(index))
    for index in _present(regions):
        if index != IGNORED:
            _name(ax, regions == index, class_names[index])
    if legend and _present(regions):
        ax.legend(
            handles=legend_handles([regions], class_names),
            loc="upper center",
            bbox_to_anchor=(0.5, -0.02),
            ncols=3,
            fontsize=8,
            handlelength=2.2,
            handleheight=1.2,
        )


def legend_handles(
    labels: Iterable[ArrayLike | Tensor], class_names: Sequence[str]
) -> list[Patch]:
    """Return the entries of one legend for several pictures.

    Args:
        labels: The classes of the pixels of each picture, (H, W) each.
        class_names: Names by class, background first.

    Returns:
        What ``fig.legend(handles=…)`` takes; each class once, no background.
    """
    found = sorted({index for array in labels for index in _present(_array(array))})
    handles = []
    for index in found:
        colour, hatch = _look(index)
        name = "not counted" if index == IGNORED else class_names[index]
        handles.append(Patch(facecolor=colour, hatch=hatch, ec="black", label=name))
    return handles


def _array(values: ArrayLike | Tensor) -> NDArray[Any]:
    return (
        values.detach().cpu().numpy()
        if isinstance(values, Tensor)
        else (np.asarray(values))
    )


def _present(regions: NDArray[Any]) -> list[int]:
    return [int(index) for index in np.unique(regions) if index != 0]


def _look(index: int) -> tuple[str, str]:
    return ("white", "xxx") if index == IGNORED else class_style(index)


def _checked(
    image: ArrayLike | Tensor, labels: ArrayLike | Tensor, class_names: Sequence[str]
) -> NDArray[Any]:
    regions, size = _array(labels), np.shape(_array(image))[-2:]
    if regions.shape != size:
        raise ValueError(
            f"labels have shape {regions.shape} and the image has {size[0]} × "
            f"{size[1]} pixels; give one class a pixel, (H, W): choose one picture of "
            "the batch, and logits.argmax(dim=1) of scores"
        )
    if regions.dtype.kind not in "iu":
        raise ValueError(f"labels are {regions.dtype}; classes are whole numbers")
    unknown = [
        k for k in np.unique(regions) if not (0 <= k < len(class_names) or k == IGNORED)
    ]
    if unknown:
        raise ValueError(
            f"labels hold the class {unknown[0]}, but class_names has "
            f"{len(class_names)} names, for 0 to {len(class_names) - 1}"
        )
    return regions


def _fill(ax: Axes, region: NDArray[np.bool_], colour: str, hatch: str) -> None:
    tint = np.zeros((*region.shape, 4))
    tint[region] = (*to_rgb(colour), _TINT)
    ax.imshow(tint, interpolation="nearest")
    # a frame of background, so that outlines close at the picture's edge
    framed = np.pad(region, 1).astype(float)
    rows, columns = (
        np.arange(-1, region.shape[0] + 1),
        np.arange(-1, region.shape[1] + 1),
    )
    with plt.rc_context({"hatch.linewidth": 0.5}):
        ax.contourf(
            columns, rows, framed, levels=[0.5, 1.5], colors="none", hatches=[hatch]
        )
    for line, width in (("white", 2.2), ("black", 1.0)):
        ax.contour(columns, rows, framed, levels=[0.5], colors=line, linewidths=width)


def _name(ax: Axes, region: NDArray[np.bool_], name: str) -> None:
    """Write the name where the region is deepest, if it is deep enough."""
    row, column, depth = _deepest(region)
    if depth < _ROOM * min(region.shape):
        return
    ax.text(
        column,
        row,
        name,
        ha="center",
        va="center",
        fontsize=8,
        clip_on=True,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )


def _deepest(region: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Return row and column farthest from the region's edge, and how far that is."""
    left = torch.from_numpy(region)[None].float()
    left = F.pad(left, (1, 1, 1, 1))  # the picture's edge is an edge too
    place, depth = torch.zeros(2), 0
    while left.any():
        depth += 1
        # the middle one of the deepest pixels, so that a name stands centred
        places = left[0].nonzero()
        place = places[len(places) // 2] - 1
        left = -F.max_pool2d(-left, 3, stride=1, padding=1)
    return int(place[0]), int(place[1]), depth
