"""Bring your own images: a folder per class, below ``train/`` and ``test/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from course_utils.datasets.data import ImageData, image_data
from course_utils.datasets.pictures import FITS, Fit, read_pictures
from course_utils.datasets.split import cut, cut_validation, take

_WANTED: Final = "train/<class>/<image> and test/<class>/<image>"
# what Windows and macOS leave behind in folders
_LITTER: Final = {"thumbs.db", "desktop.ini", "__macosx"}
_SHARE: Final = 5  # a fifth of the images is cut off where no size is given


@dataclass(frozen=True)
class _Files:
    """Image files and their labels, both in the order of classes and names."""

    paths: list[Path]
    labels: NDArray[np.intp]

    def __getitem__(self, chosen: NDArray[np.intp]) -> _Files:
        return _Files([self.paths[k] for k in chosen], self.labels[chosen])


def load_folder(
    folder: str | Path,
    *,
    train_size: int | None = None,
    validation_size: int | None = None,
    test_size: int | None = None,
    seed: int = 0,
    size: int = 32,
    fit: Fit = "crop",
) -> ImageData:
    """Load your own images, ``train/<class>/<image>`` and ``test/<class>/<image>``.

    Images may have any size and any format that Pillow reads. They are turned upright
    (EXIF), transparent parts become white, and all become RGB. Classes and files come
    in the order of their names. Hidden files are ignored.

    Without ``test/``, a test set is cut from ``train/`` by the seed, and the
    description says so. Validation images are always cut from ``train/``.

    Args:
        folder: Holds ``train/`` and perhaps ``test/``.
        train_size: How many training images. Default: all that are left.
        validation_size: How many validation images. Default: a fifth of ``train/``.
        test_size: How many test images. Default: all of ``test/``; where there is
            none, a fifth of ``train/``.
        seed: Which split.
        size: Height and width of the images, in pixels.
        fit: ``"crop"`` cuts out the central square, ``"squash"`` stretches the whole
            image to a square; then it is resized.

    Raises:
        ValueError: If the layout is wrong or a file is no image; the message names it.
    """
    root = Path(folder).expanduser()
    _require_fit(size, fit)
    names = _class_names(root)
    train, notes = _files(root / "train", names), [FITS[fit]]
    if (root / "test").is_dir():
        _require_same_classes(root, names)
        test = _files(root / "test", names)
        if test_size is not None:
            test = test[take(test.labels, test_size, None, "test_size")]
    else:
        count = _default(test_size, train)
        piece, rest = cut(train.labels, count, seed, "test_size")
        train, test = train[rest], train[piece]
        notes.append("test images cut from train/, for there is no test/")
    others = [p.name for p in listed(root) if p.name not in ("train", "test")]
    if others:
        notes.append(f"not used: {_some(others)}")
    count = _default(validation_size, train)
    chosen, validation = cut_validation(train.labels, count, train_size, seed)
    parts = (train[chosen], train[validation], test)
    images = read_pictures([p for part in parts for p in part.paths], size, fit)
    by_part = torch.split(images, [len(part.paths) for part in parts])
    labels = [torch.from_numpy(part.labels) for part in parts]
    return image_data(
        f"Your images from {folder} ({'; '.join(notes)})",
        *zip(by_part, labels, strict=True),
        class_names=names,
        source="folder",
        seed=seed,
    )


def listed(folder: Path) -> list[Path]:
    """What the folder shows, in the order of names: no hidden files, no litter."""
    shown = [
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name.lower() not in _LITTER
    ]
    return sorted(shown, key=lambda path: path.name)


def _require_fit(size: int, fit: str) -> None:
    if size < 1:
        raise ValueError(f"size is {size}; it must be at least 1 pixel")
    if fit not in FITS:
        raise ValueError(f"fit is {fit!r}; choose 'crop' or 'squash'")


def _default(size: int | None, files: _Files) -> int:
    if size is not None:
        return size
    return max(len(files.paths) // _SHARE, len(np.unique(files.labels)))


def _class_names(root: Path) -> tuple[str, ...]:
    if not root.is_dir():
        raise ValueError(f"{root} is no folder; expected one with {_WANTED}")
    train = root / "train"
    if not train.is_dir():
        found = ", ".join(path.name for path in listed(root)[:5]) or "nothing"
        raise ValueError(
            f"{root} has no folder train (found: {found}); expected {_WANTED}: "
            "make the folder train and move the folders of the classes into it"
        )
    _refuse_loose_files(train)
    names = tuple(path.name for path in listed(train))
    if len(names) < 2:
        raise ValueError(
            f"{train} has {len(names)} class folders {list(names)}; a classifier needs "
            f"at least two: {_WANTED}"
        )
    return names


def _refuse_loose_files(folder: Path) -> None:
    loose = [path.name for path in listed(folder) if not path.is_dir()]
    if loose:
        raise ValueError(
            f"{folder} holds {_some(loose)} beside or instead of class folders; "
            f"expected {_WANTED}: move each image into the folder of its class"
        )


def _require_same_classes(root: Path, names: tuple[str, ...]) -> None:
    _refuse_loose_files(root / "test")
    found = {path.name for path in listed(root / "test")}
    without = sorted(set(names) - found)
    unknown = sorted(found - set(names))
    if without or unknown:
        raise ValueError(
            f"{root} has different classes in train/ and test/: only in train/ "
            f"{without}, only in test/ {unknown}; give both the same folders, spelt "
            "alike (upper and lower case count)"
        )


def _files(part: Path, names: tuple[str, ...]) -> _Files:
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        found = listed(part / name)
        if not found:
            raise ValueError(
                f"{part / name} is empty; put images into it or delete the folder"
            )
        folders = [path.name for path in found if path.is_dir()]
        if folders:
            raise ValueError(
                f"{part / name} holds the folders {_some(folders)}; expected images "
                f"directly in it: {_WANTED}"
            )
        paths += found
        labels += [label] * len(found)
    return _Files(paths, np.array(labels, dtype=np.int64))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
