"""Photographs that come with the packages a lesson needs anyway: nothing is downloaded.

The files are read straight from the installed packages (scikit-image and others).
Their sources and licences stand in :data:`PHOTOS` and in ``data/README.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


@dataclass(frozen=True)
class Photo:
    """Where a photograph lies, what it shows, who took it and how it may be used."""

    package: str
    file: str
    shows: str
    author: str
    source: str
    licence: str


_SKIMAGE: Final = "scikit-image"
_SKLEARN: Final = "scikit-learn"
_MATPLOTLIB: Final = "matplotlib"
_CC0: Final = "CC0 1.0"
_CC_BY: Final = "CC BY 2.0"
_PUBLIC: Final = "public domain"

# distribution on PyPI → (module, folder of its pictures)
_FOLDERS: Final = {
    _SKIMAGE: ("skimage", "data"),
    _SKLEARN: ("sklearn", "datasets/images"),
    _MATPLOTLIB: ("matplotlib", "mpl-data/sample_data"),
}

PHOTOS: Final[dict[str, Photo]] = {
    "astronaut": Photo(
        _SKIMAGE,
        "astronaut.png",
        "astronaut Eileen Collins, portrait",
        "NASA",
        "https://flic.kr/p/r9qvLn",
        _PUBLIC,
    ),
    "rocket": Photo(
        _SKIMAGE,
        "rocket.jpg",
        "rocket on its launch pad",
        "SpaceX",
        "https://www.flickr.com/photos/spacexphotos/16511594820/",
        _PUBLIC,
    ),
    "chelsea": Photo(
        _SKIMAGE,
        "chelsea.png",
        "Chelsea the cat, head",
        "Stefan van der Walt",
        "https://scikit-image.org/docs/stable/api/skimage.data.html",
        _CC0,
    ),
    "coffee": Photo(
        _SKIMAGE,
        "coffee.png",
        "cup of coffee from above",
        "Rachel Michetti",
        "https://scikit-image.org/docs/stable/api/skimage.data.html",
        _CC0,
    ),
    "camera": Photo(
        _SKIMAGE,
        "camera.png",
        "photographer with a tripod (grey)",
        "Lav Varshney",
        "https://github.com/scikit-image/scikit-image/issues/3927",
        _CC0,
    ),
    "brick": Photo(
        _SKIMAGE,
        "brick.png",
        "brick wall (grey)",
        "CC0Textures",
        "https://cc0textures.com/view.php?tex=Bricks25",
        _CC0,
    ),
    "grass": Photo(
        _SKIMAGE,
        "grass.png",
        "lawn from above (grey)",
        "linolafett",
        "https://www.deviantart.com/linolafett/art/Grass-01-434853879",
        _CC0,
    ),
    "gravel": Photo(
        _SKIMAGE,
        "gravel.png",
        "gravel from above (grey)",
        "CC0Textures",
        "https://cc0textures.com/view.php?tex=Gravel04",
        _CC0,
    ),
    "coins": Photo(
        _SKIMAGE,
        "coins.png",
        "Greek coins from Pompeii (grey)",
        "Brooklyn Museum",
        "https://www.brooklynmuseum.org/opencollection/archives/image/51611",
        "no known copyright restrictions",
    ),
    "china": Photo(
        _SKLEARN,
        "china.jpg",
        "Chinese pavilion under trees",
        "danielbuechele",
        "https://www.flickr.com/photos/danielbuechele/6061409035/",
        _CC_BY,
    ),
    "flower": Photo(
        _SKLEARN,
        "flower.jpg",
        "flower, close",
        "vultilion",
        "https://www.flickr.com/photos/vultilion/6056698931/",
        _CC_BY,
    ),
    "grace_hopper": Photo(
        _MATPLOTLIB,
        "grace_hopper.jpg",
        "Commodore Grace Hopper, portrait",
        "United States Navy",
        "https://commons.wikimedia.org/wiki/File:Commodore_Grace_M._Hopper,_USN_(covered).jpg",
        _PUBLIC,
    ),
}


def photo(
    name: str, size: int | tuple[int, int] | None = None, gray: bool = False
) -> Tensor:
    """Return a photograph as a tensor.

    Args:
        name: One of :data:`PHOTOS`, such as ``"chelsea"``.
        size: ``(H, W)`` in pixels, or one number for a square; ``None`` keeps the
            photograph as it is. The middle is cut to the wanted proportions, then
            resized with antialiasing: nothing is stretched.
        gray: Brightness instead of red, green and blue.

    Returns:
        float32 in [0, 1]: (3, H, W), or (1, H, W) when ``gray``.

    Raises:
        ValueError: If there is no such photograph or ``size`` is not positive.
        FileNotFoundError: If its package is not installed or lacks the file.
    """
    import numpy as np
    import torch

    picture = photo_pil(name).convert("L" if gray else "RGB")
    if size is not None:
        picture = _fit(picture, size)
    pixels = torch.from_numpy(np.array(picture))  # (H, W) or (H, W, 3), uint8
    planes = pixels.unsqueeze(0) if gray else pixels.permute(2, 0, 1)
    return planes.contiguous().float() / 255


def photo_pil(name: str) -> Image:
    """Return a photograph as a PIL image in its full size, RGB or grey ("L").

    Raises:
        ValueError: If there is no such photograph.
        FileNotFoundError: If its package is not installed or lacks the file.
    """
    return _open(photo_path(name)).copy()


def credit(name: str) -> str:
    """Return who took a photograph, where it comes from and its licence, on one line.

    Raises:
        ValueError: If there is no such photograph.
    """
    known = _known(name)
    return f"{known.author}, {known.licence}, via {known.package}: {known.source}"


def photo_path(name: str) -> Path:
    """Return the file of a photograph inside the installed package.

    Raises:
        ValueError: If there is no such photograph.
        FileNotFoundError: If its package is not installed or lacks the file.
    """
    known = _known(name)
    module, folder = _FOLDERS[known.package]
    spec = find_spec(module)  # finds the package without importing it
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            f"photograph {name!r} comes with {known.package}, which is not installed; "
            f"run: python -m pip install {known.package}"
        )
    path = Path(spec.origin).parent / folder / known.file
    if not path.is_file():
        raise FileNotFoundError(
            f"photograph {name!r}: {known.package} is installed but has no "
            f"{folder}/{known.file}; "
            f"run: python -m pip install --force-reinstall {known.package}"
        )
    return path


def _known(name: str) -> Photo:
    if name not in PHOTOS:
        raise ValueError(
            f"there is no photograph {name!r}; choose one of: {', '.join(PHOTOS)}"
        )
    return PHOTOS[name]


@lru_cache(maxsize=len(PHOTOS))
def _open(path: Path) -> Image:
    from PIL import Image

    with Image.open(path) as picture:
        return picture.convert("L" if picture.mode == "L" else "RGB")


def _fit(picture: Image, size: int | tuple[int, int]) -> Image:
    from PIL import Image, ImageOps

    height, width = (size, size) if isinstance(size, int) else size
    if height < 1 or width < 1:
        raise ValueError(f"size is {size}; it must be at least 1 pixel each way")
    return ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)
