"""The recorded race of recipes by the clock: in numbers, and drawn."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LECTURE = "#767676"  # readable on white and on black
_TUNED, _FAST = "#0072B2", "#D55E00"


def in_words(shares: Iterable[float]) -> str:
    """Return the range of accuracies (0 to 1) in per cent: ``"74.9-76.2 %"``."""
    low, high = (f"{100 * share:.1f}" for share in (min(shares), max(shares)))
    return f"{low} %" if low == high else f"{low}-{high} %"


def race_rows(slot: dict[str, Any]) -> list[tuple[str, float, str, str]]:
    """Return a line for each recipe and time, from one device's slot of the recording.

    Returns:
        Recipe, seconds of training, and the ranges over the seeds of validation and
        test accuracy; ``"-"`` where the test images were not asked.
    """
    curves = [run["curve"] for run in slot["lecture"]]
    rows = []
    for marks in zip(*curves, strict=True):
        last = marks[0] == curves[0][-1]
        tested = [run["test_accuracy"] for run in slot["lecture"]] if last else []
        rows.append(_row("lecture", marks[0][0], [mark[2] for mark in marks], tested))
    for name in ("tuned", "fast"):
        for seconds in sorted({run["seconds"] for run in slot[name]}):
            runs = [run for run in slot[name] if run["seconds"] == seconds]
            judged = [run["validation_accuracy"] for run in runs]
            tested = [run["test_accuracy"] for run in runs]
            rows.append(_row(name, seconds, judged, tested))
    return rows


def first_to_reach(runs: list[dict[str, Any]], accuracy: float) -> float:
    """Return the shortest time after which runs reach an accuracy, on average.

    Args:
        runs: With ``seconds`` and ``validation_accuracy``, several of each time.
        accuracy: From 0 to 1.

    Raises:
        ValueError: If no time was long enough.
    """
    for seconds in sorted({run["seconds"] for run in runs}):
        found = [r["validation_accuracy"] for r in runs if r["seconds"] == seconds]
        if statistics.mean(found) >= accuracy:
            return float(seconds)
    raise ValueError(f"no run reached {accuracy:.1%}")


def draw_race(slot: dict[str, Any], ax: Axes) -> None:
    """Draw validation accuracy against training time, one line or mark a seed."""
    for number, run in enumerate(slot["lecture"]):
        label = "lecture's recipe" if number == 0 else None
        seconds, _, accuracies = zip(*run["curve"], strict=True)
        ax.plot(seconds, accuracies, color=_LECTURE, linewidth=1, label=label)
    named = (
        ("tuned", "lecture's network, tuned", _TUNED, "s"),
        ("fast", "fast recipe", _FAST, "o"),
    )
    for name, label, colour, marker in named:
        budgets = [run["seconds"] for run in slot[name]]
        reached = [run["validation_accuracy"] for run in slot[name]]
        ax.plot(budgets, reached, marker, color=colour, label=label, alpha=0.8)
    ticks = [4, 10, 30, 60, 180, 600]
    ax.set_xscale("log")
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set(xlabel="seconds of training", ylabel="validation accuracy")
    ax.set_title(f"recorded: {slot['machine']}", fontsize="medium")
    ax.grid(alpha=0.3)
    ax.legend()


def _row(
    name: str, seconds: float, judged: list[float], tested: list[float]
) -> tuple[str, float, str, str]:
    return name, seconds, in_words(judged), in_words(tested) if tested else "-"
