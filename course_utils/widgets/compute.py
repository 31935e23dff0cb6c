"""What the explorers compute, with torch: the same numbers and limits as its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.arithmetic import conv_output_size, pool_output_size

PADDING_MODES: Final = ("zeros", "reflect", "replicate", "circular")
POOL_MODES: Final = ("max", "average")


def require_padding_fits(
    height: int, width: int, padding: int, padding_mode: str
) -> None:
    """Raise ``ValueError`` where ``nn.Conv2d`` refuses a padding of this mode.

    ``reflect`` mirrors without repeating the edge, so at most ``size - 1`` pixels;
    ``circular`` wraps around once, so at most ``size`` pixels.
    """
    reach = {"reflect": ("mirror", 1), "circular": ("wrap", 0)}
    if padding_mode not in reach:
        return
    verb, less = reach[padding_mode]
    for size, axis in ((height, "rows"), (width, "columns")):
        if padding > size - less:
            raise ValueError(
                f"padding is {padding} but the input has only {size} {axis}, so "
                f"{padding_mode} padding can {verb} at most {size - less}; "
                "lower padding, or choose another padding_mode"
            )


def pad(image: Tensor, padding: int, padding_mode: str, fill: float = 0.0) -> Tensor:
    """Return (H, W) with ``padding`` pixels more on each side.

    Raises:
        ValueError: If ``padding_mode`` cannot reach that far.
    """
    require_padding_fits(image.shape[0], image.shape[1], padding, padding_mode)
    sides = (padding,) * 4
    if padding_mode == "zeros":
        return F.pad(image, sides, value=fill)
    return F.pad(image[None, None], sides, mode=padding_mode)[0, 0]


def convolve(
    image: Tensor,
    kernel: Tensor,
    stride: int = 1,
    padding: int = 0,
    padding_mode: str = "zeros",
    dilation: int = 1,
) -> Tensor:
    """Cross-correlate one channel as ``nn.Conv2d`` does, (H, W) → (H_out, W_out).

    Raises:
        ValueError: If the padding mode cannot reach or the kernel does not fit.
    """
    padded = pad(image, padding, padding_mode)
    for size, taps in zip(image.shape, kernel.shape, strict=True):
        conv_output_size(size, taps, stride, padding, dilation)
    batch = F.conv2d(
        padded[None, None], kernel[None, None], stride=stride, dilation=dilation
    )
    return batch[0, 0]


def pool(
    image: Tensor, mode: str, kernel_size: int, stride: int, padding: int
) -> Tensor:
    """Pool one channel as PyTorch's layers do, (H, W) → (H_out, W_out).

    Raises:
        ValueError: If the window does not fit or the padding exceeds half of it.
    """
    for size in image.shape:
        pool_output_size(size, kernel_size, stride, padding)
    pooling = F.max_pool2d if mode == "max" else F.avg_pool2d
    return pooling(image[None, None], kernel_size, stride, padding)[0, 0]


def pool_fill(mode: str) -> float:
    """What pooling puts around the input: below every maximum, or zeros."""
    return -torch.inf if mode == "max" else 0.0


def shift(image: Tensor, down: int, right: int) -> Tensor:
    """Move (H, W) down and right; the old border is repeated where pixels enter."""
    rows = (torch.arange(image.shape[0]) - down).clamp(0, image.shape[0] - 1)
    cols = (torch.arange(image.shape[1]) - right).clamp(0, image.shape[1] - 1)
    return image[rows][:, cols]


def window_indices(
    position: int, kernel_size: int, stride: int, dilation: int = 1
) -> list[int]:
    """The padded rows (or columns) that the window at one output position touches."""
    return [position * stride + tap * dilation for tap in range(kernel_size)]


@dataclass(frozen=True)
class Window:
    """The part of a padded image under one window.

    ``rows`` and ``cols`` count in the image itself, so padding has rows below 0.
    """

    rows: list[int]
    cols: list[int]
    values: Tensor  # (kernel height, kernel width), float64


def window_at(
    padded: Tensor,
    position: tuple[int, int],
    taps: tuple[int, int],
    stride: int,
    padding: int,
    dilation: int = 1,
) -> Window:
    """The window of ``taps`` values at one output position."""
    rows, cols = (
        window_indices(place, size, stride, dilation)
        for place, size in zip(position, taps, strict=True)
    )
    return Window(
        rows=[row - padding for row in rows],
        cols=[col - padding for col in cols],
        values=padded[rows][:, cols].double(),
    )


def never_visited(
    size: int,
    output_size: int,
    kernel_size: int,
    stride: int,
    padding: int,
    dilation: int = 1,
) -> list[int]:
    """The rows (or columns) of the image itself that no window touches."""
    visited = {
        index - padding
        for position in range(output_size)
        for index in window_indices(position, kernel_size, stride, dilation)
    }
    return [index for index in range(size) if index not in visited]
