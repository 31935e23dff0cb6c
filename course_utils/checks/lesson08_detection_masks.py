"""Exercise 8.12: from a small map of logits to the mask of an instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Paste = Callable[[Tensor, int, Tensor, tuple[int, int]], Tensor]


def _resized(plane: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(plane[None, None], size, mode="bilinear")[0, 0]


def _probable(logits: Tensor, label: int) -> Tensor:
    return logits[label].sigmoid()


def _pasting(
    probable: Callable[[Tensor, int], Tensor] = _probable,
    fill: Callable[[Tensor, tuple[int, int]], Tensor] = (
        lambda plane, size: _resized(plane, size) >= 0.5
    ),
    *,
    extra: int = 0,
) -> Paste:
    """Return a pasting with another plane, another way to enlarge, or another place."""

    def wrong(logits: Tensor, label: int, box: Tensor, size: tuple[int, int]) -> Tensor:
        left, top, right, bottom = box.tolist()
        right, bottom = right + extra, bottom + extra
        mask = torch.zeros(size, dtype=torch.bool)
        inside = (bottom - top, right - left)
        mask[top:bottom, left:right] = fill(probable(logits, label), inside)
        return mask

    return wrong


def _at_its_corner(
    logits: Tensor, label: int, box: Tensor, size: tuple[int, int]
) -> Tensor:
    left, top, right, bottom = box.tolist()
    inside = (bottom - top, right - left)
    mask = torch.zeros(size, dtype=torch.bool)
    mask[: inside[0], : inside[1]] = _resized(_probable(logits, label), inside) >= 0.5
    return mask


def _nearest(plane: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(plane[None, None], size)[0, 0] >= 0.5


def _blobs(generator: torch.Generator, classes: int, side: int) -> Tensor:
    """Return smooth logits, (classes, side, side)."""
    coarse = 4 * torch.randn(1, classes, 4, 4, generator=generator)
    return F.interpolate(coarse, (side, side), mode="bilinear")[0]


def _draw_paste(
    generator: torch.Generator,
) -> tuple[Tensor, int, Tensor, tuple[int, int]]:
    corner = torch.randint(0, 8, (2,), generator=generator)
    sides = torch.randint(10, 20, (2,), generator=generator)
    label = int(torch.randint(0, 3, (), generator=generator))
    return _blobs(generator, 3, 8), label, torch.cat([corner, corner + sides]), (30, 40)


_SMOOTH: Final = _blobs(torch.Generator().manual_seed(8), 3, 7)
_BOX: Final = torch.tensor([5, 2, 19, 12])

check_instance_mask = Exercise(
    title="8.12 · A mask for one instance",
    reference=_pasting(),
    cases=(
        Case("three classes, of which label 1 counts", (_SMOOTH, 1, _BOX, (16, 24))),
        Case(
            "everything likely, in a box that is wider than high",
            (torch.full((2, 4, 4), 3.0), 1, torch.tensor([3, 1, 11, 5]), (8, 16)),
        ),
        Case(
            "a weak yes: logit 0.3 everywhere",
            (torch.full((2, 4, 4), 0.3), 0, torch.tensor([1, 1, 5, 5]), (8, 8)),
        ),
        Case("label 2, larger", (_SMOOTH, 2, torch.tensor([0, 0, 28, 21]), (24, 32))),
    ),
    mistakes=(
        Mistake(
            "threshold_on_logits",
            _pasting(lambda logits, label: logits[label]),
            "You compared logits with 0.5. A logit of 0.3 is a probability of 0.57: "
            "use `sigmoid` first.",
        ),
        Mistake(
            "softmax_over_classes",
            _pasting(lambda logits, label: logits.softmax(0)[label]),
            "You let the classes compete with `softmax`. Each class has its own mask, "
            "yes or no: `sigmoid`. Which class it is the box head has said already.",
        ),
        Mistake(
            "strongest_channel",
            _pasting(lambda logits, label: logits.amax(0).sigmoid()),
            "You took the strongest of all channels at each place. Take the channel of "
            "the label: `logits[label]`.",
        ),
        Mistake(
            "first_channel",
            _pasting(lambda logits, label: logits[0].sigmoid()),
            "You took channel 0, whatever the label.",
        ),
        Mistake(
            "threshold_before_enlarging",
            _pasting(
                fill=lambda plane, size: _resized((plane >= 0.5).float(), size) >= 0.5
            ),
            "You chose yes or no in the small map and enlarged that, so the outline "
            "follows its cells. Enlarge the probabilities, then compare.",
        ),
        Mistake(
            "nearest",
            _pasting(fill=_nearest),
            "The map was enlarged by repeating its cells, `F.interpolate`'s default. "
            'Ask for `mode="bilinear"`.',
        ),
        Mistake(
            "at_its_corner",
            _at_its_corner,
            "The mask lies in the corner of the picture. Its place is "
            "`mask[top:bottom, left:right]`.",
        ),
        Mistake(
            "one_pixel_more",
            _pasting(extra=1),
            "Your mask is a pixel too wide and too high. Right and bottom are outside: "
            "bottom − top rows, right − left columns.",
        ),
        Mistake(
            "turned",
            _pasting(lambda logits, label: logits[label].sigmoid().T),
            "Rows and columns are swapped within the box: `interpolate` wants "
            "(height, width).",
        ),
    ),
    draw=_draw_paste,
    praise="A class, a box and 28 × 28 numbers: that is all an instance needs.",
)
