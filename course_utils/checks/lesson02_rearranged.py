"""Lesson 02, a convolution seen from two other sides: stamps and a matrix product."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.lesson02_kernels import LECTURE_IMAGE, whole_numbers

# --- 2.10 stamp the kernel ------------------------------------------------------------


def _transposed(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    return F.conv_transpose2d(image[None, None], kernel[None, None], stride=stride)[
        0, 0
    ]


def _overwritten(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    output = torch.zeros_like(_transposed(image, kernel, stride))
    height, width = kernel.shape
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            top, left = row * stride, column * stride
            stamp = image[row, column] * kernel
            output[top : top + height, left : left + width] = stamp
    return output


def _cropped(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    height, width = image.shape
    return _transposed(image, kernel, stride)[: height * stride, : width * stride]


def _draw_stamp(generator: Generator) -> tuple[Tensor, Tensor, int]:
    stride = int(torch.randint(1, 4, (), generator=generator))
    image = torch.randn(3, 4, generator=generator)
    return image, torch.randn(3, 2, generator=generator), stride


_SMALL = torch.tensor([[1.0, 2], [3, 4]])

check_stamp_kernel = Exercise(
    title="2.10 · Stamp the kernel",
    reference=_transposed,
    cases=(
        # stride = kernel_size: the stamps touch and never overlap
        Case("stamps side by side", (_SMALL, torch.tensor([[1.0, 10], [5, 0]]), 2)),
        # stride < kernel_size: the stamps overlap and have to be added
        Case("stamps that overlap", (_SMALL, whole_numbers(3, 3), 2)),
        Case(
            "stride 1, image not square", (whole_numbers(2, 3), whole_numbers(2, 2), 1)
        ),
    ),
    draw=_draw_stamp,
    mistakes=(
        Mistake(
            "overwritten",
            _overwritten,
            "Where two stamps overlap, yours keeps only the later one. Add with `+=`.",
        ),
        Mistake(
            "stride_ignored",
            lambda image, kernel, s: _transposed(image, kernel, 1),
            "Your stamps lie one pixel apart whatever the stride. Put the stamp of "
            "pixel (row, column) at (row · stride, column · stride).",
        ),
        Mistake(
            "cropped",
            _cropped,
            "The output is cut off: the last stamp needs kernel_size pixels, so the "
            "height is (H − 1) · stride + kernel height.",
        ),
        Mistake(
            "flipped_kernel",
            lambda image, kernel, s: _transposed(image, kernel.flip(0, 1), s),
            "Your stamp is turned round. Lay the kernel down as it is.",
        ),
        Mistake(
            "not_scaled",
            lambda image, kernel, s: _transposed(torch.ones_like(image), kernel, s),
            "All your stamps are alike. Multiply the kernel by the pixel that it "
            "belongs to.",
        ),
        Mistake(
            "spread_only",
            lambda image, kernel, s: _transposed(
                image,
                F.pad(
                    torch.ones(1, 1), (0, kernel.shape[1] - 1, 0, kernel.shape[0] - 1)
                ),
                s,
            ),
            "You spread the pixels out but never multiplied them with the kernel.",
        ),
    ),
    praise="Convolution gathers a window into a number; its transpose scatters a "
    "number over a window.",
)


# --- 2.11 windows into columns --------------------------------------------------------


def _unfold(image: Tensor, kernel_size: int) -> Tensor:
    return F.unfold(image[None], kernel_size)[0]


def _taps(image: Tensor, kernel_size: int) -> Tensor:
    """Return all windows as (C, k, k, rows, columns)."""
    rows, columns = (length - kernel_size + 1 for length in image.shape[1:])
    flat = _unfold(image, kernel_size)
    return flat.reshape(len(image), kernel_size, kernel_size, rows, columns)


def _draw_image(generator: Generator) -> tuple[Tensor, int]:
    channels = int(torch.randint(2, 4, (), generator=generator))
    return torch.randn(channels, 4, 5, generator=generator), 2


check_im2col = Exercise(
    title="2.11 · Windows into columns",
    reference=_unfold,
    cases=(
        Case("the lecture's image, kernel size 3", (LECTURE_IMAGE[None], 3)),
        # two channels, not square: shows every order of axes that is not torch's
        Case("two channels of 3 × 4, kernel size 2", (whole_numbers(2, 3, 4), 2)),
        Case("kernel size 1: only a new shape", (whole_numbers(2, 2, 3), 1)),
    ),
    draw=_draw_image,
    mistakes=(
        Mistake(
            "windows_as_rows",
            lambda image, k: _unfold(image, k).T,
            "Your windows are rows. Each window becomes a *column*: transpose the "
            "matrix, or stack with `dim=1`.",
        ),
        Mistake(
            "channels_last",
            lambda image, k: (
                _taps(image, k).permute(1, 2, 0, 3, 4).flatten(0, 2).flatten(1)
            ),
            "Within a column you let the channels alternate. First come all taps of "
            "channel 0, then all of channel 1: flatten (C, k, k) in that order.",
        ),
        Mistake(
            "windows_down_first",
            lambda image, k: (
                _taps(image, k).permute(0, 1, 2, 4, 3).flatten(0, 2).flatten(1)
            ),
            "The windows come in the wrong order: go along a row of the image first, "
            "then down. The loop over rows is the outer one.",
        ),
        Mistake(
            "taps_down_first",
            lambda image, k: (
                _taps(image, k).permute(0, 2, 1, 3, 4).flatten(0, 2).flatten(1)
            ),
            "Within a window you went down the columns first. `window.flatten()` reads "
            "row by row, as `weight.flatten(1)` does.",
        ),
        Mistake(
            "first_channel_only",
            lambda image, k: _unfold(image[:1], k),
            "Only the first channel is there. A window holds all channels: "
            "`image[:, top:…, left:…]`.",
        ),
        Mistake(
            "side_by_side",
            lambda image, k: _unfold(image, k).reshape(-1, image.shape[0] * k * k).T,
            "The shape is right, but a bare `reshape` only cuts the numbers up anew; "
            "it never moves a row to a column. Transpose instead.",
        ),
        Mistake(
            "last_window_missing",
            lambda image, k: _taps(image, k)[..., :-1, :-1].flatten(0, 2).flatten(1),
            "You stop one window early in both directions: there are H − k + 1 rows of "
            "windows.",
        ),
    ),
    praise="The price is memory: with a 3 × 3 kernel each pixel is copied up to nine "
    "times.",
)
