"""The reader's own pictures: any file that Pillow reads, as a tensor, and back."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from course_utils.photos import PHOTOS, photo
from course_utils.style.paintings import PAINTINGS, painting

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

_LEAST: Final = 32  # pixels: below it nothing is left for the deeper layers
_MOST: Final = 2048


def open_picture(name: str | Path, size: int) -> Tensor:
    """Return a picture by its name in the workbook, or a file of the reader's own.

    Args:
        name: A painting (``"strokes"``), a photograph (``"china"``), or the path of a
            file (``"my_images/cat.jpg"``).
        size: Height and width in pixels; of a file, the longer side.

    Returns:
        float32 in [0, 1], (1, 3, H, W).

    Raises:
        ValueError: See :func:`own_picture` and :func:`painting`.
        FileNotFoundError: If it is neither; the message lists the names.
    """
    if name in PAINTINGS:
        return painting(str(name), size)[None]
    if name in PHOTOS:
        return photo(str(name), size)[None]
    try:
        return own_picture(name, size)[None]
    except FileNotFoundError as error:
        known = ", ".join((*PAINTINGS, *PHOTOS))
        raise FileNotFoundError(
            f"{error}; or choose one of the workbook's pictures: {known}"
        ) from None


def own_picture(path: str | Path, size: int) -> Tensor:
    """Read a picture of the reader's own: photograph or painting, of any kind and size.

    The picture is turned as the camera says (EXIF), its transparent parts become white,
    grey becomes RGB, and it is resized with antialiasing; nothing is cut off.

    Args:
        path: The file, such as ``"my_images/cat.jpg"``.
        size: Length of the longer side of the result, in pixels; 32 to 2048.

    Returns:
        float32 in [0, 1], (3, H, W).

    Raises:
        ValueError: If the file is no picture, is damaged or far too narrow, or ``size``
            is out of range.
        FileNotFoundError: If there is no such file.
    """
    import numpy as np
    import torch

    if (
        isinstance(size, bool)
        or not isinstance(size, int)
        or not _LEAST <= size <= _MOST
    ):
        raise ValueError(
            f"size is {size!r}; give whole pixels from {_LEAST} to {_MOST}"
        )
    file = _existing(Path(path).expanduser())
    picture = _resized(_upright(file, size), size, file)
    pixels = torch.from_numpy(np.array(picture))  # (H, W, 3), uint8
    return pixels.permute(2, 0, 1).contiguous().float() / 255


def save_picture(picture: Tensor, path: str | Path) -> Path:
    """Write a picture to a file whose ending says its kind, such as ``.png``.

    Args:
        picture: (3, H, W) or (1, 3, H, W); values outside [0, 1] are clamped.
        path: Where to; missing folders are made.

    Returns:
        The path.
    """
    file = Path(path).expanduser()
    file.parent.mkdir(parents=True, exist_ok=True)
    as_pil(picture).save(file)
    return file


def as_pil(picture: Tensor) -> Image:
    """Return a picture, (3, H, W) or (1, 3, H, W) in [0, 1], for Pillow."""
    from PIL import Image

    planes = picture.detach().reshape(-1, *picture.shape[-2:])
    if planes.shape[0] != 3:
        raise ValueError(
            f"picture has shape {tuple(picture.shape)}; expected (3, H, W) or "
            "(1, 3, H, W)"
        )
    pixels = (planes.clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
    return Image.fromarray(pixels.cpu().numpy())


def as_bytes(picture: Tensor) -> bytes:
    """Return a picture as a small file, for showing it in a page (WebP)."""
    buffer = BytesIO()
    as_pil(picture).save(buffer, "webp", quality=88)
    return buffer.getvalue()


def _existing(file: Path) -> Path:
    if file.is_dir():
        raise ValueError(
            f"{file} is a folder; give one picture in it, such as {file / 'photo.jpg'}"
        )
    if not file.exists():
        raise FileNotFoundError(
            f"there is no file {file} (looked in {file.absolute().parent}); check its "
            "name and ending, or give the whole path"
        )
    return file


def _upright(file: Path, size: int) -> Image:
    """Open, turn, and bring to RGB on a white ground."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(file) as opened:
            opened.draft("RGB", (2 * size, 2 * size))  # large JPEGs load faster
            return _rgb(ImageOps.exif_transpose(opened))
    except UnidentifiedImageError as error:
        raise ValueError(
            f"{file} is no picture that can be read here ({file.stat().st_size:,} "
            "bytes); save it as JPEG or PNG first"
        ) from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{file} could not be read: {error}. It may be damaged or only half "
            "copied: open it elsewhere and save it anew as JPEG or PNG"
        ) from error


def _rgb(picture: Image) -> Image:
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":
        return _grey_of_numbers(picture).convert("RGB")
    if "A" not in picture.mode and "transparency" not in picture.info:
        return picture.convert("RGB")
    layers = picture.convert("RGBA")
    ground = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(ground, layers).convert("RGB")


def _grey_of_numbers(picture: Image) -> Image:
    """16 bits and more a pixel: Pillow itself would cut off all above 255."""
    import numpy as np
    from PIL import Image

    values = np.asarray(picture, dtype=np.float64)
    whole = picture.mode.startswith("I") and values.min() >= 0 and values.max() > 255
    # a 16-bit picture keeps its black and white; any other range is stretched
    low, high = (0.0, 65535.0) if whole else (values.min(), values.max())
    share = np.clip((values - low) / ((high - low) or 1), 0, 1)
    return Image.fromarray((255 * share).round().astype(np.uint8))


def _resized(picture: Image, size: int, file: Path) -> Image:
    from PIL import Image

    scale = size / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    if min(width, height) < _LEAST:
        raise ValueError(
            f"{file} has {picture.width} × {picture.height} pixels; with its longer "
            f"side resized to {size} only {min(width, height)} are left of the other, "
            f"and {_LEAST} are needed. Cut it, or raise size"
        )
    return picture.resize((width, height), Image.Resampling.BICUBIC)
