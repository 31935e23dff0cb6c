"""Stage 3 of the lab: one epoch of training, watched while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD

from course_utils.checks.engine import Case, Exercise, Mistake

Batch = tuple[Tensor, Tensor]
TrainEpoch = Callable[[nn.Module, Iterable[Batch], torch.optim.Optimizer], float]
Loss = Callable[[Tensor, Tensor], Tensor]


class _Watched(nn.Module):
    """A small network that notes each of its training passes.

    Its ``probe`` takes no part in the loss, so its gradient is 0 whenever the
    gradients were set to zero, and is not when an old one was left standing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
        self.probe = nn.Parameter(torch.zeros(1))
        generator = torch.Generator().manual_seed(5)
        for parameter in self.layers.parameters():
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)
        self.modes: list[bool] = []
        self.logits: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (N, 4); note them, and the mode."""
        logits: Tensor = self.layers(x) + 0 * self.probe
        self.modes.append(self.training)
        self.logits.append(logits.detach())
        return logits


class _WatchedSGD(SGD):
    """Counts steps, and notes whether a gradient was older than its batch."""

    def __init__(self, model: _Watched, rate: float) -> None:
        self.probe = model.probe
        self.steps, self.stale = 0, False
        super().__init__(model.parameters(), lr=rate)

    def step(self, closure: Any = None) -> Any:
        """Take a step, then leave a mark that only `zero_grad` removes."""
        gradient = self.probe.grad
        self.stale |= gradient is not None and bool(gradient != 0)
        self.steps += 1
        self.probe.grad = None
        super().step()
        self.probe.grad = torch.ones_like(self.probe)


def _batches(sizes: tuple[int, ...]) -> list[Batch]:
    generator = torch.Generator().manual_seed(sum(sizes))
    batches = []
    for size in sizes:
        labels = torch.randint(0, 4, (size,), generator=generator)
        images = 0.3 * torch.randn(size, 3, 2, 2, generator=generator)
        images[torch.arange(size), 0, labels // 2, labels % 2] += 2  # can be learnt
        batches.append((images, labels))
    return batches


def _properties(
    answer: TrainEpoch, sizes: tuple[int, ...], stream: bool, mode: bool
) -> dict[str, Any]:
    """Train for one epoch, watched; then for some more, to see whether it learns."""
    model, batches = _Watched().train(mode), _batches(sizes)
    optimizer = _WatchedSGD(model, rate=0.1)
    model.probe.grad = torch.ones(1)  # as if somebody had called backward before
    loss = answer(model, _stream(batches) if stream else batches, optimizer)
    seen = list(zip(model.logits, batches, strict=False))
    losses = [F.cross_entropy(logits, b[1], reduction="sum") for logits, b in seen]
    truth = float(sum(losses)) / max(sum(len(b[1]) for _, b in seen), 1)
    found = {
        "images trained on": sum(map(len, model.logits)),
        "steps": optimizer.steps,
        "steps with gradients of an earlier batch": optimizer.stale,
        "training mode in every pass": all(model.modes),
        "training mode afterwards": model.training,
        "kind of the value returned": type(loss).__name__,
        "value returned, as a multiple of the mean loss per image": _multiple(
            loss, truth
        ),
    }
    before = _loss(model, batches)
    for _ in range(3):
        answer(model, batches, optimizer)
    return found | {"the loss falls with more epochs": _loss(model, batches) < before}


def _multiple(loss: object, truth: float) -> float | str:
    value = loss.item() if isinstance(loss, Tensor) and loss.numel() == 1 else loss
    return round(value / truth, 3) if isinstance(value, int | float) else "no number"


def _stream(batches: list[Batch]) -> Iterator[Batch]:
    yield from batches


def _loss(model: _Watched, batches: list[Batch]) -> float:
    with torch.no_grad():
        return sum(float(F.cross_entropy(model.layers(x), y)) for x, y in batches)


def _train_epoch(
    loss_of: Loss = F.cross_entropy,
    order: str = "zbs",
    mode: bool | None = True,
    total: str = "per image",
    full_batches_only: bool = False,
) -> TrainEpoch:
    """Return an epoch with something done otherwise.

    Args:
        loss_of: Loss of logits and labels.
        order: z for zero_grad, b for backward, s for step; a letter may be missing.
        mode: Training mode or not; None leaves the model as it is.
        total: How the losses become one value.
        full_batches_only: Whether a smaller batch is left out.
    """

    def train_epoch(
        model: nn.Module, batches: Iterable[Batch], optimizer: torch.optim.Optimizer
    ) -> Any:
        if mode is not None:
            model.train(mode)
        losses: list[tuple[Tensor, int]] = []
        for images, labels in batches:
            if full_batches_only and losses and len(labels) < losses[0][1]:
                continue
            loss = loss_of(model(images), labels)
            actions: dict[str, Callable[[], Any]] = {
                "z": optimizer.zero_grad,
                "b": loss.backward,
                "s": optimizer.step,
            }
            for letter in order:
                actions[letter]()
            losses.append((loss, len(labels)))
        return _total(losses, total)

    return train_epoch


def _total(losses: list[tuple[Tensor, int]], how: str) -> Any:
    values = [loss.item() for loss, _ in losses]
    images = sum(count for _, count in losses)
    summed = torch.stack([loss * count for loss, count in losses]).sum()
    ways: dict[str, Callable[[], Any]] = {
        "per image": lambda: summed.item() / images,
        "tensor": lambda: summed / images,
        "batch means": lambda: sum(values) / len(values),
        "sum of batches": lambda: sum(values),
        "sum of means by images": lambda: sum(values) / images,
        "last": lambda: values[-1],
    }
    return ways[how]()


def _one_step_an_epoch(
    model: nn.Module, batches: Iterable[Batch], optimizer: torch.optim.Optimizer
) -> float:
    model.train()
    optimizer.zero_grad()
    total, images = 0.0, 0
    for x, labels in batches:
        loss = F.cross_entropy(model(x), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        total, images = total + loss.item() * len(labels), images + len(labels)
    optimizer.step()
    return total / images


def _zero_once(
    model: nn.Module, batches: Iterable[Batch], optimizer: torch.optim.Optimizer
) -> float:
    optimizer.zero_grad()
    return _train_epoch(order="bs")(model, batches, optimizer)


check_train_epoch = Exercise(
    title="11.3 · Loop: one epoch of training",
    reference=_train_epoch(),
    use=_properties,
    cases=(
        Case("batches of 8, 8 and 3 images", ((8, 8, 3), False, False)),
        Case(
            "batches that come one by one and have no length", ((6, 6, 2), True, False)
        ),
        Case("a single batch of 5, the model in training mode", ((5,), False, True)),
    ),
    mistakes=(
        Mistake(
            "no_zero_grad",
            _train_epoch(order="bs"),
            "`zero_grad` is missing. `backward` *adds* to what is in `.grad`, so every "
            "step also follows the gradients of all batches before it.",
        ),
        Mistake(
            "zero_grad_once",
            _zero_once,
            "You call `zero_grad` once, before the loop. It belongs inside: each batch "
            "starts from zero.",
        ),
        Mistake(
            "no_step",
            _train_epoch(order="zb"),
            "`optimizer.step()` is missing: the gradients are computed, and nothing "
            "is done with them.",
        ),
        Mistake(
            "zero_grad_before_step",
            _train_epoch(order="bzs"),
            "You set the gradients to zero between `backward` and `step`, so that the "
            "step has nothing to follow.",
        ),
        Mistake(
            "one_step_an_epoch",
            _one_step_an_epoch,
            "You step once, after the loop. Step after every batch: that is what makes "
            "mini-batches fast.",
        ),
        Mistake(
            "evaluation_mode",
            _train_epoch(mode=False),
            "You trained in evaluation mode: batch norm would learn no statistics and "
            "dropout would drop nothing. Call `model.train()`.",
        ),
        Mistake(
            "mode_left_as_it_was",
            _train_epoch(mode=None),
            "`model.train()` is missing. After an evaluation the model is still in "
            "evaluation mode when your epoch begins.",
        ),
        Mistake(
            "loss_on_probabilities",
            _train_epoch(lambda logits, y: F.cross_entropy(logits.softmax(1), y)),
            "You gave the loss probabilities. `F.cross_entropy` takes logits and does "
            "the softmax itself; twice makes the gradient faint.",
        ),
        Mistake(
            "mean_of_batch_means",
            _train_epoch(total="batch means"),
            "You averaged the batches' losses. The last batch is smaller, and each of "
            "its images counts for more. Weigh each loss by its number of images.",
        ),
        Mistake(
            "sum_of_losses",
            _train_epoch(total="sum of batches"),
            "You added the batches' losses up and did not divide. The mean per image "
            "is wanted.",
        ),
        Mistake(
            "means_divided_by_images",
            _train_epoch(total="sum of means by images"),
            "You added the *means* of the batches and divided by the number of images. "
            "Multiply each mean by its batch's size before you add.",
        ),
        Mistake(
            "last_loss",
            _train_epoch(total="last"),
            "You returned the loss of the last batch alone.",
        ),
        Mistake(
            "tensor_returned",
            _train_epoch(total="tensor"),
            "You returned a tensor. It drags the graphs of all batches along, and your "
            "memory fills up epoch by epoch: `.item()`.",
        ),
        Mistake(
            "last_batch_dropped",
            _train_epoch(full_batches_only=True),
            "You left out the smaller batch at the end: its images are never learnt "
            "from.",
        ),
    ),
    seconds=30.0,  # PyTorch takes seconds to make its first optimizer
    praise="Zero, backward, step, once a batch; and the loss counts every image alike.",
)
