"""The drawn world in memory: drawn once, then read from the cache.

The cache is `drawn-<split>-<size>px-<version>.npz` in the folder of the assets. Its
version is a checksum of the generator's source, so that a changed generator never
meets pictures of the old one.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
import torch

from course_utils.assets import cache_folder
from course_utils.datasets.data import ImageData, Labelled, image_data
from course_utils.datasets.split import Sizes, cut_validation, take

TRAIN_SIZE: Final = 10_000
VALIDATION_SIZE: Final = 2_000
# So many are drawn at least: whoever wants fewer gets a part of the same pictures.
POOL: Final = {"train": TRAIN_SIZE + VALIDATION_SIZE, "test": 2_000}


def load_drawn(sizes: Sizes, size: int) -> ImageData:
    """Give the drawn world's pictures, (N, 3, size, size).

    By default 10,000 training, 2,000 validation and 2,000 test pictures. More are
    drawn where more are wanted.

    Raises:
        ValueError: If a size is too small for all classes.
    """
    from course_utils.drawn import CLASS_NAMES

    train_size = TRAIN_SIZE if sizes.train is None else sizes.train
    validation_size = VALIDATION_SIZE if sizes.validation is None else sizes.validation
    test_size = POOL["test"] if sizes.test is None else sizes.test
    pool = max(POOL["train"], train_size + validation_size)
    images, labels = _pictures("train", pool, size)
    test_images, test_labels = _pictures("test", max(POOL["test"], test_size), size)
    train, validation = cut_validation(
        labels.numpy(), validation_size, train_size, sizes.seed
    )
    test = take(test_labels.numpy(), test_size, None, "test_size")
    return image_data(
        "The drawn world, CIFAR-10's ten classes as drawings",
        (images[train], labels[train]),
        (images[validation], labels[validation]),
        (test_images[test], test_labels[test]),
        class_names=tuple(CLASS_NAMES),
        source="drawn",
        seed=sizes.seed,
    )


def cache_file(split: str, size: int) -> Path:
    """Where the pictures of a split lie once they are drawn."""
    return cache_folder() / f"drawn-{split}-{size}px-{generator_version()}.npz"


@lru_cache(maxsize=1)
def generator_version() -> str:
    """Twelve digits that change whenever the generator's source does."""
    sources = files("course_utils.drawn").iterdir()
    digest = hashlib.sha256()
    for source in sorted(sources, key=lambda source: source.name):
        if source.name.endswith(".py"):
            digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:12]


def _pictures(split: str, count: int, size: int) -> Labelled:
    """The first ``count`` pictures of a split: from the cache, else drawn."""
    path = cache_file(split, size)
    found = _read(path, size)
    if found is None or len(found[1]) < count:
        found = _draw(split, count, size)
        _write(path, found)
    images, labels = found
    return images[:count], labels[:count]


def _draw(split: str, count: int, size: int) -> Labelled:
    from course_utils.drawn import draw_dataset

    print(f"Drawing {count:,} {split} pictures; this is done once.")
    return draw_dataset(count, split=split, size=size)


def _read(path: Path, size: int) -> Labelled | None:
    """The pictures in the cache; None, with a sentence, where they are damaged."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            images, labels = stored["images"], stored["labels"]
        _require_pictures(images, labels, size)
    except Exception as error:  # a damaged zip file raises almost anything
        print(f"{path} is damaged ({error}): its pictures are drawn again.")
        return None
    return torch.from_numpy(images), torch.from_numpy(labels)


def _require_pictures(images: object, labels: object, size: int) -> None:
    assert isinstance(images, np.ndarray)
    assert isinstance(labels, np.ndarray)
    if images.dtype != np.uint8 or images.shape != (len(labels), 3, size, size):
        raise ValueError(f"holds {images.dtype} {images.shape}")
    if labels.dtype != np.int64 or labels.ndim != 1:
        raise ValueError(f"holds labels {labels.dtype} {labels.shape}")


def _write(path: Path, pictures: Labelled) -> None:
    """Store the pictures under a name that nobody reads, then rename."""
    images, labels = pictures
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".drawn-", dir=path.parent) as folder:
            fresh = Path(folder) / path.name
            with fresh.open("wb") as file:
                np.savez(file, images=images.numpy(), labels=labels.numpy())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            _delete_older_versions(path)
    except OSError as error:
        reason = error.strerror or str(error)
        print(
            f"The pictures could not be kept in {path.parent} ({reason}): they will "
            "be drawn again next time. Set COURSE_DATA to a folder you may write to."
        )


def _delete_older_versions(path: Path) -> None:
    start, _, _ = path.name.rpartition("-")
    for other in path.parent.glob(f"{start}-*.npz"):
        if other != path:
            other.unlink(missing_ok=True)
