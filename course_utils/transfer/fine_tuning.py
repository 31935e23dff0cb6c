"""Train a network, or a part of it, with a learning rate for each part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn

from course_utils import training
from course_utils.datasets import Augment, ImageLoader

if TYPE_CHECKING:
    from course_utils.transfer.networks import SmallCNN, Transfer

Groups = list[dict[str, Any]]

BATCH_SIZE: Final = 16


def discriminative(model: Transfer, rate: float, factor: float) -> Groups:
    """Group what trains: the head with ``rate``, the body with ``rate · factor``.

    Args:
        model: What is frozen in it is left out.
        rate: Learning rate of the head.
        factor: By which the body is slower.
    """
    groups: Groups = []
    for part, part_rate in ((model.head, rate), (model.body, rate * factor)):
        params = [p for p in part.parameters() if p.requires_grad]
        if params:
            groups.append({"params": params, "lr": part_rate})
    return groups


def stages(model: Transfer) -> list[nn.Module]:
    """Return the outermost layers of the body that have parameters, in order."""
    return [layer for layer in model.body.children() if list(layer.parameters())]


def thaw(model: Transfer, last: int) -> None:
    """Let the head and the last stages of the body train, and freeze the others.

    Args:
        model: Its body's outermost layers with parameters are its `stages`.
        last: How many of them train, from 0 to all.

    Raises:
        ValueError: If the body has fewer stages.
    """
    layers = stages(model)
    if not 0 <= last <= len(layers):
        raise ValueError(
            f"last is {last}; this body has {len(layers)} layers with parameters: "
            f"choose from 0 to {len(layers)}"
        )
    model.head.requires_grad_(True)
    for number, layer in enumerate(layers):
        layer.requires_grad_(number >= len(layers) - last)


def fine_tune(
    model: Transfer | SmallCNN,
    images: Tensor,
    labels: Tensor,
    groups: Groups,
    *,
    epochs: int,
    seed: int = 0,
) -> None:
    """Train as before, with learning rates that rise and fall.

    Batches of 16, mirrored at random; AdamW; each group's rate climbs for a fifth of
    the steps and then falls to nearly 0.

    Args:
        model: Its ``mean`` and ``std`` say how the images are normalised.
        images: uint8 (N, 3, H, W).
        labels: int64 (N,).
        groups: Parameters with their largest rates, as an optimizer takes them.
        epochs: How often each image is seen.
        seed: Which order and which mirror images.

    Raises:
        ValueError: If there is nothing to train.
    """
    if not any(group["params"] for group in groups):
        raise ValueError(
            "the groups hold no parameter, so nothing can be trained. Is the whole "
            "model frozen, the new head too? Freeze first, then replace the head"
        )
    loader = _loader(model, images, labels, shuffle=True, seed=seed)
    optimizer = torch.optim.AdamW(groups)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        [group["lr"] for group in groups],
        total_steps=epochs * len(loader),
        pct_start=0.2,
    )
    for _ in range(epochs):
        training.train_epoch(model, loader, optimizer, scheduler=scheduler)


def train_as_before(
    model: Transfer, images: Tensor, labels: Tensor, *, epochs: int, seed: int = 0
) -> None:
    """Train everything as the lecture trains: SGD, rate 0.001, momentum 0.9.

    Args:
        model: Its ``mean`` and ``std`` say how the images are normalised.
        images: uint8 (N, 3, H, W).
        labels: int64 (N,).
        epochs: How often each image is seen.
        seed: Which order and which mirror images.
    """
    loader = _loader(model, images, labels, shuffle=True, seed=seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    for _ in range(epochs):
        training.train_epoch(model, loader, optimizer)


def evaluate(model: Transfer | SmallCNN, images: Tensor, labels: Tensor) -> float:
    """Return the share of images that the model gets right.

    Args:
        model: Its ``mean`` and ``std`` say how the images are normalised.
        images: uint8 (N, 3, H, W).
        labels: int64 (N,).
    """
    loader = _loader(model, images, labels, shuffle=False)
    return training.evaluate(model, loader).accuracy


def _loader(
    model: Transfer | SmallCNN,
    images: Tensor,
    labels: Tensor,
    *,
    shuffle: bool,
    seed: int = 0,
) -> ImageLoader:
    return ImageLoader(
        images,
        labels,
        BATCH_SIZE if shuffle else 100,
        shuffle=shuffle,
        mean=model.mean,
        std=model.std,
        augment=Augment(flip=shuffle),
        seed=seed,
        channels_last=True,
    )
