"""The climb of lesson 05: speeds in turns, then accuracy after a fixed time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from statistics import median
from typing import Any, Final

import torch

from course_utils.climb import CLIMB, Run, Rung, accuracy, speed, train
from course_utils.climb.trainer import Clock
from course_utils.datasets import ImageData
from tools.recording_slots import Partial, Slot, circumstances

ROUNDS: Final = 7
MARKS: Final = 4
UNDISTURBED: Final = 0.85  # of the usual number of images


def measure(
    data: ImageData,
    device: str,
    *,
    seeds: int = 3,
    seconds: float = 20.0,
    rounds: int = ROUNDS,
    rungs: Sequence[Rung] = CLIMB,
    clock: Clock = "wall",
) -> Slot:
    """Measure every rung; what was measured before an interruption is not repeated.

    Args:
        data: What to train on.
        device: Where.
        seeds: How many trainings of each rung.
        seconds: How long each training is.
        rounds: How many turns for the speeds.
        rungs: What to measure.
        clock: Which time counts; see `course_utils.climb.trainer.clock_of`.

    Returns:
        The slot of the recording; see the module's functions for its parts.
    """
    facts = circumstances(device, data) | {
        "seeds": seeds,
        "seconds": seconds,
        "clock": clock,
    }
    plan = {"rounds": rounds, "rungs": [asdict(r) for r in rungs]}
    partial = Partial("climb", {**facts, **plan})
    if "speeds" not in partial:
        print("speeds, all rungs in turns", flush=True)
        partial.keep({"speeds": speeds(data, device, rounds, rungs, clock)})
    for seed in range(seeds):
        for rung in rungs:
            if _key(rung, seed) not in partial:
                partial.keep(runs(rung, data, device, seed, seconds, rungs, clock))
    for rung, seed in disturbed(partial, seeds, rungs):
        print(f"{_key(rung, seed)}: disturbed, so once more", flush=True)
        partial.keep(runs(rung, data, device, seed, seconds, rungs, clock))
    slot = facts | {"rounds": rounds, "rungs": [
        _entry(rung, partial, seeds) for rung in rungs
    ]}  # fmt: skip
    partial.done()
    return slot


def speeds(
    data: ImageData, device: str, rounds: int, rungs: Sequence[Rung], clock: Clock
) -> dict[str, Slot]:
    """Return seconds of the first call, and images per second of each round, by name.

    A rung that changes only how the network is judged trains as its base does.
    """
    # a translation kept on disk from an earlier run would hide what it costs
    torch.compiler.config.force_disable_caches = True
    setups = {rung.name: rung.setup for rung in rungs if not judges_only(rung, rungs)}
    found = speed(setups, data, rounds=rounds, device=device, clock=clock)
    torch.compiler.config.force_disable_caches = False
    return {
        name: {
            "first_call": round(one.first_call, 4),
            "images_per_second": [round(rate, 1) for rate in one.rates],
        }
        for name, one in found.items()
    }


def disturbed(
    partial: Partial, seeds: int, rungs: Sequence[Rung]
) -> list[tuple[Rung, int]]:
    """Return rungs and seeds that saw far fewer images than the rung's other seeds.

    The same recipe takes the same steps a second, whatever the seed: something else
    kept the machine busy then.
    """
    found: list[tuple[Rung, int]] = []
    if seeds < 3:
        return found  # of two, nobody knows which one is usual
    for rung in rungs:
        if judges_only(rung, rungs):
            continue  # its base trains for it
        seen = [partial[_key(rung, seed)]["marks"][-1][1] for seed in range(seeds)]
        usual = median(seen)
        found += [(rung, k) for k, n in enumerate(seen) if n < UNDISTURBED * usual]
    return found


def runs(
    rung: Rung,
    data: ImageData,
    device: str,
    seed: int,
    seconds: float,
    rungs: Sequence[Rung],
    clock: Clock,
) -> dict[str, Slot]:
    """Train once; return the run, and those of rungs that only judge it in another way.

    Raises:
        KeyboardInterrupt: If the training was interrupted.
    """
    run = train(
        rung.setup,
        data,
        seconds=seconds,
        marks=MARKS,
        seed=seed,
        device=device,
        clock=clock,
    )
    if not run.complete:
        raise KeyboardInterrupt
    found = {_key(rung, seed): _row(run)}
    for other in rungs:
        if other.base == rung.name and judges_only(other, rungs):
            found[_key(other, seed)] = _row(judged_again(run, other, data))
    for key, row in found.items():
        print(f"{key}: validation {row['marks'][-1][-1]:.1%}, test "
              f"{row['test_accuracy']:.1%}", flush=True)  # fmt: skip
    return found


def judges_only(rung: Rung, rungs: Sequence[Rung]) -> bool:
    """Whether a rung trains exactly as its base does."""
    base = next((one for one in rungs if one.name == rung.base), None)
    return base is not None and rung.setup == replace(base.setup, flip_at_test=True)


def judged_again(run: Run, rung: Rung, data: ImageData) -> Run:
    """Return a run with its last mark and its test accuracy as the rung judges them."""
    model, setup = run.model, rung.setup
    validation = (data.validation_images, data.validation_labels)
    last = replace(run.marks[-1], accuracy=accuracy(model, setup, data, *validation))
    test = accuracy(model, setup, data, data.test_images, data.test_labels)
    return Run(setup, model, run.first_call, [last], test)


def _entry(rung: Rung, partial: Partial, seeds: int) -> dict[str, Any]:
    measured = partial["speeds"].get(rung.name) or partial["speeds"][rung.base]
    rows = [partial[_key(rung, seed)] for seed in range(seeds)]
    return {**asdict(rung), **measured, "runs": rows}


def _row(run: Run) -> Slot:
    """One seed: marks are (seconds, images, loss, validation accuracy)."""
    marks = [
        [round(m.seconds, 2), m.images, round(m.loss, 4), round(m.accuracy, 4)]
        for m in run.marks
    ]
    return {"marks": marks, "test_accuracy": round(run.test_accuracy or 0.0, 4)}


def _key(rung: Rung, seed: int) -> str:
    return f"{rung.name}, seed {seed}"
