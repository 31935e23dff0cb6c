"""Exercises with other numbers: one student's own, drawn from a generator.

Each is the exercise of the lesson on another image, with the same known mistakes. An
image is drawn again until no two of the answers agree, the right one included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_utils.checks.compare import describe
from course_utils.checks.engine import Exercise, Mistake

_SOBEL: Final = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])
Answer = object


def redraw_first_row(generator: Generator) -> Exercise:
    """Return exercise 2.2 on another image of 4 × 6 whole numbers."""

    def answers(image: Tensor) -> list[Answer]:
        rows = _rows(image, _SOBEL)
        return [
            rows[0],
            _printed(rows[0]),
            (*rows[0][:3], _printed(rows[0])[3]),
            (*_printed(rows[0])[:3], rows[0][3]),
            tuple(torch.tensor(rows[0]).cumsum(0).tolist()),
            _rows(image, _SOBEL.flip(0, 1))[0],
            _rows(image, _SOBEL.T)[0],
            rows[1],
        ]

    image, (right, *wrong) = _distinct(
        lambda: torch.randint(0, 10, (4, 6), generator=generator).float(), answers
    )
    printed = _printed(_rows(image, _SOBEL)[0])
    hints = (
        ("as_printed", "That is the row as it was printed: two numbers are wrong."),
        ("only_third_mended", f"The fourth grew out of the old third: {_sum(printed)}"),
        ("only_fourth_mended", "The fourth number is right now. The third is not."),
        ("running_sum", "You added the results up. Each window has its own sum."),
        ("flipped_kernel", "The signs are wrong: the row of −1, −2, −1 lies on top."),
        ("kernel_transposed", "Your kernel lies on its side: −1, −2, −1 is a row."),
        ("second_row", "That is the second row of the result."),
    )
    return Exercise(
        title="2.2 · Mend a first row, with numbers of your own",
        reference=right,
        mistakes=_mistakes(hints, wrong),
        praise="A sum that is never set back to zero runs on into the next window.",
        task=(
            "Solve this exercise on an image of your own, with the Sobel kernel of the "
            f"lesson:\n\n```python\nown_image = {_listed(image)}\n```\n\n"
            "Somebody's first row of the result reads "
            f"{', '.join(map(describe, printed))}; its last two numbers are not right. "
            "Write the row as it should be into `first_row`."
        ),
    )


def redraw_brightest(generator: Generator) -> Exercise:
    """Return exercise 1.1 on another patch of 5 × 8 grey values, all different."""

    def answers(patch: Tensor) -> list[Answer]:
        row, column = _place(patch, int(patch.argmax()))
        return [
            (row, column),
            (column, row),
            (row + 1, column + 1),
            int(patch.max()),
            int(patch.argmax()),
            (0, int(patch[0].argmax())),
            _place(patch, int(patch.argmin())),
        ]

    def draw() -> Tensor:
        return torch.randperm(256, generator=generator)[:40].reshape(5, 8)

    patch, (right, *wrong) = _distinct(draw, answers)
    hints = (
        ("column_first", "You wrote the column first. A tensor is indexed row first."),
        ("counted_from_one", "You counted from 1. Rows and columns begin at 0."),
        ("value", "That is how bright the pixel is. Asked is where it lies."),
        ("flat_index", "That is its place with all rows end to end, as `argmax` says."),
        ("first_row_only", "That is the brightest of row 0. Look further down."),
        ("darkest", "You found the darkest pixel. Large numbers are bright."),
    )
    return Exercise(
        title="1.1 · Find the brightest pixel, in a patch of your own",
        reference=right,
        mistakes=_mistakes(hints, wrong),
        praise="Row first, then column, both counted from 0.",
        task=(
            "Solve this exercise on a patch of your own:\n\n"
            f"```python\nown_patch = {_listed(patch)}\n```\n\n"
            "Write row and column of its brightest pixel into `brightest`."
        ),
    )


def _distinct(
    draw: Callable[[], Tensor], answers: Callable[[Tensor], list[Answer]]
) -> tuple[Tensor, list[Answer]]:
    """Draw until the right answer and all wrong ones differ from one another."""
    while True:
        numbers = draw()
        found = answers(numbers)
        if len(set(map(str, found))) == len(found):
            return numbers, found


def _mistakes(
    hints: tuple[tuple[str, str], ...], wrong: list[Answer]
) -> tuple[Mistake, ...]:
    pairs = zip(hints, wrong, strict=True)
    return tuple(Mistake(name, answer, hint) for (name, hint), answer in pairs)


def _rows(image: Tensor, kernel: Tensor) -> list[tuple[float, ...]]:
    result = F.conv2d(image[None, None], kernel[None, None])[0, 0]
    return [tuple(row) for row in result.tolist()]


def _printed(row: tuple[float, ...]) -> tuple[float, ...]:
    """The row with the slide's slip: from the third number on, the sum runs on."""
    third = row[1] + row[2]
    return (row[0], row[1], third, third + row[3])


def _sum(printed: tuple[float, ...]) -> str:
    third, fourth = printed[2:]
    return f"{describe(fourth)} is {describe(third)} + {describe(fourth - third)}."


def _place(patch: Tensor, index: int) -> tuple[int, int]:
    return divmod(index, patch.shape[1])


def _listed(numbers: Tensor) -> str:
    rows = ",\n".join(f"    {[int(n) for n in row]}" for row in numbers.tolist())
    return f"torch.tensor([\n{rows},\n], dtype=torch.{str(numbers.dtype)[6:]})"
