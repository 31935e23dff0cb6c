"""Images per second and time to an accuracy: the lecture's recipe and every change.

Each rung of lesson 05's climb, the lecture's recipe and the tutorials' style among
them, trains with the same seed for the same time, one after the other, several times
over; ratios are taken within a repeat, and their median and spread are printed. Images
per second come from short turns before that.

Run: ``python -m tools.bench.training [--accuracy 0.25] [--data FOLDER]``
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Final

import torch

from course_utils.climb import CLIMB, Run, Rung, Speed, rung, speed, train
from course_utils.datasets import ImageData
from tools.benchmarking.ratio import Ratio
from tools.record_runs import images
from tools.recording_climb import judges_only
from tools.recording_slots import data_name, machine

ACCURACY: Final = 0.25
BUDGET: Final = 6.0
REPEATS: Final = 2
ROUNDS: Final = 4
# the steps of the climb that change the speed, and the style of many tutorials
STEPS: Final = (
    "the lecture",
    "tutorial style",
    "data in memory",
    "batch 128, rate fitted",
    "channels last",
    "residual, bfloat16",
)
# those that also race to the accuracy
RACING: Final = (STEPS[0], "data in memory", "batch 128, rate fitted", STEPS[-1])
# shares of the budget at which is judged: each 1.41 times as late as the one before
MARKS: Final = tuple(2 ** (k / 2 - 5) for k in range(11))
HEADINGS: Final = f"{'':24}{'images/s':>10}  {'times lecture':20}{'to accuracy':>13}"

Times = Mapping[str, Sequence[float | None]]


def measure(quick: bool = False) -> Iterator[Ratio]:
    """Compare steps of the climb with the lecture's recipe, all on the drawn world."""
    data, field = images("drawn"), [rung(name) for name in STEPS]
    setups = {one.name: one.setup for one in field}
    rounds, turn = (1, 0.05) if quick else (7, 0.4)
    found = speed(setups, data, rounds=rounds, seconds=turn)
    rates = {f"{name}, images a second": one.rates for name, one in found.items()}
    first, *others = rates
    for name in others:
        yield Ratio.of_rates(name, first, rates)
    budget, repeats = (0.2, 1) if quick else (BUDGET, 3)
    racing = [one for one in field if one.name in RACING]
    times = times_to(
        ACCURACY, racing, data, budget=budget, repeats=repeats, device="cpu"
    )
    for name in RACING[1:]:
        yield sooner(name, RACING[0], times, budget)


def sooner(name: str, first: str, times: Times, budget: float) -> Ratio:
    """Return how many times sooner than the first a recipe is at the accuracy."""
    goal = f"{ACCURACY:.0%} right"
    what, against = f"{name}, {goal}", f"{first}, {goal}"
    known = [time for time in times[name] if time is not None]
    if len(known) < len(times[name]):
        there = f"not in {budget:g} s ({len(known)} of {len(times[name])} got there)"
        return Ratio(what, against, (), there)
    pairs = list(zip(known, times[first], strict=True))
    values = tuple((budget if base is None else base) / time for time, base in pairs)
    return Ratio(what, against, values, "at least" if None in times[first] else "")


def contenders(rungs: Sequence[Rung] = CLIMB) -> list[Rung]:
    """Return the rungs that differ in how they train."""
    return [rung for rung in rungs if not judges_only(rung, rungs)]


def times_to(
    accuracy: float,
    field: Sequence[Rung],
    data: ImageData,
    *,
    budget: float,
    repeats: int,
    device: str,
) -> dict[str, list[float | None]]:
    """Return seconds of training to a validation accuracy, by rung, one a repeat.

    ``None`` stands for a training that did not get there within the budget. Who begins
    changes with every repeat.
    """
    found: dict[str, list[float | None]] = {rung.name: [] for rung in field}
    for repeat in range(repeats):
        turn = repeat * len(field) // repeats
        for one in [*field[turn:], *field[:turn]]:
            run = train(
                one.setup,
                data,
                seconds=budget,
                marks=MARKS,
                seed=repeat,
                device=device,
            )
            found[one.name].append(_time(run, accuracy))
    return found


def table(
    field: Sequence[Rung], speeds: Mapping[str, Speed], times: Times, budget: float
) -> list[str]:
    """Return the lines of the table, the first rung's first."""
    first = field[0].name
    lines = [HEADINGS]
    for one in field:
        own, lecture = speeds[one.name], speeds[first]
        ratios = [a / b for a, b in zip(own.rates, lecture.rates, strict=True)]
        lines.append(
            f"{one.name:24}{own.images_per_second:10,.0f}  "
            f"{_spread(ratios):20}{_reached(one.name, first, times, budget)}"
        )
    return lines


def _time(run: Run, accuracy: float) -> float | None:
    if not run.complete:
        raise KeyboardInterrupt
    return run.seconds_to(accuracy)


def _reached(name: str, first: str, times: Times, budget: float) -> str:
    """Return the time, and how many times sooner than the lecture's recipe."""
    ratio = sooner(name, first, times, budget)
    if not ratio.n:
        return ratio.note
    known = [time for time in times[name] if time is not None]
    note = f", {ratio.note}" if ratio.note else ""
    return f"{median(known):11.1f} s  {_spread(ratio.values)} sooner{note}"


def _spread(ratios: Sequence[float]) -> str:
    """Return median and range of ratios."""
    return f"x {median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accuracy", type=float, default=ACCURACY, help="0 to 1")
    parser.add_argument("--data", default="drawn", help="a folder, or: drawn, official")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--budget", type=float, default=BUDGET, help="s of a training")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="trainings each")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns for images/s")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    data, field = images(options.data), contenders()
    setups = {rung.name: rung.setup for rung in field}
    speeds = speed(setups, data, rounds=options.rounds, device=options.device)
    times = times_to(
        options.accuracy,
        field,
        data,
        budget=options.budget,
        repeats=options.repeats,
        device=options.device,
    )
    print(
        f"Training on {data_name(data)}, {len(data.train_labels):,} images; time to "
        f"{options.accuracy:.0%} of the validation images, medians and ranges of "
        f"{options.rounds} turns and {options.repeats} trainings of {options.budget:g} "
        "s each, interleaved; judged at times that grow by a factor of 1.41"
    )
    print("\n".join(table(field, speeds, times, options.budget)))
    compiler = speeds["compiled"].first_call
    print(f"The compiler's first call took {compiler:.1f} s; it is not counted above.")
    print(
        f"machine: {machine(options.device)}, {options.threads} threads, "
        f"torch {torch.__version__}"
    )


if __name__ == "__main__":
    main()
