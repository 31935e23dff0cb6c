"""Train by the clock: only training counts, judging does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from course_utils.climb.judging import accuracy
from course_utils.climb.setup import Setup
from course_utils.climb.trainer import WAIT_EVERY, Clock, Trainer, clock_of
from course_utils.datasets import ImageData
from course_utils.devices.timing import synchronize


@dataclass(frozen=True)
class Mark:
    """What was reached at a moment of the training.

    Attributes:
        seconds: Of training so far; judging does not count.
        images: Trained on so far.
        loss: Mean loss per image since the mark before.
        accuracy: Share of validation images predicted rightly, from 0 to 1.
    """

    seconds: float
    images: int
    loss: float
    accuracy: float


@dataclass(eq=False)
class Run:
    """What a training did.

    Attributes:
        setup: Its recipe.
        model: The trained network.
        first_call: Seconds of the first pass, before the clock starts.
        marks: What was reached, in the order of time.
        test_accuracy: Share of test images predicted rightly at the end; ``None`` where
            the run was interrupted.
    """

    setup: Setup
    model: nn.Module
    first_call: float
    marks: list[Mark] = field(default_factory=list)
    test_accuracy: float | None = None

    @property
    def complete(self) -> bool:
        """Whether the run came to its end."""
        return self.test_accuracy is not None

    @property
    def images_per_second(self) -> float:
        """How fast it was, over the whole run."""
        last = self.marks[-1]
        return last.images / last.seconds

    def seconds_to(self, accuracy: float) -> float | None:
        """Return the training time of the first mark with this validation accuracy."""
        reached = (m.seconds for m in self.marks if m.accuracy >= accuracy)
        return next(reached, None)


def train(
    setup: Setup,
    data: ImageData,
    *,
    seconds: float | None = None,
    epochs: float | None = None,
    marks: int | Sequence[float] = 4,
    seed: int = 0,
    device: torch.device | str = "cpu",
    clock: Clock = "wall",
) -> Run:
    """Train for a time or for a number of epochs.

    An interruption (Kernel → Interrupt, or Ctrl-C) ends the training; the run keeps the
    marks so far and the network, and says that it is not complete.

    Args:
        setup: The recipe.
        data: Learns from its training images, judges the marks by its validation
            images and the end by its test images.
        seconds: How long to train; judging and the first pass do not count.
        epochs: How often to see each training image; instead of ``seconds``.
        marks: How many marks, evenly spread; or the shares (above 0 to 1) at which
            they stand.
        seed: Of the weights and the order of the images.
        device: Where to train.
        clock: Which time counts; see `course_utils.climb.trainer.clock_of`.

    Raises:
        ValueError: If not exactly one of ``seconds`` and ``epochs`` is given, or a
            share is out of range.
    """
    limit = _Limit.of(seconds, epochs, len(data.train_labels))
    shares = _shares(marks)
    trainer = Trainer(setup, data, seed=seed, device=device)
    model, done = trainer.model, 0.0
    now = clock_of(clock, setup, trainer.device)
    run = Run(setup, model, trainer.first_call)
    validation = (data.validation_images, data.validation_labels)
    test = (data.test_images, data.test_labels)
    try:
        for share in shares:
            images, loss, spent = _until(trainer, limit, share, done, now)
            done += spent
            found = accuracy(model, setup, data, *validation)
            run.marks.append(Mark(done, trainer.images_seen, loss / images, found))
        run.test_accuracy = accuracy(model, setup, data, *test)
    except KeyboardInterrupt:
        print(f"Interrupted: {len(run.marks)} of {len(shares)} marks are kept.")
    return run


@dataclass(frozen=True)
class _Limit:
    """When a training ends: after a time, or after a number of images."""

    seconds: float
    images: float

    @classmethod
    def of(cls, seconds: float | None, epochs: float | None, count: int) -> _Limit:
        if (seconds is None) == (epochs is None):
            raise ValueError(
                f"seconds is {seconds} and epochs is {epochs}; give one of them"
            )
        given = seconds if epochs is None else epochs
        if given is None or not given > 0:
            raise ValueError(f"the training is to last {given}; expected more than 0")
        infinite = float("inf")
        return cls(seconds or infinite, epochs * count if epochs else infinite)

    def progress(self, seconds: float, images: int) -> float:
        """Return the share that is done; exactly one of the two limits is finite."""
        return min(seconds / self.seconds + images / self.images, 1.0)


def _shares(marks: int | Sequence[float]) -> list[float]:
    if isinstance(marks, int):
        marks = [(k + 1) / marks for k in range(marks)]
    shares = sorted(marks)
    if not shares or not (shares[0] > 0 and shares[-1] == 1):
        raise ValueError(
            f"marks is {marks}; expected a number from 1, or shares of the training "
            "above 0 that end with 1"
        )
    return shares


def _until(
    trainer: Trainer,
    limit: _Limit,
    share: float,
    done: float,
    now: Callable[[], float],
) -> tuple[int, float, float]:
    """Train until a share of the training is done.

    Returns:
        Images, the sum of their losses, and the seconds that it took.
    """
    before, steps = trainer.images_seen, 0
    total = torch.zeros((), device=trainer.device)
    start = now()
    progress = limit.progress(done, before)
    while progress < share:
        total += trainer.step(progress) * trainer.setup.batch_size
        steps += 1
        if steps % WAIT_EVERY == 0:
            synchronize(trainer.device)
        progress = limit.progress(done + now() - start, trainer.images_seen)
    synchronize(trainer.device)
    seconds = now() - start
    return max(trainer.images_seen - before, 1), float(total), seconds
