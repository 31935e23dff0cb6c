"""Exercises 3.3 and 3.4: average pooling, and the windows of adaptive pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.lesson03_pooling import (
    LECTURE_IMAGE,
    SMALL_IMAGE,
    max_pool,
    random_image,
)


def _average_pool(
    image: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0
) -> Tensor:
    return F.avg_pool2d(image[None, None], kernel_size, stride, padding)[0, 0]


def _averaged(
    change: Callable[[Tensor, int, int], Tensor] | None = None, **settings: Any
) -> Callable[..., Tensor]:
    """Return an average pooling with other ``settings``, or its result changed."""

    def wrong(
        image: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0
    ) -> Tensor:
        options = {"stride": stride, "padding": padding, **settings}
        result = F.avg_pool2d(image[None, None], kernel_size, **options)[0, 0]
        return change(result, kernel_size, stride or kernel_size) if change else result

    return wrong


def _default_stride_1(
    image: Tensor, kernel_size: int, stride: int = 1, padding: int = 0
) -> Tensor:
    return _average_pool(image, kernel_size, stride, padding)


def _padded_max(
    image: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0
) -> Tensor:
    padded = F.pad(image, (padding,) * 4)
    return max_pool(padded, kernel_size, stride)


def _padded_before(
    image: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0
) -> Tensor:
    return _average_pool(F.pad(image, (padding, 0, padding, 0)), kernel_size, stride)


def _draw_average(generator: torch.Generator) -> tuple[Tensor, int, int, int]:
    image, kernel_size, stride = random_image(generator)
    return image, kernel_size, stride, int(torch.randint(0, 2, (), generator=generator))


check_average_pool = Exercise(
    title="3.3 · Average pooling, with padding",
    reference=_average_pool,
    cases=(
        Case("the 5 × 5 example with a 3 × 3 window, stride 1", (SMALL_IMAGE, 3, 1)),
        Case("the lecture's image with a 2 × 2 window", (LECTURE_IMAGE, 2)),
        Case(
            "the 5 × 5 example with a 3 × 3 window, stride 2, padding 1",
            (SMALL_IMAGE, 3, 2, 1),
        ),
    ),
    mistakes=(
        Mistake(
            "sum_not_divided",
            _averaged(lambda result, kernel_size, _: result * kernel_size**2),
            "These are the sums of the windows: the first is 15. The average of nine "
            "values divides by 9: 15 / 9 ≈ 1.67.",
        ),
        Mistake(
            "divided_by_one_side",
            _averaged(lambda result, kernel_size, _: result * kernel_size),
            "You divided by kernel_size. A 3 × 3 window holds nine values: divide by "
            "kernel_size².",
        ),
        Mistake(
            "divided_by_stride",
            _averaged(lambda result, k, stride: result * k**2 / stride**2),
            "You divided by stride². The number of values in a window is "
            "kernel_size²; the stride only says where the next window begins.",
        ),
        Mistake(
            "rounded_down",
            _averaged(lambda result, *_: result.floor()),
            "Each average is rounded down: 15 // 9 = 1. Use `/`, or `.mean()`.",
        ),
        Mistake(
            "max_instead_of_average",
            _padded_max,
            "You kept the largest value of each window. The average adds all of "
            "them up and divides by how many there are.",
        ),
        Mistake(
            "default_stride_1",
            _default_stride_1,
            "Without a stride your window moves by 1. In pooling the default stride "
            "is `kernel_size`.",
        ),
        Mistake(
            "border_zeros_not_counted",
            _averaged(count_include_pad=False),
            "At the border you divided by the number of real pixels: "
            "(3 + 3 + 0 + 0) / 4 = 1.5. That is `count_include_pad=False`. The default "
            "counts the added zeros too: 6 / 9 ≈ 0.67.",
        ),
        Mistake(
            "padding_forgotten",
            _averaged(padding=0),
            "The padding is missing. Put `padding` rows and columns of zeros on each "
            "side first, for instance with `F.pad`.",
        ),
        Mistake(
            "padding_before_only",
            _padded_before,
            "You padded the top and the left only. `padding` is per side: "
            "`F.pad(image, (padding, padding, padding, padding))` is left, right, top, "
            "bottom.",
        ),
    ),
    draw=_draw_average,
    praise="Nine ninths: a convolution whose weights nobody has to learn.",
)


def _adaptive_windows(size: int, output_size: int) -> list[tuple[int, int]]:
    """Ask torch: the largest index of a window is its end, the smallest its start."""
    index = torch.arange(float(size)).reshape(1, 1, size)
    last = F.adaptive_max_pool1d(index, output_size).flatten()
    first = -F.adaptive_max_pool1d(-index, output_size).flatten()
    return [
        (int(a), int(b) + 1) for a, b in zip(first.tolist(), last.tolist(), strict=True)
    ]


def _adaptive_by(
    window: Callable[[int, int, int], tuple[int, int]],
) -> Callable[[int, int], list[tuple[int, int]]]:
    return lambda size, output_size: [
        window(i, size, output_size) for i in range(output_size)
    ]


def _draw_adaptive(generator: torch.Generator) -> tuple[int, int]:
    output_size = int(torch.randint(2, 8, (), generator=generator))
    extra = int(torch.randint(0, 12, (), generator=generator))
    return output_size + extra, output_size


check_adaptive_windows = Exercise(
    title="3.4 · The windows of adaptive pooling",
    reference=_adaptive_windows,
    cases=(
        Case("6 pixels to 3", (6, 3)),
        Case("5 pixels to 3", (5, 3)),
        Case("10 pixels to 7", (10, 7)),
        Case("7 pixels to 1", (7, 1)),
    ),
    mistakes=(
        Mistake(
            "both_ends_rounded_down",
            _adaptive_by(lambda i, size, out: (i * size // out, (i + 1) * size // out)),
            "Both ends are rounded down, so the windows never overlap: 5 → 3 gives "
            "(0, 1), (1, 3), (3, 5). The start is rounded down and the end *up*: the "
            "windows are (0, 2), (1, 4), (3, 5).",
        ),
        Mistake(
            "both_ends_rounded_up",
            _adaptive_by(
                lambda i, size, out: (-(-i * size // out), -(-(i + 1) * size // out))
            ),
            "Both ends are rounded up. The start is rounded *down*: with 5 → 3 the "
            "second window starts at ⌊5/3⌋ = 1.",
        ),
        Mistake(
            "rounded_to_nearest",
            _adaptive_by(
                lambda i, size, out: (
                    round(i * size / out),
                    round((i + 1) * size / out),
                )
            ),
            "You rounded to the nearest integer. The start is rounded down and the "
            "end up, so that no pixel is left out.",
        ),
        Mistake(
            "last_instead_of_end",
            _adaptive_by(
                lambda i, size, out: (i * size // out, -(-(i + 1) * size // out) - 1)
            ),
            "Your second number is the last pixel inside the window. Give the end as "
            "Python's slices do, the first pixel outside: (0, 2) holds pixels 0 and 1.",
        ),
        Mistake(
            "step_rounded_first",
            _adaptive_by(
                lambda i, size, out: (i * (size // out), (i + 1) * (size // out))
            ),
            "You rounded the step size // output_size first and used it throughout, "
            "so the pixels at the end are never seen. Multiply first, then divide: "
            "i · size // output_size.",
        ),
        Mistake(
            "all_windows_alike",
            _adaptive_by(
                lambda i, size, out: (
                    i * (size // out),
                    i * (size // out) + size - (out - 1) * (size // out),
                )
            ),
            "All your windows have the same length, as in `nn.AvgPool2d`. Adaptive "
            "windows may differ by a pixel: 5 → 3 has lengths 2, 3, 2.",
        ),
    ),
    draw=_draw_adaptive,
    praise="Every pixel is in some window, and every size of input fits.",
)
