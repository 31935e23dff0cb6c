"""Exercises 3.5 and 3.6: what stays the same when the image moves by a pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.lesson03_pooling import LECTURE_IMAGE, SMALL_IMAGE, max_pool

# how far down and right each direction moves the image, in pixels
_DIRECTIONS: Final = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}

Move = Callable[[Tensor, int, int], Tensor]
Pool = Callable[[Tensor, int], Tensor]


def _moved(image: Tensor, down: int, right: int) -> Tensor:
    """Move an image, (H, W); zeros enter, and what leaves is gone."""
    return F.pad(image, (right, -right, down, -down))


def _average(image: Tensor, kernel_size: int) -> Tensor:
    return F.avg_pool2d(image[None], kernel_size)[0]


def _unchanged(move: Move = _moved, pool: Pool = max_pool) -> dict[str, int]:
    still = pool(LECTURE_IMAGE, 2)
    return {
        name: int((pool(move(LECTURE_IMAGE, *step), 2) == still).sum())
        for name, step in _DIRECTIONS.items()
    }


_RIGHT: Final = _unchanged()

check_unchanged_outputs = Exercise(
    title="3.5 · Find the mistake: “the same result”",
    reference=_RIGHT,
    mistakes=(
        Mistake(
            "the_claim_itself",
            dict.fromkeys(_DIRECTIONS, 9),
            "Nine of nine is the claim. Move the image and look: to the left, the "
            "first window holds 5, 8, 3, 4, and its maximum is 8, not 5.",
        ),
        Mistake(
            "changed_instead_of_unchanged",
            {name: 9 - count for name, count in _RIGHT.items()},
            "You counted the outputs that change. Asked for are those that stay: "
            "nine less yours.",
        ),
        Mistake(
            "directions_swapped",
            _unchanged(lambda image, down, right: _moved(image, -down, -right)),
            "Your directions are swapped. When the image moves right, its values go "
            "right and a column of zeros enters at the left: the first row becomes "
            "0, 2, 5, 8, 7, 9.",
        ),
        Mistake(
            "rows_for_columns",
            _unchanged(lambda image, down, right: _moved(image, right, down)),
            "You moved along the other axis. Right and left move columns, the last "
            "axis; down and up move rows.",
        ),
        Mistake(
            "average_instead_of_max",
            _unchanged(pool=_average),
            "These are the counts for average pooling. The claim is about the maximum.",
        ),
        Mistake(
            "pixels_counted",
            _unchanged(pool=lambda image, _: image),
            "You compared the 36 pixels. Pool both images first, then compare the "
            "nine outputs.",
        ),
    ),
    praise="“Even when moved by a pixel, we get the same result” holds for 14 of these "
    "36 outputs. Sometimes, then; and how often is a question for a measurement.",
)


def _share_of(
    compare: Callable[[Tensor, Tensor], float],
    *,
    axis: int = 1,
    pool: Callable[[Tensor, int, int], Tensor] = max_pool,
    wrap: bool = False,
) -> Callable[[Tensor, int, int, int], float]:
    """Return a measurement: pool both crops, then ``compare`` them."""

    def share(features: Tensor, kernel_size: int, stride: int, shift: int) -> float:
        length = features.shape[axis] - shift
        still = features.narrow(axis, shift, length)
        moved = still.roll(shift, axis) if wrap else features.narrow(axis, 0, length)
        return compare(
            pool(still, kernel_size, stride), pool(moved, kernel_size, stride)
        )

    return share


def _equal_share(still: Tensor, moved: Tensor) -> float:
    return (still == moved).float().mean().item()


def _aligned(still: Tensor, moved: Tensor) -> float:
    return _equal_share(still[:, :-1], moved[:, 1:])


def _random_features(generator: torch.Generator) -> tuple[Tensor, int, int, int]:
    features = torch.randint(0, 4, (12, 15), generator=generator).float()
    kernel_size, stride, shift = (
        int(torch.randint(low, high, (), generator=generator))
        for low, high in ((2, 4), (1, 4), (1, 3))
    )
    return features, kernel_size, stride, shift


_DOT: Final = F.pad(torch.ones(1, 1), (3, 3, 2, 3))  # one feature in (6, 7)
_STAIRS: Final = torch.arange(42.0).reshape(6, 7)
_STRIPES: Final = torch.tensor([0.0, 0, 1, 1]).repeat(8, 3)[:, :9]

check_unchanged_share = Exercise(
    title="3.6 · Measure it",
    reference=_share_of(_equal_share),
    cases=(
        Case("the lecture's image", (LECTURE_IMAGE, 2, 2, 1)),
        Case("the 5 × 5 example, overlapping windows", (SMALL_IMAGE, 3, 1, 1)),
        Case("a single feature", (_DOT, 2, 2, 1)),
        Case("values that grow to the right", (_STAIRS, 2, 2, 1)),
        Case("upright stripes moved by the stride", (_STRIPES, 2, 2, 2)),
    ),
    mistakes=(
        Mistake(
            "share_that_changed",
            _share_of(lambda still, moved: 1 - _equal_share(still, moved)),
            "This is the share that changed. Asked for is the share that stayed the "
            "same: `==`, not `!=`.",
        ),
        Mistake(
            "moved_down",
            _share_of(_equal_share, axis=0),
            "You moved the rows. To the right means along the columns, the last axis: "
            "`features[:, shift:]`.",
        ),
        Mistake(
            "wrapped_around",
            _share_of(_equal_share, wrap=True),
            "`torch.roll` brings the pixels that leave at the right back in at the "
            "left. Cut two windows from the features instead: `features[:, shift:]` "
            "and `features[:, :-shift]`.",
        ),
        Mistake(
            "compared_before_pooling",
            _share_of(_equal_share, pool=lambda features, *_: features),
            "You compared the features themselves. Pool both crops first.",
        ),
        Mistake(
            "moved_back_first",
            _share_of(_aligned),
            "You moved one result back by a column before comparing. That asks "
            "whether the outputs *moved along* (equivariance). Invariance compares the "
            "same places.",
        ),
        Mistake(
            "all_or_nothing",
            _share_of(lambda still, moved: float(torch.equal(still, moved))),
            "`torch.equal` asks whether all outputs are the same: 0 or 1. The share is "
            "the mean of `still == moved`, output by output.",
        ),
        Mistake(
            "average_instead_of_max",
            _share_of(
                _equal_share, pool=lambda x, k, s: F.avg_pool2d(x[None], k, s)[0]
            ),
            "You pooled with the average. This measurement is about the maximum.",
        ),
        Mistake(
            "sums_compared",
            _share_of(
                lambda still, moved: (
                    min(still.sum().item(), moved.sum().item())
                    / max(still.sum().item(), moved.sum().item(), 1.0)
                )
            ),
            "You compared totals. Two results may have the same sum and no value in "
            "common: compare them place by place.",
        ),
    ),
    draw=_random_features,
    praise="Now the claim is a number, and you can ask for it on any photograph.",
)
