"""Count right and wrong: confusion matrix, accuracy by class, and its uncertainty."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import torch
from torch import Tensor


def confusion_matrix(labels: Tensor, predictions: Tensor, num_classes: int) -> Tensor:
    """Count how often each class was taken for each class.

    Args:
        labels: True classes, whole numbers, (N,).
        predictions: Predicted classes, whole numbers, (N,).
        num_classes: Number of classes, C.

    Returns:
        Counts, int64, (C, C): row = true class, column = predicted class. Right
        predictions stand on the diagonal.

    Raises:
        ValueError: If the shapes differ, or a class is out of range.
        TypeError: If labels or predictions are no whole numbers.
    """
    if num_classes < 1:
        raise ValueError(f"num_classes is {num_classes}; at least 1 is needed")
    if labels.ndim != 1 or labels.shape != predictions.shape:
        raise ValueError(
            f"labels have shape {tuple(labels.shape)} and predictions "
            f"{tuple(predictions.shape)}; both must be (N,), one class an image. "
            "Predictions come from logits by logits.argmax(dim=1)"
        )
    for name, classes in (("labels", labels), ("predictions", predictions)):
        _require_classes(name, classes, num_classes)
    cells = labels.long() * num_classes + predictions.long().to(labels.device)
    counts = torch.bincount(cells, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes)


def per_class_accuracy(confusion: Tensor) -> Tensor:
    """Return the share of each true class's images that were predicted rightly.

    Args:
        confusion: Counts, (C, C), rows true, as `confusion_matrix` returns them.

    Returns:
        Shares from 0 to 1, float64, (C,); ``nan`` for a class without images.
    """
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(
            f"the confusion matrix has shape {tuple(confusion.shape)}; it must be "
            "square, (C, C): use confusion_matrix(labels, predictions, num_classes)"
        )
    return confusion.diagonal().double() / confusion.sum(dim=1)


def accuracy_interval(
    correct: int, total: int, level: float = 0.95
) -> tuple[float, float]:
    """Return between which accuracies the truth lies, as the test set is but a sample.

    It says how far another test set of this size might be off, not how far another
    training run might be.

    Args:
        correct: Number of images predicted rightly.
        total: Number of images.
        level: How sure to be: 0.95 means that 95 of 100 such intervals hold the truth.

    Returns:
        The lower and the upper end, from 0 to 1.

    Raises:
        ValueError: If the counts or the level make no sense.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", JASA 22 (1927).
    """
    if total < 1 or not 0 <= correct <= total:
        raise ValueError(
            f"{correct} of {total} are right; expected counts with 0 <= correct <= "
            "total and total at least 1. An accuracy such as 0.61 is no count"
        )
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; write a share such as 0.95")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, shrink = correct / total, 1 + z**2 / total
    centre = (share + z**2 / (2 * total)) / shrink
    spread = sqrt(share * (1 - share) / total + z**2 / (4 * total**2)) * z / shrink
    return max(0.0, centre - spread), min(1.0, centre + spread)


def _require_classes(name: str, classes: Tensor, num_classes: int) -> None:
    if classes.is_floating_point() or classes.is_complex():
        raise TypeError(
            f"{name} are {classes.dtype}; classes are whole numbers: "
            "convert labels with .long(), and logits with .argmax(dim=1)"
        )
    if not classes.numel():
        return
    low, high = int(classes.min()), int(classes.max())
    if low < 0 or high >= num_classes:
        raise ValueError(
            f"{name} run from {low} to {high}; with num_classes={num_classes} they "
            f"must lie from 0 to {num_classes - 1}"
        )
