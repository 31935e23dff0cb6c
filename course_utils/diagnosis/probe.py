"""Do labels and images belong together? A simple classifier must beat guessing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.diagnosis.case import Case
from course_utils.diagnosis.report import Finding, Skipped
from course_utils.training.metrics import accuracy_interval

_MOST = 2000
_FEWEST = 200  # to fit the classifier to
_KERNELS = 32
_SIDE = 16  # pixels: form enough to tell classes apart, at a quarter of the work
_RIDGE = 0.3  # penalty on the weights, for each image
_SURE = 0.99
_TOO_FEW = Skipped("too few images to tell belonging from chance")


def labels_belong(case: Case) -> Finding | Skipped | None:
    """Find labels that say nothing about their images, as after shuffling one alone."""
    images, labels = case.images[:_MOST], case.labels[:_MOST]
    if images.ndim != 4 or not images.isfinite().all():
        return Skipped("needs finite images (N, C, H, W)")
    if len(torch.unique(labels)) < 2:
        return Skipped("the images looked at are all of one class")
    half = len(images) // 2
    if half < max(_FEWEST, 10 * len(torch.unique(labels))):
        return _TOO_FEW
    answer = _judged(_fitted(case), images[half:], labels[half:])
    if not isinstance(answer, str):
        return answer
    return Finding(
        "Labels do not belong to the images",
        f"a simple classifier, fitted to {half:,} of the images, {answer}",
        "A network can learn such labels only by heart: the training loss falls, and "
        "the validation accuracy stays where guessing is.",
        "shuffle images and labels with the same permutation, "
        "`images[order], labels[order]`, and look at some images with their labels",
    )


def val_labels_belong(case: Case) -> Finding | Skipped | None:
    """Find validation labels that mean other classes than those in training."""
    if case.val_images is None or case.val_labels is None:
        return Skipped("pass val_loader")
    if case.val_images.shape[1:] != case.images.shape[1:]:
        return Skipped("validation images have another size than training images")
    if labels_belong(case) is not None:
        return Skipped("no classifier could be fitted to the training images")
    images, labels = case.val_images[:_MOST], case.val_labels[:_MOST]
    answer = _judged(_fitted(case), images, labels)
    if not isinstance(answer, str):
        return answer
    return Finding(
        "Validation labels do not belong to the images",
        f"a simple classifier, fitted to training images, {answer}",
        "The validation accuracy is then near that of guessing, however well the "
        "network has learnt.",
        "compare the class names of both sets: the same number must mean the same "
        "class (folders are numbered in the order of their names)",
    )


def _fitted(case: Case) -> _Probe:
    """Return the classifier of the first half of the training images."""
    half = min(_MOST, len(case.images)) // 2
    classes = int(case.labels.max()) + 1
    return _Probe(case.images[:half], case.labels[:half], classes)


def _judged(probe: _Probe, images: Tensor, labels: Tensor) -> str | Skipped | None:
    """Return in words how near to guessing the probe is, if it surely is that near."""
    count, correct = len(labels), probe.correct(images, labels)
    guess = float(labels.bincount().max()) / count
    if guess > 0.6:
        return Skipped("one class is too frequent to tell")
    margin = min(0.05, guess / 2)
    low, high = accuracy_interval(correct, count, _SURE)
    if low > guess:
        return None
    if high > guess + margin:
        # neither surely better than guessing, nor surely as bad
        return _TOO_FEW if count < 1000 else None
    return (
        f"is right on {correct / count:.1%} of {count:,} others; always guessing the "
        f"most frequent class is right on {guess:.1%}."
    )


class _Probe:
    """Ridge regression on the answers of random convolutions: no training needed."""

    def __init__(self, images: Tensor, labels: Tensor, classes: int) -> None:
        generator = torch.Generator().manual_seed(0)
        shape = (_KERNELS, images.shape[1], 3, 3)
        kernels = torch.randn(shape, generator=generator)
        # without the mean, a kernel answers to form and not to brightness alone
        kernels -= kernels.mean((1, 2, 3), keepdim=True)
        self.kernels = (kernels / kernels[0].numel() ** 0.5).to(images.device)
        self.mean, self.std = images.mean(), images.std().clamp_min(1e-8)
        raw = self._answers(images)
        self.centre, self.scale = raw.mean(0), raw.std(0).clamp_min(1e-6)
        features = self._features(images)
        targets = F.one_hot(labels, classes).to(features) - 1 / classes
        penalty = _RIDGE * len(images) * torch.eye(features.shape[1]).to(features)
        self.weights = torch.linalg.solve(
            features.T @ features + penalty, features.T @ targets
        )

    def correct(self, images: Tensor, labels: Tensor) -> int:
        """Return how many images it classifies rightly."""
        found = (self._features(images) @ self.weights).argmax(1)
        return int((found == labels.cpu()).sum())

    def _features(self, images: Tensor) -> Tensor:
        scaled = (self._answers(images) - self.centre) / self.scale
        return torch.cat([scaled, torch.ones_like(scaled[:, :1])], dim=1)

    def _answers(self, images: Tensor) -> Tensor:
        parts = []
        for part in torch.split(images.float(), 256):
            if max(part.shape[-2:]) > _SIDE:
                part = F.adaptive_avg_pool2d(part, (_SIDE, _SIDE))
            part = (part - self.mean) / self.std
            answers = F.conv2d(part, self.kernels, padding=1).relu()
            rows = [
                F.adaptive_avg_pool2d(answers, (3, 3)).flatten(1),
                F.adaptive_avg_pool2d(part, (4, 4)).flatten(1),
            ]
            parts.append(torch.cat(rows, dim=1))
        return torch.cat(parts).double().cpu()
