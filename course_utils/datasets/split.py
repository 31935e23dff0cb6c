"""Cuts that keep the classes in proportion; labels and a seed determine them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Sizes:
    """How many images a caller wants; ``None`` leaves it to the source."""

    train: int | None = None
    validation: int | None = None
    test: int | None = None
    seed: int = 0


def select_per_class(
    images: Tensor, labels: Tensor, n: int, *, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Choose ``n`` images of each class; fewer are always a part of more.

    Args:
        images: (N, ...), of any kind.
        labels: (N,), whole numbers.
        n: How many of each class.
        seed: Which choice.

    Returns:
        Images (n · classes, ...) and labels (n · classes,), in their first order.

    Raises:
        ValueError: If a class has fewer than ``n`` images.
    """
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels: they differ")
    queues = _shuffled_by_class(labels.cpu().numpy(), seed)
    poorest = min(queues, key=lambda label: len(queues[label]), default=None)
    if poorest is None or not 1 <= n <= len(queues[poorest]):
        most = 0 if poorest is None else len(queues[poorest])
        raise ValueError(
            f"n is {n}; the class with the fewest images (label {poorest}) has {most}: "
            f"choose from 1 to {most}"
        )
    chosen = torch.from_numpy(np.sort(np.concatenate([q[:n] for q in queues.values()])))
    chosen = chosen.to(labels.device)
    return images[chosen.to(images.device)], labels[chosen]


def cut_validation(
    labels: Indices, validation_size: int, train_size: int | None, seed: int
) -> tuple[Indices, Indices]:
    """Cut the validation images from the training images.

    Every class gives its share to each part. The validation images depend on
    ``validation_size`` and ``seed`` only, and a smaller training set is a part of a
    larger one, so that sizes can be compared on the same validation images.

    Returns:
        Indices of training and of validation images, each in ascending order.

    Raises:
        ValueError: If there are too few images, or a size is too small for all classes.
    """
    validation, rest = cut(labels, validation_size, seed, "validation_size")
    if train_size is None:
        return rest, validation
    train = rest[take(labels[rest], train_size, seed, "train_size")]
    return train, validation


def cut(
    labels: Indices, size: int, seed: int, argument: str
) -> tuple[Indices, Indices]:
    """Cut ``size`` images off, leaving at least one of each class.

    Returns:
        Indices of the piece and of what is left, each in ascending order.
    """
    queues = _shuffled_by_class(labels, seed)
    counts = [len(queue) - 1 for queue in queues.values()]
    shares = _shares(counts, size, argument)
    pairs = list(zip(queues.values(), shares, strict=True))
    piece = np.sort(np.concatenate([queue[:share] for queue, share in pairs]))
    rest = np.sort(np.concatenate([queue[share:] for queue, share in pairs]))
    return piece, rest


def take(labels: Indices, size: int, seed: int | None, argument: str) -> Indices:
    """Indices of ``size`` images, in ascending order; the first ones without a seed."""
    queues = _shuffled_by_class(labels, seed)
    shares = _shares([len(queue) for queue in queues.values()], size, argument)
    pairs = zip(queues.values(), shares, strict=True)
    return np.sort(np.concatenate([queue[:share] for queue, share in pairs]))


def _shuffled_by_class(labels: Indices, seed: int | None) -> dict[int, Indices]:
    """The indices of each class; as they stand where ``seed`` is None."""
    queues = {
        int(label): np.flatnonzero(labels == label) for label in np.unique(labels)
    }
    if seed is None:
        return queues
    # RandomState and not default_rng: NumPy has frozen its stream, so that a seed
    # gives the same split with every version
    generator = np.random.RandomState(seed)
    return {label: generator.permutation(queue) for label, queue in queues.items()}


def _shares(counts: Sequence[int], size: int, argument: str) -> list[int]:
    """How many each class gives: one at least, the rest in proportion."""
    classes, total = len(counts), sum(counts)
    if size == 0:
        return [0] * classes
    if not classes <= size <= total or min(counts) < 1:
        raise ValueError(
            f"{argument} is {size:,}; with {classes} classes, the smallest of which "
            f"has {max(0, min(counts)):,} images to give, and {total:,} images to give "
            f"in all, choose 0 or from {classes} to {total:,}"
            + (": the smallest class needs more images" if min(counts) < 1 else "")
        )
    spare, rest = total - classes, size - classes
    quotas = [divmod(rest * (count - 1), max(spare, 1)) for count in counts]
    shares = [1 + whole for whole, _ in quotas]
    by_remainder = sorted(range(classes), key=lambda k: -quotas[k][1])
    for k in by_remainder[: size - sum(shares)]:
        shares[k] += 1
    return shares
