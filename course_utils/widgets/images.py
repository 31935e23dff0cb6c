"""The pictures of the explorers: matrices, photographs in grey, your own."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypedDict

import torch
from torch import Tensor

from course_utils.photos import PHOTOS, photo

LECTURE: Final = torch.tensor(
    [
        [2, 5, 8, 7, 9, 8],
        [1, 3, 4, 2, 8, 3],
        [0, 4, 1, 2, 1, 4],
        [3, 3, 8, 7, 5, 1],
        [4, 1, 2, 2, 9, 2],
        [5, 1, 3, 7, 4, 8],
    ]
)
FIVE_BY_FIVE: Final = torch.tensor(
    [
        [3, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ]
)
MATRICES: Final = {"lecture": LECTURE, "five_by_five": FIVE_BY_FIVE}
LISTED_PHOTOS: Final = ("camera", "chelsea", "coins", "brick")  # 16 kB each
CUSTOM: Final = "custom"
NUMBERS_UP_TO: Final = 10  # pixels per side; larger images are drawn as pictures

_PHOTO_SIZE: Final = 128  # pixels per side: quick to convolve, fine to see
_MOST_PIXELS: Final = 256  # per side


class ImageData(TypedDict):
    """One image as the browser receives it: bytes of the values, row after row."""

    label: str
    dtype: str
    height: int
    width: int
    data: bytes


def as_image(value: Any) -> Tensor:
    """Return ``value`` as a float32 tensor, (H, W).

    Raises:
        ValueError: If it is no finite matrix of at most 256 × 256 pixels.
    """
    try:
        image = torch.as_tensor(value).detach().cpu().to(torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"image is not a tensor of numbers ({error}); give a tensor of shape "
            f"(H, W) or one of {', '.join((*MATRICES, *PHOTOS))}"
        ) from error
    if image.ndim == 3 and image.shape[0] == 1:
        image = image[0]
    if image.ndim != 2 or image.numel() == 0:
        raise ValueError(
            f"image has shape {tuple(image.shape)}; expected (H, W), so take one "
            "channel: image[0], or the mean over the channels: image.mean(dim=0)"
        )
    if max(image.shape) > _MOST_PIXELS:
        raise ValueError(
            f"image is {image.shape[0]}x{image.shape[1]} pixels; the explorer shows at "
            f"most {_MOST_PIXELS}x{_MOST_PIXELS}, so crop it or take every n-th pixel: "
            "image[::4, ::4]"
        )
    if not image.isfinite().all():
        raise ValueError("image holds NaN or infinity; give finite numbers")
    return image


@cache
def named_image(name: str) -> Tensor:
    """Return the named images as a float32 tensor, (H, W); photographs in 0 … 255."""
    if name in MATRICES:
        return MATRICES[name].to(torch.float32)
    if name not in PHOTOS:
        raise ValueError(
            f"image is {name!r}; choose one of {', '.join((*MATRICES, *PHOTOS))}, or "
            "give a tensor of shape (H, W)"
        )
    return (photo(name, size=_PHOTO_SIZE, gray=True)[0] * 255).round()


def label(name: str) -> str:
    """What the list of images calls this one."""
    if name in MATRICES:
        height, width = MATRICES[name].shape
        return f"Lecture, {height} × {width}" if name == "lecture" else "Pooling, 5 × 5"
    return "Your image" if name == CUSTOM else f"Photograph: {name}"


def image_data(name: str, image: Tensor) -> ImageData:
    """Pack an image for the browser, photographs in one byte a pixel."""
    gray_levels = name in PHOTOS
    dtype = torch.uint8 if gray_levels else torch.float32
    return {
        "label": label(name),
        "dtype": "uint8" if gray_levels else "float32",
        "height": image.shape[0],
        "width": image.shape[1],
        "data": image.to(dtype).contiguous().numpy().tobytes(),
    }
