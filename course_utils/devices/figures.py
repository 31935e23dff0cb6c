"""Drawings of what `course_utils.devices` measures; the same for live and recorded.

A run is what a measuring function returns. Runs come by kind of device; a device that
nobody had is ``None`` and is not drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from course_utils.devices.profiles import PHASES
from course_utils.devices.timeline import Span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Runs = Mapping[str, Mapping[str, Any] | None]

_COLOURS: Final = {
    "cpu": "#006BA4",
    "cuda": "#C85200",
    "mps": "#595959",
    "xpu": "#898989",
}
_OPERATIONS: Final = {
    "matrix": ("matrix product", "o"),
    "convolution": ("convolution", "s"),
}
_PHASE_LOOKS: Final = {
    "loader": ("#FF800E", "//"),
    "copy": ("#595959", ""),
    "forward": ("#A2C8EC", ""),
    "backward": ("#5F9ED1", ".."),
    "optimiser": ("#CFCFCF", "xx"),
}
_INCHES_A_LETTER: Final = 0.08


def plot_sizes(runs: Runs, axes: Sequence[Axes], *, recorded: bool = False) -> None:
    """Draw time and achieved rate of each size, against the work in it.

    Args:
        runs: By kind of device, as `measure_sizes` returns them.
        axes: Two: for the time of a call, and for the rate.
        recorded: Whether these are recordings; they are dashed, hollow and say so.
    """
    time_ax, rate_ax = axes
    word = ", recorded" if recorded else ""
    for kind, run in runs.items():
        for operation, (name, marker) in _OPERATIONS.items() if run else ():
            points = run[operation] if run else []
            work = [point["flops"] for point in points]
            look: dict[str, Any] = {
                "marker": marker,
                "linestyle": "--" if recorded else "-",
                "markerfacecolor": "white" if recorded else None,
                "color": _COLOURS[kind],
                "alpha": 1.0 if operation == "matrix" else 0.6,
                "label": f"{kind}, {name}{word}",
            }
            time_ax.plot(work, [1e6 * p["seconds"] for p in points], **look)
            rate_ax.plot(
                work, [p["flops"] / p["seconds"] / 1e9 for p in points], **look
            )
    for ax in axes:
        ax.set(xscale="log", yscale="log", xlabel="operations in a call (FLOP)")
        ax.grid(alpha=0.3)
    time_ax.set(ylabel="time of a call (µs)", title=f"time{word}")
    rate_ax.set(ylabel="achieved rate (GFLOP/s)", title=f"rate{word}")
    time_ax.legend(fontsize=8)


def plot_profile(
    run: Mapping[str, Any], ax: Axes, *, title: str = "", recorded: bool = False
) -> None:
    """Draw the phases of a training step, a bar for each way of loading.

    Args:
        run: As `measure_profile` returns it.
        ax: Where to draw.
        title: Stands above the bars.
        recorded: Whether this is a recording; the title then says so.
    """
    recipes = run["recipes"]
    totals = [sum(recipe["phases"].values()) for recipe in recipes]
    ax.set_xlim(0, 1.18 * max(totals))
    left = [0.0] * len(recipes)
    for phase in PHASES:
        widths = [recipe["phases"][phase] for recipe in recipes]
        colour, hatch = _PHASE_LOOKS[phase]
        bars = ax.barh(
            range(len(recipes)), widths, left=left, color=colour, hatch=hatch,
            edgecolor="white", label=phase,
        )  # fmt: skip
        names = [phase if _fits(phase, width, ax) else "" for width in widths]
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8}
        for text in ax.bar_label(bars, names, label_type="center", fontsize=8):
            text.set_bbox(box if text.get_text() else None)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    for row, total in enumerate(totals):
        ax.text(total, row, f" {total:,.0f} µs", va="center", fontsize=9)
    ax.set_yticks(range(len(recipes)), [recipe["name"] for recipe in recipes])
    ax.invert_yaxis()
    word = ", recorded" if recorded else ""
    ax.set(xlabel="time for one image (µs)", title=f"{title}{word}")
    ax.legend(
        ncols=len(PHASES), fontsize=8, loc="upper center", bbox_to_anchor=(0.4, -0.22)
    )


def plot_timeline(spans: Sequence[Span], ax: Axes, *, title: str = "") -> None:
    """Draw who was busy when, a row for each; the first one named is at the top.

    Args:
        spans: What lasted, in any order.
        ax: Where to draw.
        title: Stands above the rows.
    """
    rows = list(dict.fromkeys(span.row for span in spans))
    ax.set_xlim(0, 1.02e3 * max(span.end for span in spans))
    for span in spans:
        row = rows.index(span.row)
        start, width = 1e3 * span.start, 1e3 * (span.end - span.start)
        waiting = span.label.startswith("wait")
        ax.barh(
            row, width, left=start, height=0.6, linewidth=0.8, edgecolor="black",
            color="white" if waiting else list(_COLOURS.values())[row],
            hatch="///" if waiting else None,
        )  # fmt: skip
        if _fits(span.label, width, ax):
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            ax.text(
                start + width / 2,
                row,
                span.label,
                ha="center",
                va="center",
                fontsize=8,
                color="black" if waiting else "white",
                bbox=box if waiting else None,
            )
    ax.set_yticks(range(len(rows)), rows)
    ax.invert_yaxis()
    ax.set(xlabel="time (ms)", title=title)


def _fits(label: str, width: float, ax: Axes) -> bool:
    """Whether a label has room in a bar of this width, in the units of the axis."""
    low, high = ax.get_xlim()
    inches = ax.get_window_extent().width / ax.figure.dpi
    return width / (high - low) * inches > _INCHES_A_LETTER * len(label)
