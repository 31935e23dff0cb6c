"""The workbook's own results, and what of a difference is noise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Final, Self

from course_utils.assets.manifest import checkout
from course_utils.lab import Epoch
from course_utils.scorecard.task import Task

_MEASURE: Final = "python -m tools.record_lab --data {source} --budget {budget!r}"


@dataclass(frozen=True)
class Baseline:
    """One network with its recipe, measured with several seeds.

    Attributes:
        name: What it is, in a few words.
        recipe: How it was trained.
        parameters: Number of weights and biases.
        accuracies: Test accuracy of each seed, from 0 to 1.
        epochs: Number of epochs of each seed.
        history: The epochs of the first seed.
        measured: Machine, versions, date.
    """

    name: str
    recipe: str
    parameters: int
    accuracies: tuple[float, ...]
    epochs: tuple[int, ...]
    history: tuple[Epoch, ...]
    measured: dict[str, str]

    @property
    def accuracy(self) -> float:
        """Mean over the seeds."""
        return mean(self.accuracies)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds."""
        return stdev(self.accuracies)

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Self:
        """Return the baseline that `tools.record_lab` wrote."""
        return cls(
            name=entry["name"],
            recipe=entry["recipe"],
            parameters=entry["parameters"],
            accuracies=tuple(entry["accuracies"]),
            epochs=tuple(entry["epochs"]),
            history=tuple(Epoch(**epoch) for epoch in entry["history"]),
            measured=entry["measured"],
        )


@dataclass(frozen=True, repr=False)
class Targets:
    """The baselines of a task, as a table; or a sentence where there are none."""

    task: Task
    baselines: tuple[Baseline, ...]

    def __repr__(self) -> str:
        if not self.baselines:
            return no_baseline(self.task)
        lines = [f"{self.task.budget} on {self.task.threads} threads, {machines(self)}"]
        lines += [" · ".join(row) for row in self._rows()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if not self.baselines:
            return f"<p>{escape(no_baseline(self.task))}</p>"
        heads = ("Network", "Recipe", "Parameters", "Epochs", "Test accuracy")
        head = "".join(f'<th scope="col">{text}</th>' for text in heads)
        rows = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in self._rows()
        )
        return (
            f'<table><caption style="text-align: left">The workbook\'s baselines: '
            f"{escape(self.task.budget)} on {self.task.threads} threads, "
            f"{escape(machines(self))}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                b.name,
                b.recipe,
                f"{b.parameters:,}",
                span(b.epochs),
                f"{b.accuracy:.1%} ± {100 * b.spread:.1f} (n = {len(b.accuracies)})",
            )
            for b in self.baselines
        ]


def baselines(task: Task, path: Path | None = None) -> tuple[Baseline, ...]:
    """Return what was measured on this very task; empty where nothing was.

    Args:
        task: Data, budget and kind of machine.
        path: The records; default: ``data/recorded/lab_baselines.json``.
    """
    return tuple(
        Baseline.from_json(baseline)
        for measured in baselines_on_record(path)
        if Task(**measured["task"]) == task
        for baseline in measured["baselines"]
    )


def targets(task: Task, path: Path | None = None) -> Targets:
    """Return the baselines of a task in a form to look at."""
    return Targets(task, baselines(task, path))


def baselines_on_record(path: Path | None = None) -> list[dict[str, Any]]:
    """Return everything that was measured, one entry a task."""
    if path is None:
        root = checkout()
        source: Any = (
            root / "data" / "recorded" / "lab_baselines.json"
            if root
            else files("course_utils").joinpath("recorded_runs/lab_baselines.json")
        )
    else:
        source = path
    if not source.is_file():
        return []
    found: list[dict[str, Any]] = json.loads(source.read_text("utf-8"))["tasks"]
    return found


def no_baseline(task: Task) -> str:
    """Say that there is nothing to compare with, and how to measure it."""
    command = _MEASURE.format(source=task.source, budget=task.budget)
    return (
        f"No baseline was measured on {task}. A result on other data, another budget "
        "or another number of threads would be no fair comparison, so none is made. "
        f"To measure it yourself: {command}"
    )


def noise(accuracy: float, other: Baseline, images: int, spread: float) -> float:
    """Return how large a difference chance alone makes, 19 times of 20.

    Two causes are added up: the test set is a sample, and every seed gives another
    network. Both results see the same test images, so that the first is, if anything,
    overestimated.

    Args:
        accuracy: The accuracy to compare.
        other: What it is compared with.
        images: Number of test images.
        spread: Standard deviation from seed to seed.
    """
    sampling = sum(p * (1 - p) / images for p in (accuracy, other.accuracy))
    seeds = spread**2 * (1 + 1 / len(other.accuracies))
    return 2 * sqrt(sampling + seeds)


def pooled_spread(found: Sequence[Baseline]) -> float:
    """Return the spread from seed to seed, from all baselines together.

    Three seeds alone tell little about a spread; several times three tell more.
    """
    return sqrt(mean(baseline.spread**2 for baseline in found))


def machines(targets: Targets) -> str:
    """Say where and when the baselines were measured."""
    first = targets.baselines[0].measured
    return f"measured on {first['device']}, torch {first['torch']}, {first['date']}"


def span(counts: Sequence[int]) -> str:
    """Return whole numbers as their range: 7, or 7 to 9."""
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"
