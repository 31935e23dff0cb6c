"""Lesson 02, one window after the other: slide the kernel, mend the slide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.redrawn import redraw_first_row

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
SOBEL_HORIZONTAL: Final = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])
DUMOULIN_IMAGE: Final = torch.tensor(
    [
        [3.0, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ]
)
DUMOULIN_KERNEL: Final = torch.tensor([[0.0, 1, 2], [2, 2, 0], [0, 1, 2]])


def correlate(image: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """Return torch's convolution of one plane, (H, W), with one kernel, (kH, kW)."""
    return F.conv2d(image[None, None], kernel[None, None], stride=stride)[0, 0]


def whole_numbers(*shape: int) -> Tensor:
    """Return small whole numbers without a pattern, of the given shape."""
    count = torch.Size(shape).numel()
    return ((torch.arange(count) * 7) % 11 - 4).to(torch.float32).reshape(shape)


# --- 2.1 slide the kernel -------------------------------------------------------------


def _slide(image: Tensor, kernel: Tensor, value: Callable[..., Tensor]) -> Tensor:
    """Slide as asked, but take ``value(window, kernel)`` for each output."""
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    output = torch.zeros(rows, columns)
    for row in range(rows):
        for column in range(columns):
            window = image[row : row + height, column : column + width]
            output[row, column] = value(window, kernel)
    return output


def _into_swapped_places(image: Tensor, kernel: Tensor) -> Tensor:
    right = correlate(image, kernel)
    output = torch.zeros_like(right)
    for row in range(right.shape[0]):
        for column in range(right.shape[1]):
            output[column, row] = right[row, column]
    return output


def _only_first_row(image: Tensor, kernel: Tensor) -> Tensor:
    output = correlate(image, kernel)
    output[1:] = 0
    return output


def _last_left_empty(image: Tensor, kernel: Tensor) -> Tensor:
    output = correlate(image, kernel)
    output[-1] = 0
    output[:, -1] = 0
    return output


def _running_sum(image: Tensor, kernel: Tensor) -> Tensor:
    right = correlate(image, kernel)
    return right.flatten().cumsum(0).reshape(right.shape)


def _draw_plane(generator: Generator) -> tuple[Tensor, Tensor]:
    image = torch.randn(5, 7, generator=generator)
    return image, torch.randn(2, 3, generator=generator)


check_slide_kernel = Exercise(
    title="2.1 · Slide the kernel",
    reference=correlate,
    cases=(
        # the Sobel kernel turned upside down is its negative: shows a flip as a sign
        Case("the lecture's image", (LECTURE_IMAGE, SOBEL_HORIZONTAL)),
        # a kernel without symmetry: shows a flip or a transpose
        Case(
            "a 5 × 5 image, kernel without symmetry", (DUMOULIN_IMAGE, DUMOULIN_KERNEL)
        ),
        # neither is square: shows swapped heights and widths, and a size typed in as 3
        Case(
            "a wide image and a kernel of 1 × 2",
            (torch.arange(12.0).reshape(3, 4) ** 2, torch.tensor([[1.0, -3.0]])),
        ),
    ),
    draw=_draw_plane,
    mistakes=(
        Mistake(
            "running_sum",
            _running_sum,
            "You slid the kernel but added the results up: −31 is −11 + −20. "
            "The sum must start again at 0 for each window.",
        ),
        Mistake(
            "running_sum_in_a_row",
            lambda image, kernel: correlate(image, kernel).cumsum(1),
            "You slid the kernel but added the results up along each row: −31 is "
            "−11 + −20. Set the sum back to 0 for each window, not for each row.",
        ),
        Mistake(
            "flipped_kernel",
            lambda image, kernel: correlate(image, kernel.flip(0, 1)),
            "You turned the kernel upside down and left to right first. That is the "
            "mathematician's convolution; here the kernel lies on the window as it is.",
        ),
        Mistake(
            "mean_not_sum",
            lambda image, kernel: _slide(image, kernel, lambda w, k: (w * k).mean()),
            "You took the mean of the products; a convolution takes their sum: "
            "−11, not −11 / 9.",
        ),
        Mistake(
            "kernel_ignored",
            lambda image, kernel: _slide(image, kernel, lambda w, k: w.sum()),
            "You added up the window itself. Multiply it with the kernel first, "
            "element by element.",
        ),
        Mistake(
            "matrix_product",
            lambda image, kernel: _slide(image, kernel, lambda w, k: (w @ k).sum()),
            "`@` is the matrix product. A convolution multiplies element by element, "
            "which is `*`.",
        ),
        Mistake(
            "last_window_missing",
            lambda image, kernel: correlate(image, kernel)[:-1, :-1],
            "Your loops stop one window early. A kernel of length 3 fits into 6 pixels "
            "at 6 − 3 + 1 = 4 places.",
        ),
        Mistake(
            "last_window_empty",
            _last_left_empty,
            "The output has the right size, but its last row and column stay 0: your "
            "loops stop one window early.",
        ),
        Mistake(
            "only_first_row",
            _only_first_row,
            "Only the first row is filled. Does `return` stand inside the outer loop, "
            "or does the window always start at row 0?",
        ),
        Mistake(
            "swapped_places",
            _into_swapped_places,
            "You wrote to `output[column, row]`. The row always comes first.",
        ),
    ),
    praise="Ten lines, and they are the heart of every convolutional network.",
)


# --- 2.2 your slides say --------------------------------------------------------------

# floats, so that −25 and −25.0 are both right
check_first_row = Exercise(
    title="2.2 · Your slides say −11, −20, −45, −70",
    reference=(-11.0, -20.0, -25.0, -25.0),
    redraw=redraw_first_row,
    mistakes=(
        Mistake(
            "as_printed",
            (-11.0, -20.0, -45.0, -70.0),
            "That is the row as the slide has it, and two of its numbers are wrong. "
            "Work out the nine products of the third window.",
        ),
        Mistake(
            "only_third_mended",
            (-11.0, -20.0, -25.0, -70.0),
            "The third number is right now. The fourth grew out of the old one: "
            "−70 is −45 + −25.",
        ),
        Mistake(
            "only_fourth_mended",
            (-11.0, -20.0, -45.0, -25.0),
            "The fourth number is right now. The third is not: −45 is −20 + −25.",
        ),
        Mistake(
            "running_sum",
            (-11.0, -31.0, -56.0, -81.0),
            "You added the results up: −31 is −11 + −20. Each window has a sum of its "
            "own.",
        ),
        Mistake(
            "flipped_kernel",
            (11.0, 20.0, 25.0, 25.0),
            "The sizes are right and the signs are not: the row of −1, −2, −1 lies on "
            "top. Do not turn the kernel round.",
        ),
        Mistake(
            "kernel_transposed",
            (13.0, -2.0, 9.0, 5.0),
            "Your kernel lies on its side: −1, −2, −1 is its top row, not its left "
            "column.",
        ),
        Mistake(
            "second_row",
            (6.0, 13.0, 11.0, -3.0),
            "That is the second row of the result, and the slide has it right.",
        ),
    ),
    praise="−45 was −20 + −25, and −70 was −45 + −25: a sum that was never set back "
    "to zero.",
)
