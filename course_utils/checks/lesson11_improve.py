"""Stage 5 of the lab: images varied, and a learning rate that comes and goes."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Augment = Callable[[Tensor], Tensor]
Schedule = Callable[[float], float]

_DRAWS: Final = 40


def _images(count: int) -> Tensor:
    """Images, (count, 3, 32, 32), each of its own brightness, with a bar in it.

    The bar lies in the middle and is brightest at its top, so that it can be seen
    whether an image was moved, mirrored, turned over or exchanged for another one.
    """
    images = torch.arange(1.0, count + 1)[:, None, None, None].expand(-1, 3, 32, 32)
    images = images.clone()
    images[:, :, 12:16, 14:17] += 0.4
    images[:, :, 16:20, 14:17] += 0.2
    return images


def _properties(answer: Augment, count: int) -> dict[str, Any]:
    """Say what an augmentation does, however it does it."""
    torch.manual_seed(0)
    images = _images(count)
    draws = [answer(images.clone()) for _ in range(_DRAWS)]
    first = draws[0]
    found: dict[str, Any] = {
        "shape": tuple(first.shape),
        "dtype": str(first.dtype),
        "a batch stays as it was given": _left_alone(answer, images),
    }
    if first.shape != images.shape:
        return found
    middle = torch.stack([draw.double().flatten(1).median(1)[0] for draw in draws])
    changed = torch.stack([_differs(draw, images) for draw in draws])
    apart = [_bars(draw, images) for draw in draws]
    tops = [_upright(draw, images) for draw in draws]
    return found | {
        "image n is still image n": bool(
            (middle - images[:, 0, 0, 0]).abs().max() < 0.45
        ),
        "images are changed": bool(changed.any()),
        "each call changes them anew": any(
            not torch.equal(first, draw) for draw in draws[1:]
        ),
        "each image has a change of its own": count == 1
        or any(bool((bars != bars[:1]).any()) for bars in apart),
        "what is in the middle stays in the image": sum(seen for seen, _ in tops)
        > 0.6 * _DRAWS,
        "the images stay upright": all(up for _, up in tops),
    }


def _left_alone(answer: Augment, images: Tensor) -> bool:
    given = images.clone()
    for _ in range(3):
        answer(given)
    return torch.equal(given, images)


def _differs(images: Tensor, others: Tensor) -> Tensor:
    return (images - others).abs().flatten(1).amax(1) > 1e-3


def _bars(draw: Tensor, images: Tensor) -> Tensor:
    """Where the bar of each image is, (N, H, W)."""
    above = (draw - images[:, :1, :1, :1])[:, 0]
    return (above > 0.1) & (above < 0.5)


def _upright(draw: Tensor, images: Tensor) -> tuple[float, bool]:
    """How many of the images still show their bar, and whether its bright end is up."""
    ground = images[:, :1, :1, :1]
    above = (draw - ground)[:, 0]  # (N, H, W)
    rows = torch.arange(32.0)[:, None]
    bright = (above - 0.4).abs() < 0.05
    dim = (above - 0.2).abs() < 0.05
    seen, visible_dim = bright.flatten(1).any(1), dim.flatten(1).any(1)
    row_bright = (bright * rows).sum((1, 2)) / bright.sum((1, 2)).clamp(min=1)
    row_dim = (dim * rows).sum((1, 2)) / dim.sum((1, 2)).clamp(min=1)
    both = seen & visible_dim
    # a share, as cutout may hide the bar now and then
    return seen.double().mean().item(), bool((row_bright < row_dim)[both].all())


def _flipped(images: Tensor) -> Tensor:
    turned = torch.rand(len(images)) < 0.5
    return torch.where(turned[:, None, None, None], images.flip(3), images)


def _shifted(images: Tensor, most: int, edge: str = "constant") -> Tensor:
    size = images.shape[-1]
    padded = F.pad(images, [most] * 4, mode=edge)
    corners = torch.randint(0, 2 * most + 1, (len(images), 2)).tolist()
    pairs = zip(padded, corners, strict=True)
    return torch.stack([i[:, r : r + size, c : c + size] for i, (r, c) in pairs])


def _augment(images: Tensor) -> Tensor:
    return _shifted(_flipped(images), most=2)


def _one_choice_for_all(images: Tensor) -> Tensor:
    images = images.flip(3) if torch.rand(()) < 0.5 else images
    row, column = torch.randint(-2, 3, (2,)).tolist()
    return F.pad(images, (column, -column, row, -row))


def _in_place(images: Tensor) -> Tensor:
    images.copy_(_augment(images))
    return images


check_augment = Exercise(
    title="11.5 · Improve: vary the images",
    reference=_augment,
    use=_properties,
    cases=(Case("a batch of 8 images", (8,)), Case("a single image", (1,))),
    mistakes=(
        Mistake(
            "nothing_changed",
            lambda images: images.clone(),
            "Your images come back as they were.",
        ),
        Mistake(
            "always_the_same",
            lambda images: images.flip(3),
            "You flip every image every time, so the network sees as many different "
            "images as before. Let chance decide, anew in each call.",
        ),
        Mistake(
            "one_choice_for_all",
            _one_choice_for_all,
            "All images of a batch are flipped and moved alike. Draw for each image: "
            "`torch.rand(len(images))`.",
        ),
        Mistake(
            "order_changed",
            lambda images: _augment(images)[torch.randperm(len(images))],
            "The images changed places, and their labels did not: most labels are "
            "wrong now. Image n must stay in row n.",
        ),
        Mistake(
            "upside_down",
            lambda images: torch.where(
                (torch.rand(len(images)) < 0.5)[:, None, None, None],
                images.flip(2),
                _augment(images),
            ),
            "Some images stand on their heads: axis 2 is the height. Cars and horses "
            "are hardly ever seen like that; mirror left and right, axis 3.",
        ),
        Mistake(
            "moved_out_of_sight",
            lambda images: _shifted(images, most=64),
            "You move the images so far that what is in the middle often leaves the "
            "picture. A few pixels are enough.",
        ),
        Mistake(
            "crop_not_padded",
            lambda images: _shifted(images, most=2)[:, :, 2:-2, 2:-2],
            "Your crops are smaller than the images. Pad first, then cut the old size "
            "out.",
        ),
        Mistake(
            "double_precision",
            lambda images: _augment(images).double(),
            "Your images come back as float64, which the network cannot take. Keep "
            "their dtype.",
        ),
        Mistake(
            "written_over_the_input",
            _in_place,
            "You wrote over the batch that you were given. If it is a view of the "
            "training images, they are moved further with every epoch. Return a new "
            "tensor.",
        ),
    ),
    praise="Each image varied by itself and anew in every epoch, and still what its "
    "label says.",
)

_STEPS: Final = 200


def _course(answer: Schedule, scale: float) -> dict[str, Any]:
    """Say of a schedule what matters: where it starts, climbs, and ends."""
    values = [answer(step / _STEPS) for step in range(_STEPS + 1)]
    if not all(type(value) in (float, int) for value in values):
        kinds = sorted({type(value).__name__ for value in values})
        return {"kinds of the values": ", ".join(kinds)}
    rates = [scale * value for value in values]
    peak = max(range(_STEPS + 1), key=rates.__getitem__)
    jumps = [abs(b - a) for a, b in pairwise(rates)]
    return {
        "largest factor": round(max(values), 2),
        "smallest factor is negative": min(values) < 0,
        "starts at half the peak or lower": rates[0] <= 0.5 * max(rates),
        "what is left of the peak at the end": _left(rates[-1] / max(rates)),
        "the peak comes before the middle": peak <= _STEPS // 2,
        "falls, and never rises again, after the peak": all(
            b <= a + 1e-9 for a, b in pairwise(rates[peak:])
        ),
        "moves without a jump": max(jumps) <= 0.2 * max(rates),
    }


def _left(share: float) -> str:
    if abs(share) <= 0.05:
        return "nearly nothing"
    return "some of it" if share < 0.9 else "nearly all of it"


def _triangle(progress: float, peak: float = 0.25) -> float:
    return min(progress / peak, (1 - progress) / (1 - peak))


check_schedule = Exercise(
    title="11.6 · Improve: warm up, then come to rest",
    reference=_triangle,
    use=_course,
    cases=(
        Case("201 moments from 0 to 1", (1.0,)),
        Case("the same with a peak of 0.1", (0.1,)),
    ),
    mistakes=(
        Mistake(
            "constant",
            lambda progress: 1.0,
            "Your factor is 1 all the time: no warm-up at the start, no rest at the "
            "end.",
        ),
        Mistake(
            "no_warm_up",
            lambda progress: 1 - progress,
            "You start at the peak. The first steps, with random weights, are the most "
            "dangerous ones: climb from near zero.",
        ),
        Mistake(
            "never_comes_down",
            lambda progress: min(progress / 0.25, 1.0),
            "You warm up and stay at the peak. The last steps should be small, so that "
            "the weights come to rest.",
        ),
        Mistake(
            "climbs_to_the_end",
            lambda progress: progress,
            "Your factor is largest at the end. It should fall to zero there.",
        ),
        Mistake(
            "ends_too_high",
            lambda progress: max(0.25, _triangle(progress)),
            "Your factor ends at a quarter of the peak. Let it go down to zero.",
        ),
        Mistake(
            "peak_too_late",
            lambda progress: _triangle(progress, peak=0.75),
            "Your peak comes in the last quarter. Warm up for a quarter or so, and "
            "leave the rest to the way down.",
        ),
        Mistake(
            "per_cent",
            lambda progress: 100 * _triangle(progress),
            "Your largest factor is 100. It is multiplied with the learning rate: let "
            "it reach 1.",
        ),
        Mistake(
            "below_zero",
            lambda progress: math.sin(1.5 * math.pi * progress),
            "Your factor becomes negative: the network would climb uphill and unlearn.",
        ),
        Mistake(
            "jump",
            lambda progress: (
                _triangle(progress) if progress < 0.25 else float(progress < 0.9)
            ),
            "Your factor drops from the peak to nothing in one step. Let it fall "
            "little by little.",
        ),
    ),
    praise="It climbs, it rests, and it ends when the budget does.",
)
