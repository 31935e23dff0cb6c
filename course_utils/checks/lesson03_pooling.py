"""Exercises 3.1 and 3.2: max pooling and the size of its result."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

# the 6 × 6 image of the lecture, (H, W)
LECTURE_IMAGE: Final = torch.tensor(
    [
        [2.0, 5, 8, 7, 9, 8],
        [1, 3, 4, 2, 8, 3],
        [0, 4, 1, 2, 1, 4],
        [3, 3, 8, 7, 5, 1],
        [4, 1, 2, 2, 9, 2],
        [5, 1, 3, 7, 4, 8],
    ]
)
# the 5 × 5 example, (H, W)
SMALL_IMAGE: Final = torch.tensor(
    [
        [3.0, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ]
)
_WIDE_IMAGE: Final = LECTURE_IMAGE[:4]

Reduce = Callable[[Tensor], Tensor]


def random_image(generator: torch.Generator) -> tuple[Tensor, int, int]:
    """Draw an image, (H, W), of signed numbers, a kernel size and a stride."""
    height, width, kernel_size, stride = (
        int(torch.randint(low, high, (), generator=generator))
        for low, high in ((4, 9), (4, 9), (2, 4), (1, 4))
    )
    return torch.randn(height, width, generator=generator), kernel_size, stride


def _windows(
    reduce: Reduce, *, drop: int = 0, default: int | None = None
) -> Callable[..., Tensor]:
    """Return a pooling that applies ``reduce`` to each window (its last two axes).

    ``drop`` leaves out the last windows along each axis; ``default`` is the stride when
    none is given, in place of the kernel size.
    """

    def pool(image: Tensor, kernel_size: int, stride: int | None = None) -> Tensor:
        step = stride or default or kernel_size
        cut = image.unfold(0, kernel_size, step).unfold(1, kernel_size, step)
        rows, columns = cut.shape[0] - drop, cut.shape[1] - drop
        return reduce(cut[: max(rows, 0), : max(columns, 0)])

    return pool


def _maximum(windows: Tensor) -> Tensor:
    return windows.amax(dim=(-2, -1))


def max_pool(image: Tensor, kernel_size: int, stride: int | None = None) -> Tensor:
    """Ask torch for the max pooling of one plane, (H, W)."""
    return F.max_pool2d(image[None, None], kernel_size, stride)[0, 0]


def _max_pool_ceil(
    image: Tensor, kernel_size: int, stride: int | None = None
) -> Tensor:
    return F.max_pool2d(image[None, None], kernel_size, stride, ceil_mode=True)[0, 0]


check_max_pool = Exercise(
    title="3.1 · Max pooling with a loop",
    reference=max_pool,
    cases=(
        Case("the lecture's image with a 2 × 2 window", (LECTURE_IMAGE, 2)),
        Case("the 5 × 5 example with a 3 × 3 window, stride 1", (SMALL_IMAGE, 3, 1)),
        Case("the 5 × 5 example with a 2 × 2 window", (SMALL_IMAGE, 2)),
        Case("an image of 4 × 6", (_WIDE_IMAGE, 2)),
        Case("an image of negative numbers", (SMALL_IMAGE - 9, 2)),
    ),
    mistakes=(
        Mistake(
            "average_instead_of_max",
            _windows(lambda windows: windows.mean(dim=(-2, -1))),
            "You took the mean of each window: (2 + 5 + 1 + 3) / 4 = 2.75. "
            "Max pooling keeps the largest of the four, 5.",
        ),
        Mistake(
            "minimum_instead_of_max",
            _windows(lambda windows: windows.amin(dim=(-2, -1))),
            "You kept the smallest value of each window: 1 of 2, 5, 1, 3. "
            "Max pooling keeps the largest, 5.",
        ),
        Mistake(
            "default_stride_1",
            _windows(_maximum, default=1),
            "Without a stride your window moves by 1 and the windows overlap. In "
            "pooling the default stride is `kernel_size`: six columns and a window of "
            "2 give 3 outputs a row, not 5.",
        ),
        Mistake(
            "stride_ignored",
            lambda image, kernel_size, stride=None: max_pool(image, kernel_size),
            "Your window always moves by its own size. When a stride is given, "
            "that is the step: a 3 × 3 window with stride 1 fits three times along 5.",
        ),
        Mistake(
            "last_window_missing",
            _windows(_maximum, drop=1),
            "The last window of each row and column is missing: "
            "(size − kernel_size) // stride counts the steps, and there is one window "
            "more than there are steps. Add 1.",
        ),
        Mistake(
            "rest_gets_a_window",
            _max_pool_ceil,
            "You gave the rest at the edge a window of its own. PyTorch rounds down: "
            "5 columns and a window of 2 give 2 outputs, and the last column is "
            "dropped (`ceil_mode=True` would keep it).",
        ),
        Mistake(
            "starts_at_zero",
            _windows(lambda windows: _maximum(windows).clamp(min=0)),
            "Your running maximum starts at 0, so a window of negative numbers gives "
            "0, which stands nowhere in it. Start from a value of the window, or "
            "from −inf.",
        ),
        Mistake(
            "rows_and_columns_swapped",
            _windows(lambda windows: _maximum(windows).T),
            "Rows and columns are swapped. `output[i, j]` belongs to the window that "
            "begins in row i · stride and column j · stride.",
        ),
    ),
    draw=random_image,
    praise="Two loops and a maximum: that is all that `nn.MaxPool2d` does.",
)


def _pooled_size(
    size: int, kernel_size: int, stride: int | None = None, padding: int = 0
) -> int:
    line = torch.zeros(1, 1, size)
    return F.max_pool1d(line, kernel_size, stride, padding).shape[-1]


def _draw_sizes(generator: torch.Generator) -> tuple[int, int, int, int]:
    size, kernel_size, stride = (
        int(torch.randint(low, high, (), generator=generator))
        for low, high in ((6, 40), (2, 6), (1, 5))
    )
    padding = int(torch.randint(0, kernel_size // 2 + 1, (), generator=generator))
    return size, kernel_size, stride, padding


def _size_by(formula: Callable[[int, int, int, int], Any]) -> Callable[..., Any]:
    def wrong(
        size: int, kernel_size: int, stride: int | None = None, padding: int = 0
    ) -> Any:
        return formula(size, kernel_size, stride or kernel_size, padding)

    return wrong


check_pooled_size = Exercise(
    title="3.2 · How large is the result?",
    reference=_pooled_size,
    cases=(
        Case("6 pixels, window 2", (6, 2)),
        Case("5 pixels, window 2", (5, 2)),
        Case("5 pixels, window 3, stride 1", (5, 3, 1)),
        Case("112 pixels, window 3, stride 2, padding 1", (112, 3, 2, 1)),
        Case("8 pixels, window 4, stride 2, padding 1", (8, 4, 2, 1)),
    ),
    mistakes=(
        Mistake(
            "default_stride_1",
            lambda size, kernel_size, stride=1, padding=0: (
                (size + 2 * padding - kernel_size) // stride + 1
            ),
            "Your default stride is 1, as in a convolution. In pooling it is "
            "`kernel_size`: 6 pixels and a window of 2 give 3 outputs, not 5. "
            "Use `stride=None` in the signature and fill it in.",
        ),
        Mistake(
            "window_forgotten",
            _size_by(lambda size, _, stride, padding: (size + 2 * padding) // stride),
            "You divided by the stride alone. That is right while kernel_size equals "
            "stride, but a 3-pixel window with stride 1 has 3 places along 5 pixels, "
            "not 5.",
        ),
        Mistake(
            "one_too_few",
            _size_by(lambda s, k, stride, p: (s + 2 * p - k) // stride),
            "You counted the steps. There is one window more than there are steps, "
            "since the first one stands before any step: add 1.",
        ),
        Mistake(
            "rounded_up",
            _size_by(lambda s, k, stride, p: math.ceil((s + 2 * p - k) / stride) + 1),
            "You rounded up, which is `ceil_mode=True`. The default rounds down: a "
            "window of 2 fits twice into 5 pixels and the fifth pixel is dropped.",
        ),
        Mistake(
            "not_rounded",
            _size_by(lambda s, k, stride, p: (s + 2 * p - k) / stride + 1),
            "A number of pixels is an int. `/` gives a float and keeps the rest; `//` "
            "rounds down.",
        ),
        Mistake(
            "padding_on_one_side",
            _size_by(lambda s, k, stride, p: (s + p - k) // stride + 1),
            "You added the padding once. `padding` is per side: 112 pixels with "
            "padding 1 are 114.",
        ),
        Mistake(
            "padding_forgotten",
            _size_by(lambda s, k, stride, p: (s - k) // stride + 1),
            "The padding is missing: it widens the input by `padding` on each side.",
        ),
    ),
    draw=_draw_sizes,
    praise="The formula of a convolution, with another default for the stride.",
)
