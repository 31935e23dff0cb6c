"""What a diagnosis looks at: images, and copies of model and optimizer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from course_utils.training.batches import Loader, batches
from course_utils.training.epochs import LossFunction
from course_utils.training.logits import explained, require_shape
from course_utils.training.seeds import random_state, restore_random_state

TrainingStep = Callable[[nn.Module, Tensor, Tensor, Optimizer], Any]
EvaluateFunction = Callable[[nn.Module, Loader], Any]

MOST_IMAGES = 4096
_MOST_VALUES = 2**24  # 64 MiB as float32: few large images instead of many small ones
_SEED = 0


@dataclass(frozen=True, eq=False)
class Case:
    """One diagnosis: what was passed, and what was read from the loaders.

    Attributes:
        model: The model itself; only copies of it are run.
        loader: The training loader.
        loss_function: Of logits and labels.
        images: Training images, (N, C, H, W), on the model's device.
        labels: Their classes, (N,).
        batch_size: Size of the loader's first batch.
        logits: Of the training images, (N, C), in evaluation mode.
        val_images: Validation images, or ``None``.
        val_labels: Their classes, or ``None``.
        sizes: Number of logits an image.
    """

    model: nn.Module
    loader: Loader
    val_loader: Loader | None
    loss_function: LossFunction
    optimizer: Optimizer | None
    training_step: TrainingStep | None
    evaluate_function: EvaluateFunction | None
    images: Tensor
    labels: Tensor
    batch_size: int
    logits: Tensor
    val_images: Tensor | None = None
    val_labels: Tensor | None = None

    def copied_model(self) -> nn.Module:
        """Return a copy of the model, without others' hooks and without gradients."""
        return copied(self.model)

    def copied_pair(self) -> tuple[nn.Module, Optimizer]:
        """Return copies of model and optimizer that belong together."""
        assert self.optimizer is not None  # the caller has looked
        memo = _kept_outputs(self.model)
        # one memo for both, so that the optimizer's copy holds the model's copy
        model = _cleared(copy.deepcopy(self.model, memo))
        optimizer = copy.deepcopy(self.optimizer, memo)
        optimizer.zero_grad()
        return model, optimizer


def copied(model: nn.Module) -> nn.Module:
    """Return a copy of the model, without others' hooks and without gradients."""
    return _cleared(copy.deepcopy(model, _kept_outputs(model)))


def _kept_outputs(model: nn.Module) -> dict[int, Any]:
    # a forward may have kept an output, whose gradients make it refuse to be copied
    kept = [value for module in model.modules() for value in vars(module).values()]
    computed = [v for v in kept if isinstance(v, Tensor) and not v.is_leaf]
    return {id(value): value.detach() for value in computed}


def _cleared(model: nn.Module) -> nn.Module:
    for module in model.modules():
        module._forward_hooks.clear()  # they may store what they see
        module._forward_pre_hooks.clear()
    model.zero_grad(set_to_none=True)
    return model


def seeded() -> None:
    """Start the random numbers anew, so that two runs draw the same."""
    torch.manual_seed(_SEED)


def read(loader: Loader, model: nn.Module, name: str) -> tuple[Tensor, Tensor, int]:
    """Return the loader's first images and labels, and the size of its first batch."""
    home = next((p.device for p in model.parameters()), None)
    all_images: list[Tensor] = []
    all_labels: list[Tensor] = []
    count, most = 0, MOST_IMAGES
    for images, labels in batches(loader, model, home, name):
        all_images.append(images)
        all_labels.append(labels)
        count += len(images)
        most = min(MOST_IMAGES, max(64, _MOST_VALUES // images[0].numel()))
        if count >= most:
            break
    size = len(all_images[0])
    return torch.cat(all_images)[:most], torch.cat(all_labels)[:most], size


def predicted(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Return the logits of all images in evaluation mode, (N, C)."""
    model = copied(model).eval()
    seeded()
    with torch.no_grad():
        parts = []
        for some, classes in zip(
            torch.split(images, 256), torch.split(labels, 256), strict=True
        ):
            with explained(model, some, classes):
                logits = model(some)
            require_shape(logits, classes)
            parts.append(logits.float())
    return torch.cat(parts)


def called_layers(model: nn.Module, images: Tensor) -> list[tuple[str, Tensor]]:
    """Return the layers with weights in the order of their calls, with their outputs.

    Args:
        model: Any model; a copy of it runs in evaluation mode.
        images: (N, C, H, W).
    """
    model, calls = copied(model).eval(), []
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
            module.register_forward_hook(
                lambda *call, name=name: calls.append((name, call[2]))
            )
    with torch.no_grad():
        model(images)
    return calls


@contextmanager
def untouched(
    model: nn.Module, optimizer: Optimizer | None, *loaders: Loader | None
) -> Iterator[None]:
    """Afterwards random numbers, modes, weights, gradients and state are as before."""
    present = [loader for loader in loaders if loader is not None]
    random, keep = random_state(*present), Keeper(model, optimizer)
    try:
        yield
    finally:
        keep.restore()
        restore_random_state(random, *present)


class Keeper:
    """A copy of all that a function may change in model or optimizer."""

    def __init__(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        self.model, self.optimizer = model, optimizer
        self.modes = {module: module.training for module in model.modules()}
        self.tensors = [
            (t, t.detach().clone()) for t in (*model.parameters(), *model.buffers())
        ]
        self.gradients = [
            (p, p.grad, None if p.grad is None else p.grad.clone())
            for p in model.parameters()
        ]
        self.state = None
        if optimizer is not None:
            self.state = copy.deepcopy(optimizer.state_dict())

    def changed(self) -> bool:
        """Tell whether weights, statistics or gradients are other than they were."""
        weights = any(not _same(now, before) for now, before in self.tensors)
        return weights or any(
            (p.grad is None) != (before is None)
            or (before is not None and not _same(p.grad, before))
            for p, _, before in self.gradients
        )

    def restore(self) -> None:
        """Put everything back; write nothing where nothing was changed."""
        for module, mode in self.modes.items():
            module.training = mode
        if not self.changed():
            return
        with torch.no_grad():
            for now, before in self.tensors:
                now.copy_(before)
        for parameter, gradient, old in self.gradients:
            if gradient is not None and old is not None:
                gradient.copy_(old)
            parameter.grad = gradient
        if self.optimizer is not None and self.state is not None:
            self.optimizer.load_state_dict(self.state)


def _same(a: Tensor | None, b: Tensor) -> bool:
    return a is not None and torch.equal(a.nan_to_num(), b.nan_to_num())
