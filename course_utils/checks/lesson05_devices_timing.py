"""Exercise 5.2: time a device that answers before it is done."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch

from course_utils.checks.engine import Case, Exercise, Mistake

Timing = Callable[
    [Callable[[], object], Callable[[], None], Callable[[], float], int], Any
]

# in units of the usual work: in any five calls in a row the median is 1
_WORK = (0.8, 1.0, 1.2, 9.0, 1.0)


class _Device:
    """A device with a clock of its own, which only its work moves on.

    Args:
        launch: Seconds to ask for work.
        work: Seconds that the usual work takes.
        first: Seconds that the first call takes instead.
        pending: Seconds of work that somebody else has asked for before.
        steady: Whether every call but the first takes the same time.
        asynchronous: Whether a call returns before its work is done.
    """

    def __init__(
        self,
        launch: float,
        work: float,
        first: float,
        pending: float,
        steady: bool,
        asynchronous: bool,
    ) -> None:
        self.launch, self.work, self.first = launch, work, first
        self.steady, self.asynchronous = steady, asynchronous
        self.now, self.free_at, self.calls = 0.0, pending, 0

    def clock(self) -> float:
        """Return the time, in seconds."""
        return self.now

    def function(self) -> None:
        """Ask for work."""
        self.now += self.launch
        share = 1.0 if self.steady else _WORK[self.calls % len(_WORK)]
        work = share * self.work if self.calls else self.first
        self.free_at = max(self.now, self.free_at) + work
        self.calls += 1
        if not self.asynchronous:
            self.synchronize()

    def synchronize(self) -> None:
        """Wait for all that was asked for."""
        self.now = max(self.now, self.free_at)


def _on_a_device(answer: Timing, repeats: int, settings: dict[str, Any]) -> Any:
    device = _Device(**settings)
    return answer(device.function, device.synchronize, device.clock, repeats)


def _seconds_per_call(
    function: Callable[[], object],
    synchronize: Callable[[], None],
    clock: Callable[[], float],
    repeats: int,
) -> float:
    times = []
    for _ in range(repeats + 1):
        synchronize()
        start = clock()
        function()
        synchronize()
        times.append(clock() - start)
    return statistics.median(times[1:])


def _timing(
    before: bool = True,
    after: bool = True,
    warm_up: bool = True,
    summary: Callable[[list[float]], float] = statistics.median,
) -> Timing:
    """Return a measurement that leaves something out, or sums up otherwise."""

    def measure(
        function: Callable[[], object],
        synchronize: Callable[[], None],
        clock: Callable[[], float],
        repeats: int,
    ) -> float:
        if warm_up:
            function()
        times = []
        for _ in range(repeats):
            if before:
                synchronize()
            start = clock()
            function()
            if after:
                synchronize()
            times.append(clock() - start)
        return summary(times)

    return measure


def _one_block(
    function: Callable[[], object],
    synchronize: Callable[[], None],
    clock: Callable[[], float],
    repeats: int,
) -> float:
    function()
    synchronize()
    start = clock()
    for _ in range(repeats):
        function()
    synchronize()
    return (clock() - start) / repeats


def _settings(**changed: Any) -> dict[str, Any]:
    usual = {"launch": 1e-5, "work": 0.002, "first": 0.002, "pending": 0.0}
    return {**usual, "steady": True, "asynchronous": True, **changed}


def _draw(generator: torch.Generator) -> tuple[int, dict[str, Any]]:
    launch, work, first, pending = torch.rand(4, generator=generator).tolist()
    return 5, _settings(
        launch=1e-5 * (1 + launch),
        work=0.01 * (1 + work),
        first=0.5 * (1 + first),
        pending=pending,
        steady=False,
    )


check_seconds_per_call = Exercise(
    title="5.2 · How long does a call take?",
    reference=_seconds_per_call,
    use=_on_a_device,
    cases=(
        Case(
            "a device that answers at once and works for 2 ms",
            (5, _settings()),
        ),
        Case(
            "a processor, which works before it answers",
            (5, _settings(asynchronous=False)),
        ),
        Case(
            "a single measurement of 2 ms, after a first call of 500 ms",
            (1, _settings(first=0.5)),
        ),
        Case(
            "a device that has 300 ms of other work to finish, and one measurement",
            (1, _settings(pending=0.3)),
        ),
        Case(
            "calls of 1.6, 2, 2.4, 18 and 2 ms",
            (5, _settings(steady=False)),
        ),
    ),
    draw=_draw,
    mistakes=(
        Mistake(
            "clock_stopped_too_early",
            _timing(after=False),
            "You stopped the clock before the device was done, so that you measured "
            "the 10 µs of the launch. Call `synchronize()`, with its parentheses, "
            "before you read the clock the second time.",
        ),
        Mistake(
            "clock_started_too_early",
            _timing(before=False),
            "Work was still waiting when you started the clock, the warm-up's or "
            "somebody else's, and you timed that too. Synchronise before the clock "
            "starts.",
        ),
        Mistake(
            "no_warm_up",
            _timing(warm_up=False),
            "The first call loads, allocates and chooses algorithms: 500 ms where "
            "the others take 2. Make one call before you measure.",
        ),
        Mistake(
            "mean",
            _timing(summary=statistics.mean),
            "You took the mean. One call in five was disturbed, 18 ms where the "
            "others take about 2, and pulls it up to more than twice the usual time. "
            "The median does not mind.",
        ),
        Mistake(
            "fastest",
            _timing(summary=min),
            "You took the fastest call. That is an honest question too, but here the "
            "median was asked for.",
        ),
        Mistake(
            "sum",
            _timing(summary=sum),
            "You added the calls up. The time of *one* call is wanted.",
        ),
        Mistake(
            "one_block",
            _one_block,
            "You timed all calls in one go and divided: that is a mean, into which a "
            "disturbed call enters with all its weight. Time each call by itself.",
        ),
        Mistake(
            "milliseconds",
            _timing(summary=lambda times: 1000 * statistics.median(times)),
            "Your result is in milliseconds. The clock has seconds, and so should you.",
        ),
    ),
    praise="Warm up, wait, start, call, wait, stop; and of several the median.",
)
