"""Any image file becomes an upright RGB square of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image
    from torch import Tensor

Fit = Literal["crop", "squash"]
FITS: Final[dict[str, str]] = {
    "crop": "cut to the central square and resized",
    "squash": "stretched to a square and resized",
}


def read_pictures(paths: Sequence[Path], size: int, fit: Fit) -> Tensor:
    """Read image files.

    Returns:
        uint8 (N, 3, size, size), in the order of ``paths``.

    Raises:
        ValueError: If files are no images; the message names them and says why.
    """
    from PIL import UnidentifiedImageError

    def read(path: Path) -> NDArray[np.uint8] | str:
        try:
            return read_picture(path, size, fit)
        except UnidentifiedImageError:
            return f"{path}: no image that Pillow knows"
        except Exception as error:  # Pillow's readers raise almost anything
            return f"{path}: {error}"

    with ThreadPoolExecutor() as pool:  # Pillow decodes outside Python's lock
        results = list(pool.map(read, paths))
    pictures = [result for result in results if not isinstance(result, str)]
    unreadable = [result for result in results if isinstance(result, str)]
    if unreadable:
        shown = "\n  ".join(unreadable[:5])
        raise ValueError(
            f"{len(unreadable)} of {len(paths)} files cannot be read as images:\n"
            f"  {shown}\nDelete them, or save them again as PNG or JPEG."
        )
    empty = np.empty((0, 3, size, size), dtype=np.uint8)
    return torch.from_numpy(np.stack(pictures) if pictures else empty)


def read_picture(path: Path, size: int, fit: Fit) -> NDArray[np.uint8]:
    """Read one image file: uint8 (3, size, size)."""
    from PIL import Image, ImageOps

    with Image.open(path) as opened:
        # a JPEG can be decoded at an eighth of its size: 12 megapixels cost too much
        opened.draft(None, (4 * size, 4 * size))
        upright = ImageOps.exif_transpose(opened)
        picture = as_rgb(upright)
    if fit == "crop":
        fitted = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    else:
        fitted = picture.resize((size, size), Image.Resampling.BICUBIC)
    return np.array(fitted).transpose(2, 0, 1)


def as_rgb(picture: Image) -> Image:
    """Convert any mode to RGB: transparency over white, deep greys to 8 bits."""
    from PIL import Image

    if picture.mode == "F" or picture.mode.startswith("I"):
        return Image.fromarray(_eight_bits(np.asarray(picture))).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Greys of 16 bits, or of floating point, where the range tells the scale."""
    grey = values.astype(np.float64)
    largest = grey.max(initial=0)
    by_range = 1.0 if largest <= 1 else 255.0
    full = by_range if values.dtype.kind == "f" else 65535.0
    return np.rint(np.clip(grey / full, 0, 1) * 255).astype(np.uint8)
