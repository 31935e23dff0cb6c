"""The climb as a ladder: what each rung was worth, read from rates and accuracies.

Rates are images per second by a rung's name, one for each round; a recording's slot
has them for every rung, a live measurement for some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from course_utils.climb.rungs import CLIMB, rung

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rates = Mapping[str, Sequence[float]]
Slot = Mapping[str, Any]

# a change is kept if it brings at least so much
WORTH_SPEED: Final = 1.05
WORTH_ACCURACY: Final = 0.005

_KEPT, _REJECTED = "#5F9ED1", "#CFCFCF"


@dataclass(frozen=True)
class Step:
    """One bar of the ladder.

    Attributes:
        name: Of the rung.
        kept: Whether the rungs after it keep the change.
        values: One for each round or seed.
    """

    name: str
    kept: bool
    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        """Median of the values."""
        return median(self.values)


def rates_of(slot: Slot) -> dict[str, list[float]]:
    """Return the recorded images per second, by rung."""
    return {one["name"]: one["images_per_second"] for one in slot["rungs"]}


def speed_steps(rates: Rates) -> list[Step]:
    """Return how many times as fast as the first rung each one is, round by round."""
    rungs = [one for one in CLIMB if one.name in rates]
    first = rates[rungs[0].name]
    return [Step(one.name, one.kept, _ratios(rates[one.name], first)) for one in rungs]


def accuracy_steps(slot: Slot) -> list[Step]:
    """Return the validation accuracies at the end of the time, one for each seed."""
    return [Step(one["name"], one["kept"], _accuracies(one)) for one in slot["rungs"]]


def times_as_fast(rates: Rates, name: str) -> float:
    """Return how many times as fast as its base a rung is: median over the rounds."""
    base = rung(name).base
    return median(_ratios(rates[name], rates[base]))


def gained(slot: Slot, name: str) -> float:
    """Return the accuracy that a rung has more than its base, the seeds' medians."""
    found = {step.name: step.middle for step in accuracy_steps(slot)}
    return found[name] - found[rung(name).base]


def worth_keeping(slot: Slot, name: str) -> bool:
    """Apply the rule of the climb to what was measured.

    A change that leaves alone what is learnt from an image must make the training 1.05
    times as fast; every other must bring half a percentage point in the same time.
    """
    if rung(name).speed_alone:
        return times_as_fast(rates_of(slot), name) >= WORTH_SPEED
    return gained(slot, name) >= WORTH_ACCURACY


def plot_ladder(
    steps: Sequence[Step], ax: Axes, *, per_cent: bool = False, recorded: bool = False
) -> None:
    """Draw a bar for each rung, from the lecture's at the top downwards.

    Rejected rungs are grey, hatched and say so; dots are the single rounds or seeds.

    Args:
        steps: From `speed_steps` or `accuracy_steps`.
        ax: Where to draw.
        per_cent: Values are shares, to be written as percentages; else ratios.
        recorded: Whether this is a recording; the title says so.
    """
    scale = 100 if per_cent else 1
    furthest = max(scale * value for step in steps for value in step.values)
    for row, step in enumerate(steps):
        middle = scale * step.middle
        ax.barh(
            row,
            middle,
            color=_KEPT if step.kept else _REJECTED,
            hatch="" if step.kept else "//",
            edgecolor="white",
            height=0.72,
        )
        values = [scale * value for value in step.values]
        ax.plot(values, [row] * len(values), "o", color="black", markersize=2.5)
        written = f"{middle:.1f} %" if per_cent else f"× {middle:.2f}"
        note = "" if step.kept else ", rejected"
        end = max(values) + 0.012 * furthest
        ax.text(end, row, f"{written}{note}", va="center", fontsize=8)
    ax.set_yticks(range(len(steps)), [step.name for step in steps], fontsize=9)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.28 * furthest)
    what = (
        "validation accuracy in %"
        if per_cent
        else "images a second, as multiples of the lecture's"
    )
    ax.set_xlabel(what)
    ax.set_title("recorded" if recorded else "measured just now", loc="left")
    ax.tick_params(axis="y", length=0)


def _ratios(rates: Sequence[float], base: Sequence[float]) -> tuple[float, ...]:
    return tuple(a / b for a, b in zip(rates, base, strict=True))


def _accuracies(one: Mapping[str, Any]) -> tuple[float, ...]:
    return tuple(run["marks"][-1][-1] for run in one["runs"])
