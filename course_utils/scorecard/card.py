"""The score card: one network, one look at the test set, and everything around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

import torch
from torch import Tensor, nn

import course_utils
from course_utils.budget import Budget
from course_utils.lab import Epoch, LabRun
from course_utils.scorecard.baselines import (
    Baseline,
    baselines,
    no_baseline,
    noise,
    pooled_spread,
)
from course_utils.scorecard.task import Task
from course_utils.training import accuracy_interval, evaluate
from course_utils.training.batches import Loader

LESSON: Final = "11_lab_cifar10"


@dataclass(frozen=True, repr=False)
class ScoreCard:
    """What a network reached, on which data, within which budget, on which machine.

    Attributes:
        task: What a result must share with this one to be comparable.
        description: What the data are, in a line.
        class_names: What the labels mean.
        confusion: Counts, row = true class, column = predicted class.
        parameters: Number of weights and biases.
        network: Name of the network's class.
        seed: Seed of the run.
        seconds: What the training took.
        interrupted: Whether somebody stopped it early.
        history: The epochs.
        machine: Device, system, Python, torch.
        written: When, in UTC.
        lesson: Which notebook.
        workbook_version: Of which workbook.
    """

    task: Task
    description: str
    class_names: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    parameters: int
    network: str
    seed: int
    seconds: float
    interrupted: bool
    history: tuple[Epoch, ...]
    machine: dict[str, str]
    written: str
    lesson: str = LESSON
    workbook_version: str = course_utils.__version__

    @property
    def images(self) -> int:
        """Number of test images."""
        return sum(map(sum, self.confusion))

    @property
    def correct(self) -> int:
        """Number of test images predicted rightly."""
        return sum(row[label] for label, row in enumerate(self.confusion))

    @property
    def accuracy(self) -> float:
        """Share of test images predicted rightly, from 0 to 1."""
        return self.correct / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """Between which accuracies the truth lies, as the test set is but a sample."""
        return accuracy_interval(self.correct, self.images)

    @property
    def per_class(self) -> dict[str, float | None]:
        """Accuracy of each true class; ``None`` for a class without test images."""
        return {
            name: row[label] / sum(row) if sum(row) else None
            for label, (name, row) in enumerate(
                zip(self.class_names, self.confusion, strict=True)
            )
        }

    def comparison(self, found: Sequence[Baseline] | None = None) -> list[str]:
        """Return one sentence a baseline, or the one that says there is none.

        Args:
            found: What to compare with; default: the workbook's on this very task.
        """
        found = baselines(self.task) if found is None else found
        if not found:
            return [no_baseline(self.task)]
        spread = pooled_spread(found)
        return [self._against(baseline, spread) for baseline in found]

    def lines(self) -> list[tuple[str, str]]:
        """Return the card as pairs of a heading and what stands beside it."""
        low, high = self.interval
        stopped = ", interrupted" if self.interrupted else self._shortfall()
        epochs = f"{len(self.history)} epoch{'' if len(self.history) == 1 else 's'}"
        pairs = [
            ("Data", f"{self.description} Fingerprint {self.task.fingerprint}."),
            (
                "Budget",
                f"{self.task.budget} on {self.task.device}, {self.task.threads} "
                f"threads; used {self.seconds:.1f} s, {epochs}"
                f"{stopped}; seed {self.seed}",
            ),
            ("Machine", ", ".join(self._machine())),
            ("Network", f"{self.network}, {self.parameters:,} parameters"),
            (
                "Test accuracy",
                f"{self.accuracy:.1%}; with {self.images:,} test images the truth lies "
                f"between {low:.1%} and {high:.1%} (19 times of 20)",
            ),
            ("Classes", self._classes()),
        ]
        heads = ("Compared", *[""] * 99)
        return pairs + list(zip(heads, self.comparison(), strict=False))

    def __repr__(self) -> str:
        rows = "\n".join(f"{head:<14} {text}" for head, text in self.lines())
        return f"Score card · the lab\n{rows}"

    def _repr_html_(self) -> str:
        rows = "".join(_html_row(head, text) for head, text in self.lines())
        return (
            '<table><caption style="text-align: left"><strong>Score card</strong> · '
            f"the lab</caption><tbody>{rows}</tbody></table>"
        )

    def _machine(self) -> Iterator[str]:
        """Versions with their names; device and system speak for themselves."""
        for name, value in self.machine.items():
            yield value if name in ("device", "system") else f"{name} {value}"

    def _shortfall(self) -> str:
        """Say so where other programs left less than the budget."""
        allowed = Budget.of(self.task.budget).seconds or 0.0
        if self.seconds > 0.9 * allowed:
            return ""
        return ", as other programs kept the processor busy"

    def _against(self, other: Baseline, spread: float) -> str:
        gap = self.accuracy - other.accuracy
        chance = noise(self.accuracy, other, self.images, spread)
        what = f"{other.name}, {other.accuracy:.1%}: "
        points = f"{100 * abs(gap):.1f} points"
        if abs(gap) <= chance:
            return (
                f"{what}within noise ({points} {'above' if gap >= 0 else 'below'}, "
                f"and chance alone makes up to {100 * chance:.1f})"
            )
        return (
            f"{what}{'better' if gap > 0 else 'worse'} by {points} (chance alone makes "
            f"up to {100 * chance:.1f})"
        )

    def _classes(self) -> str:
        shares = {name: s for name, s in self.per_class.items() if s is not None}
        best, worst = (
            max(shares, key=shares.__getitem__),
            min(shares, key=shares.__getitem__),
        )
        text = f"best {best} {shares[best]:.0%}, worst {worst} {shares[worst]:.0%}"
        count, true, taken = max(
            (count, i, j)
            for i, row in enumerate(self.confusion)
            for j, count in enumerate(row)
            if i != j
        )
        if not count:
            return f"{text}; no image was mistaken"
        return (
            f"{text}; most often mistaken: {self.class_names[true]} taken for "
            f"{self.class_names[taken]}, {count} times"
        )


def judge(
    model: nn.Module,
    test_batches: Loader,
    *,
    task: Task,
    run: LabRun,
    class_names: Sequence[str],
    description: str,
    seed: int,
) -> ScoreCard:
    """Look at the test set, once, and write down what the network reached.

    Args:
        model: The trained network; returns logits, (N, C).
        test_batches: All test images, normalised, with their labels.
        task: What was asked: data and budget.
        run: What `train_within` returned.
        class_names: What the labels mean.
        description: What the data are, in a line.
        seed: Seed of the run.

    Raises:
        ValueError: If the run had another budget than the task, the batches do not
            hold the whole test set, or the run has no epoch.
    """
    if run.budget.label != task.budget or not run.epochs:
        raise ValueError(
            f"the run had {len(run.epochs)} epochs within {run.budget.label}, and the "
            f"task allows {task.budget}: train within the task's budget first"
        )
    found = evaluate(model, test_batches)
    if len(found.labels) != task.test_images:
        raise ValueError(
            f"the batches hold {len(found.labels):,} images, and the test set has "
            f"{task.test_images:,}: every test image counts, and each of them once"
        )
    return ScoreCard(
        task=task,
        description=description,
        class_names=tuple(class_names),
        confusion=tuple(map(tuple, _counts(found.confusion, len(class_names)))),
        parameters=sum(p.numel() for p in model.parameters()),
        network=type(model).__name__,
        seed=seed,
        seconds=round(run.seconds, 2),
        interrupted=run.interrupted,
        history=tuple(run.epochs),
        machine=machine(),
        written=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def machine() -> dict[str, str]:
    """Return what a result depends on: device, system, Python, torch."""
    from course_utils.machine import gather

    facts = gather()
    return {
        "device": facts.device,
        "system": facts.system,
        "python": str(facts.versions["python"]),
        "torch": torch.__version__,
    }


def _counts(confusion: Tensor, classes: int) -> list[list[int]]:
    if confusion.shape[0] != classes:
        raise ValueError(
            f"the network returns {confusion.shape[0]} logits, and there are {classes} "
            "classes: one logit a class"
        )
    return [[int(count) for count in row] for row in confusion.tolist()]


def _html_row(head: str, text: str) -> str:
    left = 'style="text-align: left"'
    first = f'<th scope="row" {left}>{escape(head)}</th>' if head else "<td></td>"
    return f"<tr>{first}<td {left}>{escape(text)}</td></tr>"
