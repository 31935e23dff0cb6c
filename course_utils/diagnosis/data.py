"""Questions about the data: scale, order, and images that are in both sets."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.diagnosis.case import Case
from course_utils.diagnosis.report import Finding, Skipped

Answer = Finding | Skipped | None

_NO_VALIDATION = Skipped("pass val_loader")
_SIDE = 8  # images are first compared at 8 × 8 pixels
_NEAR = 0.1  # of the standard deviation of all pixels
_FEWEST = 0.005  # of the validation images: photographs taken twice do occur


def normalised(case: Case) -> Answer:
    """Find pixels that are far from mean 0 and standard deviation 1."""
    images = case.images
    if not images.isfinite().all():
        count = int((~images.isfinite()).flatten(1).any(1).sum())
        return Finding(
            "Images that are not finite",
            f"{count} of {len(images):,} images hold nan or inf.",
            "One such value makes every weight nan in a single step.",
            "look at the transforms: a division by a standard deviation of 0?",
        )
    mean, std = _statistics(images)
    off = (mean.abs() > 3 * std) | (std < 0.05) | (std > 5)
    if not off.any():
        return None
    at = int(off.nonzero()[0])
    measured = (
        f"values from {float(images.min()):.3g} to {float(images.max()):.3g}; channel "
        f"{at} has mean {float(mean[at]):.3g} and standard deviation "
        f"{float(std[at]):.3g}."
    )
    first = "divide by 255 first, then " if float(images.max()) > 20 else ""
    return Finding(
        "Input not normalised",
        measured,
        "The initial weights and the usual learning rates are made for mean 0 and "
        "standard deviation 1; far from there a training is slow or explodes.",
        f"{first}subtract the mean and divide by the standard deviation of the "
        "training images, channel by channel: `v2.Normalize(mean, std)`",
    )


def normalised_alike(case: Case) -> Answer:
    """Find validation images that were scaled in another way than the training's."""
    if case.val_images is None:
        return _NO_VALIDATION
    mean, std = _statistics(case.images)
    val_mean, val_std = _statistics(case.val_images)
    ratio = val_std / std.clamp_min(1e-8)
    apart = (val_mean - mean).abs() > std
    off = apart | (ratio > 2) | (ratio < 0.5)
    # a channel without contrast has no scale to compare
    off &= (std > 1e-6) | (val_std > 1e-6) | apart
    if not off.any():
        return None
    at = int(off.nonzero()[0])
    return Finding(
        "Validation images scaled differently",
        f"channel {at} has mean {float(mean[at]):.3g} and standard deviation "
        f"{float(std[at]):.3g} in training, {float(val_mean[at]):.3g} and "
        f"{float(val_std[at]):.3g} in validation.",
        "The network meets numbers that it never saw while training, so that the "
        "accuracy says nothing about it.",
        "use the same normalisation, with the mean and standard deviation of the "
        "training images, for both; only augmentation is for training alone",
    )


def shuffled(case: Case) -> Answer:
    """Find training images that come class by class."""
    labels = case.labels
    shares = labels.bincount().float() / len(labels)
    expected = float(1 - shares.square().sum())  # of neighbours with unlike classes
    if len(labels) < 32:
        return Skipped("fewer than 32 images cannot tell")
    found = float((labels[1:] != labels[:-1]).float().mean())
    first = labels[: case.batch_size]
    few = len(torch.unique(first)) == 1 and len(first) >= 16
    if found >= 0.5 * expected and not few:
        return None
    seen = f"the first batch holds only class {int(first[0])}; " if few else ""
    return Finding(
        "Training images not shuffled",
        f"{seen}{found:.0%} of neighbouring images differ in class; in random order "
        f"it would be {expected:.0%}.",
        "Every batch pulls the weights towards its own class, and the next one back.",
        "`DataLoader(dataset, batch_size=64, shuffle=True)` for training",
    )


def kept_apart(case: Case) -> Answer:
    """Find validation images that are among the training images, mirrored or not."""
    if case.val_images is None:
        return _NO_VALIDATION
    if case.val_images.shape[1:] != case.images.shape[1:]:
        return Skipped("validation images have another size than training images")
    mean, std = _statistics(case.images)
    shape = (1, -1, *[1] * (case.images.ndim - 2))
    scale = std.clamp_min(1e-8).reshape(shape)
    train = (case.images - mean.reshape(shape)) / scale
    val = (case.val_images - mean.reshape(shape)) / scale
    distance = torch.minimum(_nearest(val, train), _nearest(val.flip(-1), train))
    near, same = int((distance < _NEAR).sum()), int((distance < 1e-3).sum())
    if near == 0 or near < _FEWEST * len(val):
        return None
    return Finding(
        "Validation images in training",
        f"of {len(val):,} validation images, {near:,} are among the {len(train):,} "
        f"training images that were looked at: {same:,} exactly, {near - same:,} "
        "nearly.",
        "The network may know these images by heart, so that the validation accuracy "
        "is too good and overfitting cannot be seen.",
        "cut the images once, before anything else: "
        "`random_split(dataset, [45_000, 5_000], generator=…)`, and give each loader "
        "its own part; look for copies in the dataset itself",
    )


def _nearest(val: Tensor, train: Tensor) -> Tensor:
    """Return each validation image's distance to the training image most like it."""
    small_val, small_train = _small(val), _small(train)
    nearest = torch.cat(
        [
            torch.cdist(part, small_train).argmin(1)
            for part in torch.split(small_val, 512)
        ]
    )
    parts = zip(torch.split(val, 256), torch.split(nearest, 256), strict=True)
    return torch.cat(
        [(part - train[at]).square().flatten(1).mean(1).sqrt() for part, at in parts]
    )


def _small(images: Tensor) -> Tensor:
    if images.ndim == 4:
        return F.adaptive_avg_pool2d(images, (_SIDE, _SIDE)).flatten(1)
    return F.adaptive_avg_pool1d(images.flatten(1)[:, None], _SIDE**2).flatten(1)


def _statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each channel."""
    channels = images.transpose(0, 1).flatten(1)
    return channels.mean(1), channels.std(1, correction=0)
