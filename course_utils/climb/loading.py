"""Mini-batches for a setup, and images for judging it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from course_utils.climb.setup import Setup
from course_utils.datasets import Augment, ImageData, ImageLoader, normalisation
from course_utils.datasets.pil_images import PilImages

Batches = Iterable[tuple[Tensor, Tensor]]

_WORKERS: Final = 2
_JUDGED_AT_ONCE: Final = 500
_VARIED: Final = Augment(flip=True, shift=2)


def training_batches(
    setup: Setup, data: ImageData, device: torch.device, seed: int
) -> Batches:
    """Return the training images' mini-batches, an epoch for each time they are read.

    A last batch that is smaller than the others is left out.

    Raises:
        ValueError: If there are fewer images than one batch holds.
    """
    if setup.batch_size > len(data.train_labels):
        raise ValueError(
            f"batch_size is {setup.batch_size}, but there are only "
            f"{len(data.train_labels)} training images: choose a smaller batch"
        )
    if setup.loader == "memory":
        return _from_memory(setup, data, device, seed)
    return _from_pil(setup, data, device, seed)


def judged_batches(
    images: Tensor, labels: Tensor, data: ImageData, device: torch.device
) -> ImageLoader:
    """Return batches of images to judge by, normalised as the training images are."""
    mean, std = _normalisation(data)
    return ImageLoader(
        images,
        labels,
        _JUDGED_AT_ONCE,
        shuffle=False,
        mean=mean,
        std=std,
        device=device,
    )


def _from_memory(
    setup: Setup, data: ImageData, device: torch.device, seed: int
) -> ImageLoader:
    mean, std = _normalisation(data)
    return ImageLoader(
        data.train_images,
        data.train_labels,
        setup.batch_size,
        shuffle=True,
        mean=mean,
        std=std,
        augment=_VARIED if setup.augmented else Augment(),
        device=device,
        drop_last=True,
        seed=seed,
        channels_last=setup.channels_last,
    )


def _from_pil(
    setup: Setup, data: ImageData, device: torch.device, seed: int
) -> Batches:
    from torchvision import transforms

    mean, std = (values.tolist() for values in _normalisation(data))
    steps = [transforms.ToTensor(), transforms.Normalize(mean, std)]
    workers = _WORKERS if setup.loader == "pil_workers" else 0
    loader: Batches = DataLoader(
        PilImages(data.train_images, data.train_labels, transforms.Compose(steps)),
        setup.batch_size,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device.type == "cuda",
        drop_last=True,
        generator=torch.Generator().manual_seed(seed),
    )
    return loader


@lru_cache(maxsize=1)  # a second of counting for 50,000 images, the same every time
def _normalisation(data: ImageData) -> tuple[Tensor, Tensor]:
    return normalisation(data.train_images)
