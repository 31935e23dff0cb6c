"""Ratios of what was measured side by side, in turns: all meet the same load."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Measured = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one thing is as another.

    Attributes:
        what: The thing.
        against: The other.
        values: The ratio of each round, above 1 where ``what`` was faster; none where
            it could not be told.
        note: Why it could not, or what else the numbers do not say.
    """

    what: str
    against: str
    values: tuple[float, ...]
    note: str = ""

    @classmethod
    def of_rates(cls, what: str, against: str, rates: Measured) -> Ratio:
        """Compare so-and-so many a second, one number a round, by name."""
        pairs = zip(rates[what], rates[against], strict=True)
        return cls(what, against, tuple(own / other for own, other in pairs))

    @classmethod
    def of_seconds(cls, what: str, against: str, seconds: Measured) -> Ratio:
        """Compare times, one a round, by name: half the time is twice as fast."""
        pairs = zip(seconds[what], seconds[against], strict=True)
        return cls(what, against, tuple(other / own for own, other in pairs))

    @property
    def n(self) -> int:
        """How many rounds there were."""
        return len(self.values)

    @property
    def median(self) -> float:
        """The middle one of the rounds.

        Raises:
            statistics.StatisticsError: If it could not be told in any.
        """
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        """From the lowest round to the highest: ``"1.40-1.62"``."""
        return f"{digits(min(self.values))}-{digits(max(self.values))}"


def digits(value: float) -> str:
    """Return a ratio with three digits that count: 0.85, 12.3, 4,567."""
    decimals = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{decimals}f}"


def in_turns(
    contenders: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Measure all contenders in every round; who begins changes with the round.

    Args:
        contenders: By name; each call is one measurement.
        rounds: How often each has its turn.
    """
    names = list(contenders)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(contenders[name]())
    return found


def seconds_of(
    run: Callable[[], object],
    at_least: float = 0.0,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the seconds of one call: the mean of as many as fill ``at_least``."""
    calls, begin = 0, clock()
    while True:
        run()
        calls += 1
        seconds = clock() - begin
        if seconds >= at_least:
            return seconds / calls
