"""Training within a budget: it ends when the time does, and keeps the best weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from course_utils.budget import Budget, Clock

Batch = tuple[Tensor, Tensor]
Augmentation = Callable[[Tensor], Tensor]
Schedule = Callable[[float], float]


class Batches:
    """Batches of tensors in memory; the last one holds what is left.

    Args:
        images: Normalised floats, (N, C, H, W).
        labels: int64, (N,).
        batch_size: Images in a batch.
        shuffle: Another order each time; for training only.
        augment: Varies a batch of images; for training only.

    Raises:
        ValueError: If there are no images, or not one label an image.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        batch_size: int,
        *,
        shuffle: bool = False,
        augment: Augmentation | None = None,
    ) -> None:
        if len(images) != len(labels) or not len(images) or batch_size < 1:
            raise ValueError(
                f"there are {len(images)} images, {len(labels)} labels and batches of "
                f"{batch_size}; expected one label an image, and at least one of each"
            )
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self.shuffle, self.augment = shuffle, augment

    def __len__(self) -> int:
        """Number of batches."""
        return -(-len(self.images) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield (images, labels): floats (N, C, H, W) and int64 (N,)."""
        count, device = len(self.images), self.images.device
        order = torch.randperm(count) if self.shuffle else torch.arange(count)
        size = self.batch_size
        for start in range(0, count, size):
            chosen = order[start : start + size].to(device)
            images = self.images.index_select(0, chosen)
            if self.augment is not None:
                images = self.augment(images)
            yield images, self.labels[chosen]


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run.

    Attributes:
        epoch: Number of the epoch, from 1; the last may have been cut short.
        train_loss: Mean loss per image while training.
        val_accuracy: Share of validation images predicted rightly, from 0 to 1.
        seconds: Time that the run has taken so far.
    """

    epoch: int
    train_loss: float
    val_accuracy: float
    seconds: float


@dataclass(eq=False)
class LabRun:
    """What a run within a budget did.

    Attributes:
        budget: What it was allowed.
        epochs: One record an epoch.
        seconds: What it took in all.
        interrupted: Whether somebody stopped it early.
    """

    budget: Budget
    epochs: list[Epoch] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights were kept; ``None`` before the first."""
        return max(self.epochs, key=lambda epoch: epoch.val_accuracy, default=None)

    def __repr__(self) -> str:
        if self.best is None:
            return f"{self.budget.label}: no epoch was finished"
        stopped = ", interrupted" if self.interrupted else ""
        epochs = f"{len(self.epochs)} epoch{'' if len(self.epochs) == 1 else 's'}"
        return (
            f"{epochs} in {self.seconds:.1f} s of {self.budget.label}"
            f"{stopped}; best validation accuracy {self.best.val_accuracy:.1%}, after "
            f"epoch {self.best.epoch}"
        )


def constant(progress: float) -> float:
    """Return 1 at any time: a learning rate that never changes."""
    return 1.0


def train_within(
    budget: Budget,
    model: nn.Module,
    train_batches: Batches,
    validation_batches: Batches,
    optimizer: Optimizer,
    *,
    train_epoch: Callable[..., float],
    evaluate: Callable[..., tuple[float, Tensor]],
    schedule: Schedule = constant,
    patience: float = 2.5,
    quiet: bool = False,
) -> LabRun:
    """Train until the budget is spent; leave the best weights in the model.

    The learning rates that the optimizer was made with are the peaks. Before each
    batch they are multiplied by ``schedule(progress)``, where progress is the share of
    the budget that is spent, 0 to 1: so a schedule ends when the budget does, however
    fast the machine is. An interruption (Kernel → Interrupt) ends the run early and
    keeps what was reached.

    Args:
        budget: What is allowed.
        model: Returns logits, (N, C).
        train_batches: What to learn from.
        validation_batches: What decides which weights are the best.
        optimizer: Holds the model's parameters.
        train_epoch: Of model, batches and optimizer; returns the mean loss.
        evaluate: Of model and batches; returns accuracy and confusion counts.
        schedule: Of the share of the budget spent; returns a factor.
        patience: How many times the budget the run may take by the clock on the wall,
            where other programs keep the processor busy.
        quiet: Print nothing.

    Raises:
        FloatingPointError: If the loss is not finite.
        TypeError: If ``train_epoch`` or ``evaluate`` returns something else.
    """
    device = train_batches.images.device.type
    clock = Clock(budget, len(train_batches), device, patience)
    rates = _Rates(optimizer, schedule)
    run, best = LabRun(budget), None
    try:
        while clock.progress() < 1:
            timed = _until_over(train_batches, clock, rates)
            loss = _mean_loss(train_epoch(model, timed, optimizer), rates)
            accuracy = _accuracy(evaluate(model, validation_batches))
            run.epochs.append(
                Epoch(len(run.epochs) + 1, loss, accuracy, clock.seconds())
            )
            if run.best is run.epochs[-1]:
                best = {k: v.detach().clone() for k, v in model.state_dict().items()}
            if not quiet:
                print(_line(run.epochs[-1]), flush=True)
    except KeyboardInterrupt:
        run.interrupted = True
        if not quiet:
            print(f"Interrupted after {clock.seconds():.1f} s of {budget.label}.")
    finally:
        rates.restore()
    run.seconds = clock.seconds()
    if best is not None:
        model.load_state_dict(best)
    return run


class _Rates:
    """The optimizer's learning rates as shares of their peaks."""

    def __init__(self, optimizer: Optimizer, schedule: Schedule) -> None:
        self.groups: list[dict[str, Any]] = optimizer.param_groups
        self.peaks = [float(group["lr"]) for group in self.groups]
        self.schedule = schedule

    def set(self, progress: float) -> None:
        factor = self.schedule(progress)
        for group, peak in zip(self.groups, self.peaks, strict=True):
            group["lr"] = factor * peak

    def restore(self) -> None:
        for group, peak in zip(self.groups, self.peaks, strict=True):
            group["lr"] = peak


def _until_over(batches: Batches, clock: Clock, rates: _Rates) -> Iterator[Batch]:
    """Yield batches until the budget is spent, at least one."""
    for batch in batches:
        rates.set(clock.progress())
        yield batch
        clock.done += 1
        if clock.progress() >= 1:
            return


def _mean_loss(loss: object, rates: _Rates) -> float:
    if isinstance(loss, bool) or not isinstance(loss, int | float):
        raise TypeError(
            f"train_epoch returned {loss!r} ({type(loss).__name__}); expected the mean "
            "loss as a float: is `return` or `.item()` missing?"
        )
    if not math.isfinite(loss):
        peak = " and ".join(f"{peak:g}" for peak in rates.peaks)
        raise FloatingPointError(
            f"the loss is {loss}: most often the learning rate is too large. Its peak "
            f"is {peak}; try a tenth, with model and optimizer made anew"
        )
    return float(loss)


def _accuracy(found: object) -> float:
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], float):
        return found[0]
    raise TypeError(
        f"evaluate returned {found!r:.80}; expected accuracy, a float, and the "
        "confusion counts, a tensor"
    )


def _line(epoch: Epoch) -> str:
    return (
        f"epoch {epoch.epoch:2}, {epoch.seconds:5.1f} s: training loss "
        f"{epoch.train_loss:.3f}, validation accuracy {epoch.val_accuracy:.1%}"
    )
