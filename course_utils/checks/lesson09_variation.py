"""Exercise 9.6: total variation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.lesson09_losses import judged


def _variation(
    size: Callable[[Tensor], Tensor] = lambda step: step.abs().mean(),
    axes: tuple[int, ...] = (-2, -1),
) -> Callable[[Tensor], Tensor]:
    """Return a total variation: ``size`` of the steps along each of the axes."""

    def loss(picture: Tensor) -> Tensor:
        return torch.stack([size(picture.diff(dim=axis)) for axis in axes]).sum()

    return loss


def _wrapped(picture: Tensor) -> Tensor:
    steps = [(picture - picture.roll(1, dims=axis)).abs().mean() for axis in (-2, -1)]
    return torch.stack(steps).sum()


def _per_pixel(picture: Tensor) -> Tensor:
    return _variation(lambda step: step.abs().sum())(picture) / picture.numel()


def _random_picture(generator: torch.Generator) -> tuple[Tensor]:
    height, width = torch.randint(3, 7, (2,), generator=generator).tolist()
    return (torch.rand(1, 3, height, width, generator=generator),)


_EDGE: Final = torch.tensor([0.0, 0, 1, 1]).expand(1, 3, 3, 4).clone()
_COLOURED: Final = torch.tensor([0.9, 0.5, 0.1]).view(1, 3, 1, 1).repeat(1, 1, 3, 4)

check_total_variation = Exercise(
    title="9.6 · Total variation",
    reference=_variation(),
    use=judged,
    cases=(
        Case("an upright edge", (_EDGE,)),
        Case("the same edge lying", (_EDGE.mT.clone(),)),
        Case("one colour", (_COLOURED,)),
        Case("a ramp", (torch.linspace(0, 1, 60).reshape(1, 3, 4, 5),)),
    ),
    mistakes=(
        Mistake(
            "squared",
            _variation(lambda step: step.square().mean()),
            "You took squares. They punish one clean edge more than many small steps, "
            "and blur it; absolute values do not.",
        ),
        Mistake(
            "signed",
            _variation(lambda step: step.mean()),
            "Without `.abs()` steps up and down cancel out, and noise costs nothing.",
        ),
        Mistake(
            "columns_forgotten",
            _variation(axes=(-2,)),
            "You compare each pixel with the one below only. Add its neighbour to the "
            "right, axis −1.",
        ),
        Mistake(
            "rows_forgotten",
            _variation(axes=(-1,)),
            "You compare each pixel with its neighbour to the right only. Add the one "
            "below, axis −2.",
        ),
        Mistake(
            "channels_for_columns",
            _variation(axes=(1, 2)),
            "One of your axes is C: you compare red with green. Rows and columns are "
            "the last two axes, −2 and −1.",
        ),
        Mistake(
            "summed",
            _variation(lambda step: step.abs().sum()),
            "You added the steps up. Take the mean along each axis, so that the weight "
            "means the same at any size.",
        ),
        Mistake(
            "divided_by_pixels",
            _per_pixel,
            "You divided both sums by the number of pixels. There is one step fewer "
            "than pixels along an axis: take `.mean()` of each.",
        ),
        Mistake(
            "wrapped_around",
            _wrapped,
            "`torch.roll` makes the left edge the neighbour of the right one. Slice: "
            "`picture[..., 1:] - picture[..., :-1]`.",
        ),
    ),
    draw=_random_picture,
    praise="It hears how rough a picture is, and knows nothing of what it shows.",
)
