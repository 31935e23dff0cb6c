"""Lesson 02, where the kernel may stand: padding, stride and the size of the output."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.lesson02_kernels import (
    DUMOULIN_IMAGE,
    DUMOULIN_KERNEL,
    LECTURE_IMAGE,
    SOBEL_HORIZONTAL,
    correlate,
)

# --- 2.4 a frame of zeros -------------------------------------------------------------


def _framed(
    image: Tensor, left: int, right: int, top: int, bottom: int, value: float = 0.0
) -> Tensor:
    return F.pad(image, (left, right, top, bottom), value=value)


def _replicated(image: Tensor, padding: int) -> Tensor:
    frame = (padding, padding, padding, padding)
    return F.pad(image[None, None], frame, mode="replicate")[0, 0]


def _draw_frame(generator: Generator) -> tuple[Tensor, int]:
    height, width, padding = torch.randint(1, 5, (3,), generator=generator).tolist()
    return torch.randn(height, width, generator=generator), padding


check_pad_zeros = Exercise(
    title="2.4 · A frame of zeros",
    reference=lambda image, p: _framed(image, p, p, p, p),
    cases=(
        # not square: shows rows and columns mixed up
        Case("a 2 × 3 image, padding 1", (torch.arange(1.0, 7).reshape(2, 3), 1)),
        # 2 is even: shows a padding that was split over the two sides
        Case("the lecture's image, padding 2", (LECTURE_IMAGE, 2)),
        Case("padding 0, which changes nothing", (torch.ones(2, 2), 0)),
    ),
    draw=_draw_frame,
    mistakes=(
        Mistake(
            "top_and_left_only",
            lambda image, p: _framed(image, p, 0, p, 0),
            "You padded above and to the left only. `padding` is per side: the height "
            "grows by 2 · padding.",
        ),
        Mistake(
            "bottom_and_right_only",
            lambda image, p: _framed(image, 0, p, 0, p),
            "You padded below and to the right only; the image has to start at "
            "`[padding, padding]`.",
        ),
        Mistake(
            "image_in_the_corner",
            lambda image, p: _framed(image, 0, 2 * p, 0, 2 * p),
            "The size is right, but the image sits in the top left corner: write it to "
            "rows `padding` to `padding + H`.",
        ),
        Mistake(
            "total_not_per_side",
            lambda image, p: _framed(image, p // 2, p - p // 2, p // 2, p - p // 2),
            "You took `padding` as the total and split it. In PyTorch it counts per "
            "side.",
        ),
        Mistake(
            "rows_only",
            lambda image, p: _framed(image, 0, 0, p, p),
            "You padded above and below only; left and right need their zeros too.",
        ),
        Mistake(
            "columns_only",
            lambda image, p: _framed(image, p, p, 0, 0),
            "You padded left and right only; above and below need their zeros too.",
        ),
        Mistake(
            "ones",
            lambda image, p: _framed(image, p, p, p, p, value=1.0),
            "Your frame is made of ones; zero padding means zeros.",
        ),
        Mistake(
            "replicated",
            _replicated,
            'Your frame repeats the border pixels. That is `padding_mode="replicate"`; '
            "here the frame is zero.",
        ),
        Mistake(
            "always_one",
            lambda image, p: _framed(image, 1, 1, 1, 1),
            "Your frame is one pixel wide whatever `padding` says.",
        ),
    ),
    praise="Each side gets `padding` pixels, so the height grows by twice that.",
)


# --- 2.5 stride -----------------------------------------------------------------------


def _one_row_short(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    rows = (image.shape[0] - kernel.shape[0]) // stride
    columns = (image.shape[1] - kernel.shape[1]) // stride
    return correlate(image, kernel, stride)[:rows, :columns]


def _dilated(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    return F.conv2d(image[None, None], kernel[None, None], dilation=stride)[0, 0]


def _draw_strided(generator: Generator) -> tuple[Tensor, Tensor, int]:
    image = torch.randn(8, 9, generator=generator)
    stride = int(torch.randint(2, 4, (), generator=generator))
    return image, torch.randn(3, 2, generator=generator), stride


check_stride_kernel = Exercise(
    title="2.5 · Longer steps",
    reference=correlate,
    cases=(
        # 6 − 3 does not divide by 2: shows a size that was rounded up
        Case("the lecture's image, stride 2", (LECTURE_IMAGE, SOBEL_HORIZONTAL, 2)),
        Case("a 5 × 5 image, stride 2", (DUMOULIN_IMAGE, DUMOULIN_KERNEL, 2)),
        # neither is square: shows height and width mixed up
        Case(
            "a wide image, kernel of 2 × 1, stride 3",
            (torch.arange(32.0).reshape(4, 8) ** 2, torch.tensor([[1.0], [2.0]]), 3),
        ),
        Case("stride 1, as before", (DUMOULIN_IMAGE, DUMOULIN_KERNEL, 1)),
    ),
    draw=_draw_strided,
    mistakes=(
        Mistake(
            "stride_ignored",
            lambda image, kernel, s: correlate(image, kernel),
            "Your window still moves by one pixel: `stride` is never used.",
        ),
        Mistake(
            "rows_only",
            lambda image, kernel, s: correlate(image, kernel)[::s],
            "Your window takes long steps downwards and short ones to the right; the "
            "stride holds in both directions.",
        ),
        Mistake(
            "columns_only",
            lambda image, kernel, s: correlate(image, kernel)[:, ::s],
            "Your window takes long steps to the right and short ones downwards; the "
            "stride holds in both directions.",
        ),
        Mistake(
            "wrong_start",
            lambda image, kernel, s: correlate(image, kernel)[s - 1 :: s, s - 1 :: s],
            "You start at pixel stride − 1. The first window lies in the top left "
            "corner, at 0; then come stride, 2 · stride, …",
        ),
        Mistake(
            "last_window_missing",
            _one_row_short,
            "One row and one column are missing: after (6 − 3) // 2 = 1 step there are "
            "1 + 1 = 2 windows. Do not forget the + 1.",
        ),
        Mistake(
            "dilation_not_stride",
            _dilated,
            "You spread the *kernel* out. That is dilation; a stride spreads the "
            "*windows*.",
        ),
        Mistake(
            "stride_added",
            lambda image, kernel, s: correlate(image, kernel, s + 1),
            "Your window moves by stride + 1 pixels: stride 1 means every pixel.",
        ),
    ),
    praise="A stride of 2 keeps one window in four.",
)


# --- 2.6 how large is the output? -----------------------------------------------------


def _torch_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    signal, kernel = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel_size)
    return F.conv1d(signal, kernel, stride=stride, padding=padding).shape[-1]


def _draw_size(generator: Generator) -> tuple[int, int, int, int]:
    def number(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=generator))

    return number(8, 40), number(2, 8), number(1, 5), number(0, 4)


check_output_size = Exercise(
    title="2.6 · How large is the output?",
    reference=_torch_size,
    cases=(
        Case("size 6, kernel 3", (6, 3)),
        Case("size 5, kernel 3, stride 2, padding 1", (5, 3, 2, 1)),
        # 6 − 3 = 3 does not divide by 2
        Case("size 6, kernel 3, stride 2, which does not divide", (6, 3, 2)),
        Case("size 224, kernel 7, stride 2, padding 3", (224, 7, 2, 3)),
        Case("size 6, kernel 6: a single place", (6, 6)),
    ),
    draw=_draw_size,
    mistakes=(
        Mistake(
            "rounded_up",
            lambda n, k, s=1, p=0: math.ceil((n + 2 * p - k) / s) + 1,
            "You rounded up. A window that hangs over the edge is not computed: "
            "round down, with `//`.",
        ),
        Mistake(
            "plus_one_forgotten",
            lambda n, k, s=1, p=0: (n + 2 * p - k) // s,
            "You counted the steps. There is one window more than steps: + 1.",
        ),
        Mistake(
            "plus_one_divided",
            lambda n, k, s=1, p=0: (n + 2 * p - k + 1) // s,
            "You divided the + 1 as well: count the steps first, `(…) // stride`, and "
            "then add 1.",
        ),
        Mistake(
            "padding_once",
            lambda n, k, s=1, p=0: (n + p - k) // s + 1,
            "You added the padding once. It is per side: 2 · padding.",
        ),
        Mistake(
            "padding_forgotten",
            lambda n, k, s=1, p=0: (n - k) // s + 1,
            "You left the padding out; it makes the input longer on both sides.",
        ),
        Mistake(
            "stride_ignored",
            lambda n, k, s=1, p=0: n + 2 * p - k + 1,
            "You left the stride out: divide the room to move by it, rounding down.",
        ),
        Mistake(
            "true_division",
            lambda n, k, s=1, p=0: (n + 2 * p - k) / s + 1,
            "`/` gives a float, and half a window where it does not divide. Use `//`.",
        ),
        Mistake(
            "kernel_forgotten",
            lambda n, k, s=1, p=0: (n + 2 * p) // s + 1,
            "You left the kernel out: the first window already covers kernel_size "
            "pixels.",
        ),
    ),
    praise="You will fill this formula in for every layer of every network that you "
    "build.",
)
