"""Exercises 8.6 and 8.8: how far two boxes agree, and boxes written as offsets."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Final

import torch
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import box_iou

from course_utils.checks.engine import Case, Exercise, Mistake

Pairs = Callable[[Tensor, Tensor], Tensor]


def random_boxes(generator: torch.Generator, count: int) -> Tensor:
    """Return boxes within 40 × 40 pixels, many of which overlap, float32 (count, 4)."""
    corners = torch.randint(0, 25, (count, 2), generator=generator)
    sides = torch.randint(4, 16, (count, 2), generator=generator)
    return torch.cat([corners, corners + sides], dim=1).float()


def _overlap(first: Tensor, second: Tensor, extra: float = 0.0) -> tuple[Tensor, ...]:
    """Return width and height of all overlaps, not clamped, and both areas."""
    one, other = first[:, None], second[None]
    starts = torch.maximum(one[..., :2], other[..., :2])
    ends = torch.minimum(one[..., 2:], other[..., 2:])
    width, height = (ends - starts + extra).unbind(-1)
    areas = [(box[..., 2:] - box[..., :2] + extra).prod(-1) for box in (one, other)]
    return width, height, *areas


def _share(
    divisor: Callable[[Tensor, Tensor, Tensor], Tensor],
    *,
    clamped: bool = True,
    extra: float = 0.0,
) -> Pairs:
    """Return overlap ÷ ``divisor`` (overlap, area of the one, area of the other)."""

    def wrong(first: Tensor, second: Tensor) -> Tensor:
        width, height, one, other = _overlap(first, second, extra)
        if clamped:
            width, height = width.clamp(min=0), height.clamp(min=0)
        both = width * height
        return both / divisor(both, one, other)

    return wrong


def _union(both: Tensor, one: Tensor, other: Tensor) -> Tensor:
    return one + other - both


def _as_corner_and_size(first: Tensor, second: Tensor) -> Tensor:
    ends = [
        torch.cat([box[:, :2], box[:, :2] + box[:, 2:]], 1) for box in (first, second)
    ]
    overlaps: Tensor = box_iou(*ends)
    return overlaps


def _enclosing(first: Tensor, second: Tensor) -> Tensor:
    one, other = first[:, None], second[None]
    starts = torch.minimum(one[..., :2], other[..., :2])
    ends = torch.maximum(one[..., 2:], other[..., 2:])
    both = (ends - starts).clamp(min=0).prod(-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(-1) for box in (one, other)]
    return both / (areas[0] + areas[1] - both)


def _draw_pairs(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return random_boxes(generator, 3), random_boxes(generator, 4)


_LESSON: Final = (torch.tensor([[2.0, 1, 8, 5]]), torch.tensor([[4.0, 2, 10, 6]]))

check_pairwise_iou = Exercise(
    title="8.6 · Intersection over union of boxes",
    reference=box_iou,
    cases=(
        Case("the two boxes of the drawing", _LESSON),
        Case(
            "a box, itself, one inside it and one that only touches it",
            (
                torch.tensor([[0.0, 0, 8, 4]]),
                torch.tensor([[0.0, 0, 8, 4], [0, 0, 2, 4], [8, 0, 12, 4]]),
            ),
        ),
        Case(
            "two boxes that are apart both ways",
            (torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[5.0, 6, 8, 9]])),
        ),
    ),
    mistakes=(
        Mistake(
            "not_clamped",
            _share(_union, clamped=False),
            "Boxes that lie apart get an overlap: width −3 times height −4 is +12. "
            "Set a negative width or height to 0 before you multiply: "
            "`.clamp(min=0)`.",
        ),
        Mistake(
            "corner_and_size",
            _as_corner_and_size,
            "You read the last two numbers as width and height. Here a box is left, "
            "top, right, bottom: the width of (2, 1, 8, 5) is 8 − 2 = 6.",
        ),
        Mistake(
            "one_pixel_more",
            _share(_union, extra=1.0),
            "You added 1 to the sides, as if the last pixel belonged to the box. "
            "Right and bottom are the first pixel *outside*: the width is "
            "right − left.",
        ),
        Mistake(
            "min_max_swapped",
            _enclosing,
            "That is the box around both. The overlap begins at the *larger* left "
            "and ends at the *smaller* right.",
        ),
        Mistake(
            "union_not_subtracted",
            _share(lambda both, one, other: one + other),
            "You divided by the sum of both areas, in which the overlap counts "
            "twice: a box and itself get ½. The union is 24 + 24 − 12 = 36.",
        ),
        Mistake(
            "share_of_the_first",
            _share(lambda both, one, other: one.expand_as(both)),
            "You divided by the area of the first box. Then a small box inside a "
            "large one scores differently each way round; the union treats them alike.",
        ),
        Mistake(
            "share_of_the_smaller",
            _share(lambda both, one, other: torch.minimum(one, other)),
            "You divided by the smaller area, so a speck inside a box scores 1. "
            "Divide by the union.",
        ),
    ),
    draw=_draw_pairs,
    praise="One number for how far two boxes agree; all that follows rests on it.",
)

_coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))


def _decode(offsets: Tensor, anchors: Tensor) -> Tensor:
    """Ask torchvision."""
    boxes: Tensor = _coder.decode_single(offsets, anchors)
    return boxes


def _parts(offsets: Tensor, anchors: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return sides and centres of the anchors, shifts and logarithms; each (N, 2)."""
    sides = anchors[:, 2:] - anchors[:, :2]
    return sides, anchors[:, :2] + sides / 2, offsets[:, :2], offsets[:, 2:]


