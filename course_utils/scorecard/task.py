"""What two results must share before they may be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Self

import torch
from torch import Tensor

from course_utils.budget import Budget
from course_utils.datasets import ImageData


@dataclass(frozen=True)
class Task:
    """Same data, same budget, same kind of machine.

    Attributes:
        source: Where the data came from: ``"official"``, ``"drawn"`` or ``"folder"``.
        fingerprint: Checksum of all images and labels; see `fingerprint`.
        images: Images to learn from, validation included.
        test_images: Images in the test set.
        budget: ``"60 s"`` or ``"full"``; see `Budget`.
        device: ``"cpu"``, ``"cuda"`` or another of torch's kinds.
        threads: Processor threads that torch computes with.
    """

    source: str
    fingerprint: str
    images: int
    test_images: int
    budget: str
    device: str
    threads: int

    @classmethod
    def of(cls, data: ImageData, budget: Budget, device: str = "cpu") -> Self:
        """Return the task that these data and this budget are."""
        return cls(
            source=data.source,
            fingerprint=fingerprint(data),
            images=len(data.train_labels) + len(data.validation_labels),
            test_images=len(data.test_labels),
            budget=budget.label,
            device=torch.device(device).type,
            threads=torch.get_num_threads(),
        )

    def __str__(self) -> str:
        where = f"{self.device}, {self.threads} threads"
        return (
            f"{self.source} data {self.fingerprint} ({self.images:,} images to learn "
            f"from, {self.test_images:,} to be tested on), {self.budget} on {where}"
        )


def fingerprint(data: ImageData) -> str:
    """Return sixteen digits that change when any image or label does.

    How the images to learn from are cut into training and validation makes no
    difference, nor does their order.
    """
    learn = chain(
        _digests(data.train_images, data.train_labels),
        _digests(data.validation_images, data.validation_labels),
    )
    total = hashlib.sha256(",".join(data.class_names).encode())
    for part in (learn, _digests(data.test_images, data.test_labels)):
        total.update(b"".join(sorted(part)))
    return total.hexdigest()[:16]


def _digests(images: Tensor, labels: Tensor) -> Iterator[bytes]:
    pixels = images.cpu().numpy()
    for image, label in zip(pixels, labels.tolist(), strict=True):
        digest = hashlib.blake2b(image.tobytes(), digest_size=16)
        digest.update(str(label).encode())
        yield digest.digest()
