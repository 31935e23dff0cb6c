"""One door to CIFAR-10: the archive, the drawn world, or your own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from course_utils import assets
from course_utils.assets.errors import megabytes
from course_utils.assets.manifest import checkout
from course_utils.datasets.data import ImageData
from course_utils.datasets.drawn_world import load_drawn
from course_utils.datasets.folders import listed, load_folder
from course_utils.datasets.official import is_official_layout, load_official
from course_utils.datasets.split import Sizes

_ASSET: Final = "cifar10"
_OFFICIAL_SIDE: Final = 32
_ARCHIVE_FOLDER: Final = "cifar-10-batches-py"


def load_cifar10(
    source: str | Path = "auto",
    *,
    train_size: int | None = None,
    validation_size: int | None = None,
    test_size: int | None = None,
    seed: int = 0,
    size: int = 32,
) -> ImageData:
    """Load labelled images into memory, split in training, validation and test.

    Validation images are cut from the training images by ``seed``, the same share of
    every class; they depend on ``validation_size`` and ``seed`` only. A smaller
    ``train_size`` takes a part of the larger training set, a smaller ``test_size`` the
    first test images of each class, whatever the seed.

    Args:
        source: ``"auto"`` takes the official archive where it is in the cache, else
            your images in ``data/my_images/`` where there are any, else the drawn
            world; it never downloads, and prints what it took. ``"official"``
            downloads the archive where it must. ``"drawn"`` is the drawn world.
            Anything else is a folder: of your own images (see `load_folder`), or with
            CIFAR-10 in its official layout.
        train_size: How many training images. Default: all that are left; 10,000 of
            the drawn world.
        validation_size: How many validation images. Default: a tenth of the official
            training images (5,000), 2,000 of the drawn world, a fifth of a folder.
        test_size: How many test images. Default: all; 2,000 of the drawn world.
        seed: Which split.
        size: Height and width in pixels, for the drawn world and your own images; the
            official images are 32×32.

    Raises:
        ValueError: If an argument or the folder's layout is wrong.
        course_utils.assets.AssetError: If the official archive cannot be had.
    """
    sizes = Sizes(train_size, validation_size, test_size, seed)
    _require_numbers(sizes, size)
    if source == "auto":
        return _best_at_hand(sizes, size)
    if source == "official":
        _require_official_size(size)
        return _from_archive(assets.get(_ASSET), sizes)
    if source == "drawn":
        return load_drawn(sizes, size)
    return _from_folder(source, sizes, size)


def my_images() -> Path:
    """Where `load_cifar10` looks for your own images: ``data/my_images``."""
    return (checkout() or Path.cwd()) / "data" / "my_images"


def _require_numbers(sizes: Sizes, size: int) -> None:
    least = {"train_size": 1, "validation_size": 0, "test_size": 1, "size": 1}
    given = (sizes.train, sizes.validation, sizes.test, size)
    for (name, smallest), value in zip(least.items(), given, strict=True):
        if value is not None and value < smallest:
            raise ValueError(
                f"{name} is {value}; expected a whole number from {smallest}"
            )
    if not 0 <= sizes.seed < 2**32:
        raise ValueError(f"seed is {sizes.seed}; expected a number from 0 to 2**32 - 1")


def _require_official_size(size: int) -> None:
    if size != _OFFICIAL_SIDE:
        raise ValueError(
            f"size is {size}, but CIFAR-10's images are 32×32; leave size out, or "
            'take source="drawn", which is drawn at any size'
        )


def _best_at_hand(sizes: Sizes, size: int) -> ImageData:
    """Official, else your own, else drawn; says in one line which and how to change."""
    mine = my_images()
    archive = _cached_archive() if size == _OFFICIAL_SIDE else None
    if archive is not None:
        data = _from_archive(archive, sizes)
        other = 'For drawings instead: load_cifar10("drawn").'
    elif mine.is_dir() and listed(mine):
        data = _from_folder(mine, sizes, size)
        other = f'For CIFAR-10 instead: {_how_to_fetch()} or load_cifar10("drawn").'
    else:
        data = load_drawn(sizes, size)
        other = f"For photographs instead: {_how_to_fetch()}."
    print(f"{data.description} {other}")
    return data


def _cached_archive() -> Path | None:
    """The unpacked archive where that needs no network."""
    if not assets.present(_ASSET):
        return None
    try:
        return assets.get(_ASSET, download=False, quiet=True)
    except assets.AssetError as error:  # it cannot be unpacked: no reason to stop
        print(f"CIFAR-10 is in the cache but cannot be used: {error}")
        return None


def _how_to_fetch() -> str:
    room = megabytes(assets.course_store().asset(_ASSET).bytes)
    return f'`make data` or load_cifar10("official") ({room})'


def _from_archive(folder: Path, sizes: Sizes) -> ImageData:
    what = "CIFAR-10, the official archive"
    return load_official(folder, sizes, source="official", what=what)


def _from_folder(source: str | Path, sizes: Sizes, size: int) -> ImageData:
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise ValueError(
            f"source is {str(source)!r}, which is no folder; expected 'auto', "
            "'official', 'drawn', or a folder of images: train/<class>/*.png"
        )
    for candidate in (folder, folder / _ARCHIVE_FOLDER):
        if is_official_layout(candidate):
            _require_official_size(size)
            what = f"CIFAR-10 in its official layout from {folder}"
            return load_official(candidate, sizes, source="folder", what=what)
    return load_folder(
        folder,
        train_size=sizes.train,
        validation_size=sizes.validation,
        test_size=sizes.test,
        seed=sizes.seed,
        size=size,
    )