def _corners(centres: Tensor, sides: Tensor) -> Tensor:
    return torch.cat([centres - sides / 2, centres + sides / 2], dim=1)


def _decoded_with(
    centre: Callable[[Tensor, Tensor, Tensor], Tensor],
    side: Callable[[Tensor, Tensor], Tensor],
) -> Pairs:
    def wrong(offsets: Tensor, anchors: Tensor) -> Tensor:
        sides, centres, shifts, logs = _parts(offsets, anchors)
        return _corners(centre(centres, shifts, sides), side(sides, logs))

    return wrong


def _moved(centres: Tensor, shifts: Tensor, sides: Tensor) -> Tensor:
    return centres + shifts * sides


def _grown(sides: Tensor, logs: Tensor) -> Tensor:
    return sides * logs.exp()


def _from_the_corner(offsets: Tensor, anchors: Tensor) -> Tensor:
    sides, _, shifts, logs = _parts(offsets, anchors)
    return _corners(anchors[:, :2] + shifts * sides, _grown(sides, logs))


def _centre_as_corner(offsets: Tensor, anchors: Tensor) -> Tensor:
    sides, centres, shifts, logs = _parts(offsets, anchors)
    start = _moved(centres, shifts, sides)
    return torch.cat([start, start + _grown(sides, logs)], dim=1)


def _centre_and_size(offsets: Tensor, anchors: Tensor) -> Tensor:
    sides, centres, shifts, logs = _parts(offsets, anchors)
    return torch.cat([_moved(centres, shifts, sides), _grown(sides, logs)], dim=1)


def _draw_offsets(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    offsets = 0.5 * torch.randn(4, 4, generator=generator)
    return offsets, random_boxes(generator, 4)


_ANCHOR: Final = torch.tensor([[10.0, 20, 50, 40]])

check_decode_boxes = Exercise(
    title="8.8 · From offsets to boxes",
    reference=_decode,
    cases=(
        Case("no offset at all", (torch.zeros(1, 4), _ANCHOR)),
        Case("a quarter to the right", (torch.tensor([[0.25, 0, 0, 0]]), _ANCHOR)),
        Case("twice as high", (torch.tensor([[0, 0, 0, log(2)]]), _ANCHOR)),
        Case(
            "the anchor of the example",
            (torch.tensor([[0.1, -0.5, 0.2, -0.3]]), _ANCHOR),
        ),
    ),
    mistakes=(
        Mistake(
            "exponential_forgotten",
            _decoded_with(_moved, lambda sides, logs: sides * (1 + logs)),
            "You took the last two numbers as changes in per cent. They are "
            "logarithms: a side is multiplied by `exp`, which is never negative.",
        ),
        Mistake(
            "multiplied_without_exponential",
            _decoded_with(_moved, lambda sides, logs: sides * logs),
            "You multiplied the sides by the offsets themselves, so no offset at all "
            "gives a box of size 0. Multiply by `exp` of them: exp(0) = 1.",
        ),
        Mistake(
            "shift_in_pixels",
            _decoded_with(lambda centres, shifts, _: centres + shifts, _grown),
            "You took the shift as pixels. It is a share of the anchor's own width "
            "or height: 0.25 of 40 pixels is 10 pixels.",
        ),
        Mistake(
            "width_and_height_swapped",
            _decoded_with(
                lambda centres, shifts, sides: centres + shifts * sides.flip(1),
                lambda sides, logs: sides * logs.flip(1).exp(),
            ),
            "Width and height are swapped: dx and dw go with right − left, dy and dh "
            "with bottom − top.",
        ),
        Mistake(
            "from_the_corner",
            _from_the_corner,
            "You added the shift to the anchor's corner. It moves the *centre*, from "
            "which half a width goes to the left and half to the right.",
        ),
        Mistake(
            "centre_as_corner",
            _centre_as_corner,
            "The new centre became the left top corner. Go back half a side from it, "
            "and forward half a side.",
        ),
        Mistake(
            "centre_and_size",
            _centre_and_size,
            "These are centre, width and height. Return left, top, right, bottom.",
        ),
    ),
    draw=_draw_offsets,
    praise="So a network only ever says how an anchor should move and stretch.",
)
