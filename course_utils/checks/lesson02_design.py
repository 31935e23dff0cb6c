"""Lesson 02, kernels made for a purpose: move a picture, find a bar."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Exercise, Mistake
from course_utils.checks.lesson02_kernels import (
    LECTURE_IMAGE,
    SOBEL_HORIZONTAL,
    correlate,
)

# --- 2.3 move the picture -------------------------------------------------------------

_SCENES: Final = torch.stack(
    [LECTURE_IMAGE, LECTURE_IMAGE.flip(0).roll(2, 1), torch.eye(6)]
)[:, None]


def _one_at(row: int, column: int) -> Tensor:
    kernel = torch.zeros(3, 3)
    kernel[row, column] = 1
    return kernel


def _filter_scenes(kernel: Tensor) -> Tensor:
    return F.conv2d(_SCENES, _as_kernel(kernel), padding=1)


def _as_kernel(kernel: Tensor) -> Tensor:
    """Return a student's (3, 3) kernel as a weight of shape (1, 1, 3, 3)."""
    if not isinstance(kernel, Tensor) or kernel.shape != (3, 3):
        found = tuple(kernel.shape) if isinstance(kernel, Tensor) else kernel
        raise ValueError(f"the kernel is {found}; expected a tensor of shape (3, 3)")
    return kernel.to(torch.float32)[None, None]


check_move_left = Exercise(
    title="2.3 · Move the picture",
    reference=_one_at(1, 2),
    use=_filter_scenes,
    mistakes=(
        Mistake(
            "moved_right",
            _one_at(1, 0),
            "This moves everything to the right. With the kernel turned round, as "
            "mathematicians have it, you would be right; `F.conv2d` takes the pixel "
            "that lies under the 1.",
        ),
        Mistake(
            "moved_up",
            _one_at(2, 1),
            "This moves everything up: each output takes the pixel below it. "
            "In `[row, column]` the column is the second index.",
        ),
        Mistake(
            "moved_down",
            _one_at(0, 1),
            "This moves everything down: each output takes the pixel above it.",
        ),
        Mistake(
            "stays",
            _one_at(1, 1),
            "This is the identity: each output takes the pixel in the middle of its "
            "window, and nothing moves.",
        ),
        Mistake(
            "nothing",
            torch.zeros(3, 3),
            "A kernel of nothing but zeros gives a picture of nothing but zeros.",
        ),
        Mistake(
            "difference",
            _one_at(1, 2) - _one_at(1, 1),
            "This gives the *difference* to the right-hand neighbour: an edge "
            "detector. Take the neighbour alone.",
        ),
        Mistake(
            "blurred",
            _one_at(1, 2) + _one_at(1, 1),
            "This adds the neighbour to the pixel itself; leave the pixel out.",
        ),
        Mistake(
            "whole_column",
            _one_at(0, 2) + _one_at(1, 2) + _one_at(2, 2),
            "This adds up three neighbours, a whole column. One of them is enough.",
        ),
    ),
    praise="To move a picture to the left, look to the right.",
)


# --- 2.7 find the bar -----------------------------------------------------------------

_VERTICAL_BAR: Final = torch.zeros(7, 7).index_fill(1, torch.tensor([3]), 1.0)


def _word(value: float) -> str:
    if abs(value) < 1e-4:
        return "zero"
    return "positive" if value > 0 else "negative"


def _behaviour(kernel: Tensor) -> dict[str, str]:
    """Say in words how a kernel answers to a bar, a flat area and a bar on its side."""
    weight = _as_kernel(kernel)[0, 0]
    upright, lying = (
        correlate(_VERTICAL_BAR, weight),
        correlate(_VERTICAL_BAR.T, weight),
    )
    return {
        "on the middle of a vertical bar": _word(upright[2, 2].item()),
        "on a flat area": _word(weight.sum().item()),
        "on the middle of a horizontal bar": _word(lying[2, 2].item()),
        "just above a horizontal bar": _word(lying[1, 2].item()),
        "just below a horizontal bar": _word(lying[3, 2].item()),
    }


_BAR: Final = torch.tensor([[-1.0, 2, -1]]).repeat(3, 1)

check_bar_detector = Exercise(
    title="2.7 · Find the bar",
    reference=_BAR,
    use=_behaviour,
    mistakes=(
        Mistake(
            "edge_not_bar",
            SOBEL_HORIZONTAL.T,
            "Your kernel gives zero on the middle of the bar, as edge detectors do: "
            "they answer on both sides, with opposite signs. Let the middle column be "
            "the positive one.",
        ),
        Mistake(
            "lying_bar",
            _BAR.T,
            "Your kernel finds horizontal bars: turn it on its side.",
        ),
        Mistake(
            "dark_bar",
            -_BAR,
            "Your kernel is negative on a bright bar: it finds dark ones. Turn all "
            "signs.",
        ),
        Mistake(
            "not_balanced",
            _one_at(0, 1) + _one_at(1, 1) + _one_at(2, 1),
            "Your kernel answers to any bright area. For zero on a flat area its nine "
            "numbers must add up to 0.",
        ),
        Mistake(
            "point",
            9 * _one_at(1, 1) - torch.ones(3, 3),
            "Your kernel finds anything that stands out from its surroundings, bars of "
            "both kinds included. Each row of it has to add up to 0.",
        ),
        Mistake(
            "lying_edge",
            SOBEL_HORIZONTAL,
            "This kernel finds the edges of horizontal bars. Start from three equal "
            "rows.",
        ),
    ),
    praise="You designed a feature detector by hand. Training does the same, by "
    "gradient descent.",
)
