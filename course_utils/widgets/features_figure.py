"""The feature-map explorer as a static figure, for GitHub and paper."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

import matplotlib.pyplot as plt

from course_utils import plots
from course_utils.widgets import features_words as words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from course_utils.widgets.features import FeatureMapExplorer

_COLUMNS: Final = 6  # maps beside each other
_BLUE: Final = "#006ba4"  # of tableau-colorblind10
_ORANGE: Final = "#c85200"


def features_filmstrip(explorer: FeatureMapExplorer) -> Figure:
    """Image and probabilities above, all maps of the chosen layer below."""
    count = len(explorer.feature_maps)
    lines = ceil(count / _COLUMNS)
    figure = plt.figure(figsize=(8.4, 2.9 + 1.5 * lines), layout="constrained")
    heights = (2.9, 1.5 * lines)
    parts = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)
    above, below = parts[:, 0]
    image, bars = above.subplots(1, 2, width_ratios=(1, 1.7))
    _show_image(explorer, image)
    _show_probabilities(explorer, bars)
    _show_maps(explorer, below, lines)
    return figure


def _show_image(explorer: FeatureMapExplorer, ax: Axes) -> None:
    name = explorer.class_names[explorer.label]
    title = f"image {explorer.image_index}: {name}"
    if len(explorer.image) == 3:
        plots.show_rgb(explorer.image, ax, title)
    else:
        plots.show_gray(explorer.image, ax, title)


def _show_probabilities(explorer: FeatureMapExplorer, ax: Axes) -> None:
    now = explorer.reading().probabilities
    before = explorer.reading(changed=False).probabilities
    names = [
        f"{name} ✓" if index == explorer.label else name
        for index, name in enumerate(explorer.class_names)
    ]
    places = range(len(names))
    ax.barh(places, now, color=_BLUE)
    changed = now != before
    if changed:
        (ticks,) = ax.plot(before, places, "|", color=_ORANGE)
        ticks.set(markersize=11, markeredgewidth=2)
    for place, (value, was) in enumerate(zip(now, before, strict=True)):
        text = words.fixed(value) + (f", was {words.fixed(was)}" if changed else "")
        ax.text(1.03, place, text, va="center")
    ax.set(xlim=(0, 1), xlabel=f"probability{', tick: before' if changed else ''}")
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set_title(f"prediction: {explorer.prediction} (✓ true class)")


def _show_maps(explorer: FeatureMapExplorer, part: SubFigure, lines: int) -> None:
    maps = explorer.feature_maps
    limit = explorer.map_limit()
    axes = part.subplots(lines, _COLUMNS, squeeze=False).flatten()
    for ax in axes:
        ax.set_axis_off()
    drawn = None
    changed = explorer.changed_maps()[explorer.layer]
    for channel, (ax, values) in enumerate(zip(axes, maps, strict=False)):
        drawn = ax.imshow(values.numpy(), cmap="RdBu_r", vmin=-limit, vmax=limit)
        ax.set_title(f"channel {channel}{' ≠' if changed[channel] else ''}")
    note = ", ≠ changed" if any(changed) else ""
    part.suptitle(f"maps of {explorer.layer}{note}")
    if drawn is not None:
        part.colorbar(drawn, ax=list(axes), label="activation", shrink=0.8)
