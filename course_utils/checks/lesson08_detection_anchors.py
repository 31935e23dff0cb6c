"""Exercises 8.7 and 8.9: anchors get an object, and doubles go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torchvision.models.detection._utils import Matcher
from torchvision.ops import batched_nms, box_iou, nms

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.lesson08_detection_boxes import random_boxes


def _matched(
    anchors: Tensor, true_boxes: Tensor, high: float = 0.7, low: float = 0.3
) -> Tensor:
    """Ask torchvision."""
    matcher = Matcher(high, low, allow_low_quality_matches=True)
    matches: Tensor = matcher(box_iou(true_boxes, anchors))
    return matches


def _matching(
    *, rescue: str = "ties", between: int = -2, below: int = -1, strict: bool = False
) -> Callable[..., Tensor]:
    """Return a matching with another rule; ``rescue`` says who is helped out."""

    def wrong(
        anchors: Tensor, true_boxes: Tensor, high: float = 0.7, low: float = 0.3
    ) -> Tensor:
        iou = box_iou(true_boxes, anchors)
        best, owner = iou.max(dim=0)
        enough = best > high if strict else best >= high
        matches = torch.where(enough, owner, between)
        matches[best < low] = below
        if rescue == "first":
            matches[iou.argmax(dim=1)] = owner[iou.argmax(dim=1)]
        elif rescue == "ties":
            helped = (iou == iou.max(dim=1, keepdim=True).values).any(dim=0)
            matches[helped] = owner[helped]
        elif rescue == "missed":
            for number, row in enumerate(iou):
                if not (matches == number).any():
                    matches[row == row.max()] = owner[row == row.max()]
        return matches

    return wrong


def _only_the_best(
    anchors: Tensor, true_boxes: Tensor, high: float = 0.7, low: float = 0.3
) -> Tensor:
    iou = box_iou(true_boxes, anchors)
    best, owner = iou.max(dim=0)
    matches = torch.where(best < low, -1, -2)
    matches[iou.argmax(dim=1)] = owner[iou.argmax(dim=1)]
    return matches


def _draw_matching(generator: torch.Generator) -> tuple[Tensor, Tensor, float, float]:
    return random_boxes(generator, 12), random_boxes(generator, 3), 0.6, 0.3


def _row(*boxes: tuple[float, float]) -> Tensor:
    """Return boxes 10 pixels high, from left to right."""
    return torch.tensor([[left, 0.0, right, 10.0] for left, right in boxes])


check_match_anchors = Exercise(
    title="8.7 · Which anchor learns which object?",
    reference=_matched,
    cases=(
        Case(
            "one object; four anchors with IoU 1, 0.8, 0.5 and 0",
            (_row((0, 10), (0, 8), (0, 5), (20, 30)), _row((0, 10)), 0.7, 0.3),
        ),
        Case(
            "an anchor whose IoU is exactly 0.75, the high threshold",
            (_row((0, 10), (0, 7.5)), _row((0, 10)), 0.75, 0.25),
        ),
        Case(
            "two objects, of which the second has IoU 0.5 at best",
            (_row((0, 9), (40, 45), (70, 80)), _row((0, 10), (40, 50)), 0.7, 0.3),
        ),
        Case(
            "an object whose two best anchors are equally good",
            (_row((0, 4), (6, 10), (20, 30)), _row((0, 10)), 0.7, 0.3),
        ),
        Case(
            "an object with a good anchor and a better one",
            (_row((0, 9), (0, 8), (30, 40)), _row((0, 10), (31, 38)), 0.75, 0.3),
        ),
    ),
    mistakes=(
        Mistake(
            "no_rescue",
            _matching(rescue="nobody"),
            "An object of which no anchor reaches the high threshold is learnt by "
            "nobody. Its best anchors get it all the same.",
        ),
        Mistake(
            "first_of_ties",
            _matching(rescue="first"),
            "Two anchors are equally good for an object, and you rescued the first "
            "only, as `argmax` does. Compare with the maximum: "
            "`iou == iou.max(dim=1, keepdim=True).values`.",
        ),
        Mistake(
            "between_is_background",
            _matching(between=-1),
            "An anchor between the thresholds became background. It is too good for "
            "background and too bad for an object: −2, not learnt from at all.",
        ),
        Mistake(
            "minus_one_and_two_swapped",
            _matching(between=-1, below=-2),
            "−1 and −2 are swapped: background is −1, ignored is −2.",
        ),
        Mistake(
            "strictly_above",
            _matching(strict=True),
            "An IoU of exactly the high threshold counts as reached: `>=`.",
        ),
        Mistake(
            "only_the_best",
            _only_the_best,
            "Each object got its best anchor and no other. *Every* anchor with an IoU "
            "of at least `high` learns its object.",
        ),
    ),
    draw=_draw_matching,
    praise="So a few of thousands of anchors get a task, and most learn to keep quiet.",
)


def _kept_by(
    *,
    reached: bool = False,
    ascending: bool = False,
    across: bool = False,
    by_suppressed_too: bool = False,
    neighbours: bool = False,
    by_score: bool = True,
) -> Callable[[Tensor, Tensor, Tensor, float], Tensor]:
    """Return a suppression with one rule changed."""

    def wrong(
        boxes: Tensor, scores: Tensor, labels: Tensor, iou_threshold: float
    ) -> Tensor:
        order = scores.argsort(descending=not ascending, stable=True)
        if not by_score:
            order = torch.arange(len(scores))
        iou = box_iou(boxes, boxes)
        hit = iou >= iou_threshold if reached else iou > iou_threshold
        if not across:
            hit &= labels[:, None] == labels
        kept: list[int] = []
        for place, index in enumerate(order.tolist()):
            before = order[:place].tolist() if by_suppressed_too else kept
            if neighbours:
                before = order[max(place - 1, 0) : place].tolist()
            if not any(hit[index, other] for other in before):
                kept.append(index)
        return torch.tensor(kept)

    return wrong


def _in_input_order(
    boxes: Tensor, scores: Tensor, labels: Tensor, iou_threshold: float
) -> Tensor:
    kept: Tensor = batched_nms(boxes, scores, labels, iou_threshold)
    return kept.sort().values


def _places_in_the_ranking(
    boxes: Tensor, scores: Tensor, labels: Tensor, iou_threshold: float
) -> Tensor:
    order = scores.argsort(descending=True)
    places: Tensor = batched_nms(
        boxes[order], scores[order], labels[order], iou_threshold
    )
    return places


def _draw_suppression(
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor, float]:
    scores = torch.randperm(8, generator=generator).float() / 10 + 0.1
    labels = torch.randint(0, 2, (8,), generator=generator)
    return random_boxes(generator, 8), scores, labels, 0.3


_SAME: Final = torch.zeros(3, dtype=torch.int64)

check_suppress = Exercise(
    title="8.9 · Non-maximum suppression",
    reference=batched_nms,
    cases=(
        Case(
            "the same cat three times, the best last",
            (
                _row((0, 10), (1, 11), (0.5, 10.5)),
                torch.tensor([0.7, 0.8, 0.9]),
                _SAME,
                0.5,
            ),
        ),
        Case(
            "a cat on a horse",
            (
                _row((0, 10), (1, 11), (20, 30)),
                torch.tensor([0.9, 0.8, 0.7]),
                torch.tensor([0, 1, 1]),
                0.5,
            ),
        ),
        Case(
            "two boxes with an IoU of exactly 0.5, the threshold",
            (_row((0, 10), (0, 5)), torch.tensor([0.6, 0.9]), _SAME[:2], 0.5),
        ),
        Case(
            "a chain: the second overlaps the first, the third only the second",
            (
                _row((0, 10), (4, 14), (8, 18)),
                torch.tensor([0.9, 0.8, 0.7]),
                _SAME,
                0.3,
            ),
        ),
        Case(
            "a far box whose score lies between two doubles",
            (
                _row((0, 10), (40, 50), (1, 11)),
                torch.tensor([0.9, 0.8, 0.7]),
                _SAME,
                0.5,
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "worst_first",
            _kept_by(ascending=True),
            "You began with the smallest score, so the worst box of each heap stays. "
            "Sort with `descending=True`.",
        ),
        Mistake(
            "not_sorted",
            _kept_by(by_score=False),
            "You went through the boxes as they come. The best score decides first: "
            "sort by score.",
        ),
        Mistake(
            "across_classes",
            lambda boxes, scores, labels, threshold: nms(boxes, scores, threshold),
            "A cat suppressed the horse that it sits on. Only a box of the same label "
            "may suppress.",
        ),
        Mistake(
            "at_threshold",
            _kept_by(reached=True),
            "A box with an IoU of exactly the threshold went. It goes only when the "
            "IoU is *larger*: `>`.",
        ),
        Mistake(
            "suppressed_boxes_suppress",
            _kept_by(by_suppressed_too=True),
            "A box that was itself suppressed still suppressed another one. Compare "
            "with the boxes that were *kept* only.",
        ),
        Mistake(
            "only_neighbours",
            _kept_by(neighbours=True),
            "You compared each box with the one before it in the ranking. Between two "
            "boxes of one object others may stand: compare with all that were kept.",
        ),
        Mistake(
            "in_input_order",
            _in_input_order,
            "The right boxes, in the wrong order: return them from the best score "
            "to the worst.",
        ),
        Mistake(
            "places_in_the_ranking",
            _places_in_the_ranking,
            "These are places in the sorted list. Return indices into `boxes` as it "
            "was given: `order[place]`.",
        ),
    ),
    draw=_draw_suppression,
    praise="Equal to `torchvision.ops.batched_nms`: one box an object is left.",
)
