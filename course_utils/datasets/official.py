"""CIFAR-10 as its authors publish it: seven pickles, read without running any of them.

A pickle is a program: loading one from a stranger runs whatever it says. The official
files need three names of NumPy and nothing else, so these three stand for harmless
classes of ours, and every other name is refused.

Layout (https://www.cs.toronto.edu/~kriz/cifar.html): ``data_batch_1`` to
``data_batch_5`` and ``test_batch`` are dictionaries with ``data``, uint8 (N, 3072), and
``labels``; ``batches.meta`` has ``label_names``.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import torch
from numpy.typing import NDArray

from course_utils.datasets.data import ImageData, Labelled, image_data
from course_utils.datasets.split import Sizes, cut_validation, take

META: Final = "batches.meta"
TRAIN_BATCHES: Final = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_BATCH: Final = "test_batch"
_SIDE: Final = 32

Arrays = tuple[NDArray[np.uint8], NDArray[np.intp]]


def is_official_layout(folder: Path) -> bool:
    """Whether the folder holds the official files, or at least the first of them."""
    return (folder / META).is_file() or (folder / TRAIN_BATCHES[0]).is_file()


def load_official(folder: Path, sizes: Sizes, *, source: str, what: str) -> ImageData:
    """Read the seven files.

    Args:
        folder: ``cifar-10-batches-py``.
        sizes: By default a tenth of the training images becomes validation images,
            and everything is used.
        source: For `ImageData.source`.
        what: Begins the description.

    Raises:
        ValueError: If a file is missing, damaged, or holds something else.
    """
    names = _class_names(folder)
    images, labels = _joined([_batch(folder / b, len(names)) for b in TRAIN_BATCHES])
    test_images, test_labels = _batch(folder / TEST_BATCH, len(names))
    count = sizes.validation
    if count is None:
        count = len(labels) // 10
    train, validation = cut_validation(labels, count, sizes.train, sizes.seed)
    test = np.arange(len(test_labels))
    if sizes.test is not None:
        test = take(test_labels, sizes.test, None, "test_size")
    return image_data(
        what,
        _tensors(images[train], labels[train]),
        _tensors(images[validation], labels[validation]),
        _tensors(test_images[test], test_labels[test]),
        class_names=names,
        source=source,
        seed=sizes.seed,
    )


def _tensors(images: NDArray[np.uint8], labels: NDArray[np.intp]) -> Labelled:
    return torch.from_numpy(images), torch.from_numpy(labels)


def _joined(batches: list[Arrays]) -> Arrays:
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _class_names(folder: Path) -> tuple[str, ...]:
    path = folder / META
    names = read_pickle(path).get("label_names")
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise _wrong(path, f"label_names is {names!r:.80}", "a list of class names")
    return tuple(names)


def _batch(path: Path, classes: int) -> Arrays:
    """The images, uint8 (N, 3, 32, 32), and the labels, int64 (N,), of one file."""
    content = read_pickle(path)
    data, labels = content.get("data"), content.get("labels")
    pixels = data.values if isinstance(data, _PickledArray) else None
    if pixels is None or pixels.shape[1:] != (3 * _SIDE * _SIDE,):
        found = "something else" if pixels is None else f"of shape {pixels.shape}"
        raise _wrong(path, f"data is {found}", "an array of bytes (N, 3072)")
    if not isinstance(labels, list) or len(labels) != len(pixels):
        raise _wrong(path, "labels do not match the images", f"{len(pixels)} labels")
    if not all(type(label) is int and 0 <= label < classes for label in labels):
        raise _wrong(path, "some label is no class", f"numbers from 0 to {classes - 1}")
    return pixels.reshape(-1, 3, _SIDE, _SIDE), np.array(labels, dtype=np.int64)


def read_pickle(path: Path) -> dict[str, Any]:
    """Read a dictionary from a pickle; only arrays of bytes and plain values may occur.

    Raises:
        ValueError: If the file is missing, damaged, or asks for anything else.
    """
    if not path.is_file():
        raise ValueError(
            f"{path} is missing; the official layout has {META}, "
            f"{', '.join(TRAIN_BATCHES)} and {TEST_BATCH}"
        )
    with path.open("rb") as file:
        try:
            # latin1 gives back the bytes of Python 2's strings, one character each
            content = _PlainUnpickler(file, encoding="latin1").load()
        except Exception as error:  # a damaged pickle raises almost anything
            raise _wrong(path, f"{error}", "CIFAR-10's official file") from error
    if not isinstance(content, dict):
        raise _wrong(path, f"it holds a {type(content).__name__}", "a dictionary")
    return content


def _wrong(path: Path, found: str, expected: str) -> ValueError:
    return ValueError(
        f"{path} cannot be used: {found}; expected {expected}. "
        "Delete it and get the archive again."
    )


class _PlainUnpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, *, encoding: str) -> None:
        super().__init__(file, encoding=encoding)

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is refused")


class _NdarrayName:
    """Stands where a pickle names ``numpy.ndarray``; nothing is done with it."""


class _PickledDtype:
    """Stands for ``numpy.dtype``: remembers the code, such as ``u1``."""

    def __init__(self, code: str, *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Byte order and the like: of no consequence for single bytes."""


class _PickledArray:
    """Stands for an array: takes the bytes, and only bytes."""

    def __init__(self, *_: object) -> None:
        self.values: NDArray[np.uint8] = np.empty((0, 0), dtype=np.uint8)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran_order, content = state
        if dtype.code != "u1" or fortran_order:
            raise ValueError(f"an array has type {dtype.code}, expected bytes (u1)")
        if isinstance(content, str):
            content = content.encode("latin1")
        self.values = np.frombuffer(content, dtype=np.uint8).reshape(shape)


_ALLOWED: Final[dict[tuple[str, str], type]] = {
    ("numpy", "ndarray"): _NdarrayName,
    ("numpy", "dtype"): _PickledDtype,
    ("numpy.core.multiarray", "_reconstruct"): _PickledArray,
    ("numpy._core.multiarray", "_reconstruct"): _PickledArray,  # NumPy 2 writes this
}
