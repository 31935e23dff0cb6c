"""One epoch of training, and an evaluation that counts every image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from course_utils.training.batches import Device, Loader, batches
from course_utils.training.logits import explained, require_logits
from course_utils.training.metrics import accuracy_interval, confusion_matrix

LossFunction = Callable[[Tensor, Tensor], Tensor]

# reading a loss makes a GPU wait, so that it is not read after every batch
_LOOK_EVERY = 20


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """What a model did on every image of a loader, in the loader's order.

    Attributes:
        loss: Mean cross-entropy per image.
        logits: (N, C), on the CPU.
        labels: True classes, int64, (N,), on the CPU.
    """

    loss: float
    logits: Tensor
    labels: Tensor

    @property
    def predictions(self) -> Tensor:
        """Predicted classes, int64, (N,)."""
        return self.logits.argmax(dim=1)

    @property
    def probabilities(self) -> Tensor:
        """Probability of every class, (N, C); each row sums to 1."""
        return self.logits.softmax(dim=1)

    @property
    def correct(self) -> int:
        """Number of images predicted rightly."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """Share of images predicted rightly, from 0 to 1."""
        return self.correct / len(self.labels)

    @property
    def confusion(self) -> Tensor:
        """Counts, (C, C): row = true class, column = predicted class."""
        classes = self.logits.shape[1]
        return confusion_matrix(self.labels, self.predictions, classes)

    def __repr__(self) -> str:
        low, high = accuracy_interval(self.correct, len(self.labels))
        return (
            f"{len(self.labels):,} images: loss {self.loss:.3f}, accuracy "
            f"{self.accuracy:.1%} (95 % interval {low:.1%} to {high:.1%})"
        )


def train_epoch(
    model: nn.Module,
    loader: Loader,
    optimizer: Optimizer,
    *,
    scheduler: LRScheduler | None = None,
    loss_function: LossFunction = F.cross_entropy,
    device: Device = None,
) -> float:
    """Train on every batch once; leave the model in training mode.

    Args:
        model: Returns logits, (N, C).
        loader: Yields ``(images, labels)``: floats (N, C, H, W) and int64 (N,).
        optimizer: Holds the model's parameters.
        scheduler: Stepped after every *batch*, if there is one.
        loss_function: Of logits and labels; returns the batch's mean.
        device: Where to move the batches; ``None`` leaves them where they are.

    Returns:
        Mean loss per image while training: every image counts the same, also those of
        a smaller last batch.

    Raises:
        TypeError: If something is of the wrong kind or dtype; the message says what.
        ValueError: If shapes, labels or devices do not fit; the message says what.
        FloatingPointError: If the loss is not finite.
    """
    if isinstance(scheduler, ReduceLROnPlateau):
        raise TypeError(
            "scheduler is a ReduceLROnPlateau, which needs a validation loss; choose "
            "one that counts batches, such as OneCycleLR or CosineAnnealingLR"
        )
    model.train()
    losses = _Losses(optimizer)
    for images, labels in batches(loader, model, device):
        optimizer.zero_grad()
        with explained(model, images, labels):
            logits = model(images)
            if not losses.counts:
                require_logits(logits, labels)
            loss = loss_function(logits, labels)
        losses.add(loss, images)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return losses.mean()


def evaluate(model: nn.Module, loader: Loader, *, device: Device = None) -> Evaluation:
    """Evaluate a model on every image: evaluation mode, no gradients, nothing changed.

    Args:
        model: Returns logits, (N, C). Every layer gets back the mode it had.
        loader: Yields ``(images, labels)``; a smaller last batch counts in full.
        device: Where to move the batches; ``None`` leaves them where they are.

    Raises:
        TypeError: If something is of the wrong kind or dtype; the message says what.
        ValueError: If shapes, labels or devices do not fit; the message says what.
        FloatingPointError: If the loss is not finite.
    """
    all_logits: list[Tensor] = []
    all_labels: list[Tensor] = []
    total = 0.0
    with evaluation_mode(model), torch.inference_mode():
        for images, labels in batches(loader, model, device):
            with explained(model, images, labels):
                logits = model(images)
                if not all_logits:
                    require_logits(logits, labels)
                loss = F.cross_entropy(logits.float(), labels, reduction="sum")
            total += float(loss)
            all_logits.append(logits.float().cpu())
            all_labels.append(labels.cpu())
    # as ordinary tensors, so that they may be used in a computation with gradients
    logits, labels = torch.cat(all_logits).clone(), torch.cat(all_labels).clone()
    loss_per_image = total / len(labels)
    if not torch.isfinite(torch.tensor(loss_per_image)):
        raise FloatingPointError(
            f"the loss while evaluating is {loss_per_image}: the images or the "
            "model's weights hold values that are not finite. If a training with too "
            "large a learning rate went before, make the model anew"
        )
    return Evaluation(loss_per_image, logits, labels)


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode; afterwards each layer has its mode again."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        # not model.train(): a layer frozen in evaluation mode must stay so
        for module, mode in modes.items():
            module.training = mode


class _Losses:
    """The losses of an epoch, weighted by the number of images."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.losses: list[Tensor] = []
        self.counts: list[int] = []

    def add(self, loss: Tensor, images: Tensor) -> None:
        if not isinstance(loss, Tensor) or loss.ndim:
            found = tuple(loss.shape) if isinstance(loss, Tensor) else loss
            raise ValueError(
                f"the loss function returned {found}; expected one number, the mean "
                'over the batch: use reduction="mean"'
            )
        self.losses.append(loss.detach())
        self.counts.append(len(images))
        if len(self.counts) % _LOOK_EVERY == 1:
            self._require_finite(images)

    def mean(self) -> float:
        self._require_finite()
        values = torch.stack(self.losses).double().cpu()
        counts = torch.tensor(self.counts, dtype=torch.float64)
        return float((values * counts).sum() / counts.sum())

    def _require_finite(self, images: Tensor | None = None) -> None:
        values = torch.stack(self.losses)
        bad = (~torch.isfinite(values)).nonzero()
        if not len(bad):
            return
        batch = int(bad[0])
        rates = sorted({float(group["lr"]) for group in self.optimizer.param_groups})
        if batch == 0 and images is not None and not images.isfinite().all():
            why = "the images hold values that are not finite: look at the transforms"
        elif batch == 0:
            why = (
                "no step was taken yet, so the model's weights are not finite already: "
                "make the model anew"
            )
        else:
            shown = " and ".join(f"{rate:g}" for rate in rates)
            why = (
                f"most often the learning rate is too large: it is {shown}, try a "
                "tenth, with model and optimizer made anew (these weights are spoilt)"
            )
        value = float(values[batch])
        raise FloatingPointError(f"the loss is {value} at batch {batch + 1}: {why}")
