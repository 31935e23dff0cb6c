"""One run of the benchmarks: each for itself, and whatever is measured is kept."""

from __future__ import annotations

import pkgutil
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final

from tools import bench
from tools.benchmarking.ratio import Ratio

Measure = Callable[[bool], Iterable[Ratio]]

INTERRUPTED: Final = "interrupted"
UNFINISHED: Final = "not finished"


@dataclass
class Outcome:
    """What came of one benchmark.

    Attributes:
        name: Of its module in ``tools/bench``.
        ratios: All that were measured, also before a problem.
        seconds: How long it took.
        problem: Why it did not come to its end; empty if it did.
    """

    name: str
    ratios: list[Ratio] = field(default_factory=list)
    seconds: float = 0.0
    problem: str = ""


def benchmarks() -> dict[str, Measure]:
    """Return all benchmarks by name: every module of ``tools.bench``.

    Each offers ``measure(quick)``, which gives its ratios one by one; ``quick`` asks
    for sizes that only show whether it works. None is imported before its turn.
    """
    names = [module.name for module in pkgutil.iter_modules(bench.__path__)]
    return {name: _measure(name) for name in names if not name.startswith("_")}


def run(
    chosen: Mapping[str, Measure],
    *,
    quick: bool,
    keep: Callable[[list[Outcome]], None],
    clock: Callable[[], float] = time.perf_counter,
) -> list[Outcome]:
    """Carry out benchmarks one after the other.

    A failing one costs only itself; an interruption (Ctrl-C) ends the run.

    Args:
        chosen: By name.
        quick: Whether small sizes do.
        keep: Called with all outcomes so far, after every ratio and every benchmark.
        clock: Tells the seconds.
    """
    outcomes: list[Outcome] = []
    for name, measure in chosen.items():
        outcomes.append(outcome := Outcome(name, problem=UNFINISHED))
        begin = clock()
        try:
            for ratio in measure(quick):
                outcome.ratios.append(ratio)
                keep(outcomes)
            outcome.problem = ""
        except (Exception, KeyboardInterrupt) as error:  # the others go on
            outcome.problem = _problem(error)
        outcome.seconds = clock() - begin
        keep(outcomes)
        told = outcome.problem or f"ratios: {len(outcome.ratios)}"
        print(f"{name}: {told} ({outcome.seconds:.0f} s)", flush=True)
        if outcome.problem == INTERRUPTED:
            break
    return outcomes


def _problem(error: BaseException) -> str:
    """Say what ended a benchmark; an interruption can break what cleans up after it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return INTERRUPTED
        cause = cause.__context__
    traceback.print_exception(error)
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"


def _measure(name: str) -> Measure:
    def measure(quick: bool) -> Iterable[Ratio]:
        found: Measure = import_module(f"{bench.__name__}.{name}").measure
        return found(quick)

    return measure
