"""The photograph of the network explorer, in the size that a network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from course_utils.photos import PHOTOS, photo

if TYPE_CHECKING:
    from course_utils.layer_words import Shape

YOURS: Final = "your image"
_GREY: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow


def as_photo(value: Any) -> Tensor:
    """Return an image that the reader gives, float32 in [0, 1], (3, H, W).

    Raises:
        ValueError: If it is no image.
    """
    if not isinstance(value, Tensor):
        raise ValueError(
            f"image is {value!r}; choose one of {', '.join(PHOTOS)}, or give a tensor "
            "of shape (3, H, W), uint8 or float in 0 … 1"
        )
    if value.ndim != 3 or value.shape[0] not in (1, 3) or value.numel() == 0:
        raise ValueError(
            f"image has shape {tuple(value.shape)}; expected (3, H, W), or (1, H, W) "
            "for a grey image"
        )
    pixels = value.detach().cpu()
    pixels = pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels.float()
    if not (pixels.min() >= 0 and pixels.max() <= 1):  # so that NaN is refused too
        raise ValueError(
            f"image holds values from {float(pixels.min()):.3g} to "
            f"{float(pixels.max()):.3g}; expected uint8, or float in 0 … 1"
        )
    return pixels.expand(3, -1, -1)


def fitted(image: str | Tensor, input_shape: Shape) -> Tensor:
    """Return the image as a network takes it before normalisation.

    Args:
        image: Name of a photograph, or an image as ``as_photo`` returns it.
        input_shape: What the network takes, (1, 1 or 3, H, W).

    Returns:
        float32 in [0, 1], (1 or 3, H, W); the middle is cut out, nothing is stretched.
    """
    _, channels, height, width = input_shape
    if isinstance(image, str):
        return photo(image, size=(height, width), gray=channels == 1)
    scale = max(height / image.shape[1], width / image.shape[2])
    size = [max(round(image.shape[1] * scale), height)]
    size += [max(round(image.shape[2] * scale), width)]
    resized = functional.interpolate(
        image[None], size=size, mode="bilinear", antialias=True
    )[0]
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    middle = resized[:, top : top + height, left : left + width]
    if channels == 3:
        return middle
    return (middle * torch.tensor(_GREY)[:, None, None]).sum(dim=0, keepdim=True)
