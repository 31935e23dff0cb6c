"""Exercises 8.10 and 8.11: hits, precision and recall, average precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torchvision.ops import box_iou

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.lesson08_detection_boxes import random_boxes

Rates = Callable[..., tuple[float, float]]


def _found(
    boxes: Tensor,
    scores: Tensor,
    true_boxes: Tensor,
    threshold: float,
    *,
    twice: bool = False,
    strict: bool = False,
    sort: bool = True,
    only_the_best: bool = False,
) -> int:
    """Count hits: from the best score down, each takes the best object still free."""
    ious = box_iou(boxes, true_boxes).tolist()
    free = set(range(len(true_boxes)))
    order = scores.argsort(descending=True, stable=True).tolist()
    hits = 0
    for index in order if sort else range(len(boxes)):
        row = ious[index]
        candidates = range(len(row)) if twice or only_the_best else free
        best = max(candidates, key=lambda k, row=row: row[k], default=None)
        if best is None or row[best] < threshold or (strict and row[best] == threshold):
            continue
        if best in free or twice:
            hits += 1
        free.discard(best)
    return hits


def _rates(
    rate: Callable[[int, int, int], tuple[float, float]], **rules: bool
) -> Rates:
    """Return precision and recall from hits, boxes and objects, with other rules."""

    def wrong(
        boxes: Tensor, scores: Tensor, true_boxes: Tensor, iou_threshold: float = 0.5
    ) -> tuple[float, float]:
        hits = _found(boxes, scores, true_boxes, iou_threshold, **rules)
        return rate(hits, len(boxes), len(true_boxes))

    return wrong


def _right(hits: int, boxes: int, objects: int) -> tuple[float, float]:
    return hits / boxes, hits / objects


def _draw_rates(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, float]:
    scores = torch.randperm(6, generator=generator).float() / 10 + 0.1
    return random_boxes(generator, 6), scores, random_boxes(generator, 4), 0.3


def _row(*boxes: tuple[float, float]) -> Tensor:
    """Return boxes 10 pixels high, from left to right."""
    return torch.tensor([[left, 0.0, right, 10.0] for left, right in boxes])


check_precision_recall = Exercise(
    title="8.10 · Precision and recall",
    reference=_rates(_right),
    cases=(
        Case(
            "three boxes, of which two are right, and four objects",
            (
                _row((0, 10), (20, 30), (80, 90)),
                torch.tensor([0.9, 0.8, 0.7]),
                _row((0, 10), (21, 31), (40, 50), (60, 70)),
            ),
        ),
        Case(
            "one object found twice",
            (
                _row((0, 10), (1, 11), (40, 50)),
                torch.tensor([0.9, 0.8, 0.7]),
                _row((0, 10), (40, 50)),
            ),
        ),
        Case(
            "a box with an IoU of exactly 0.5, the threshold",
            (_row((0, 5)), torch.tensor([0.9]), _row((0, 10))),
        ),
        Case(
            "two overlapping objects, and the better score comes last",
            (
                _row((2, 11), (0, 8)),
                torch.tensor([0.6, 0.9]),
                _row((1, 11), (5, 14)),
                0.45,
            ),
        ),
        Case(
            "two boxes that both fit the first object best",
            (
                _row((0, 10), (1, 11)),
                torch.tensor([0.9, 0.8]),
                _row((0, 10), (4, 14)),
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "swapped",
            _rates(lambda hits, boxes, objects: (hits / objects, hits / boxes)),
            "Precision and recall are swapped. Precision asks how many of the *boxes* "
            "are right, recall how many of the *objects* were found.",
        ),
        Mistake(
            "doubles_are_hits",
            _rates(_right, twice=True),
            "An object that is found twice counts twice. The first box takes it; the "
            "second one is wrong.",
        ),
        Mistake(
            "strictly_above",
            _rates(_right, strict=True),
            "An IoU of exactly the threshold is a hit: `>=`.",
        ),
        Mistake(
            "not_sorted",
            _rates(_right, sort=False),
            "You went through the boxes as they come. The box with the best score "
            "chooses first: sort by score.",
        ),
        Mistake(
            "best_is_taken",
            _rates(_right, only_the_best=True),
            "A box whose best object was taken already gave up. Let it take the best "
            "object that is still free, if the IoU is large enough.",
        ),
        Mistake(
            "both_by_boxes",
            _rates(lambda hits, boxes, objects: (hits / boxes, hits / boxes)),
            "You divided by the number of boxes both times. Recall divides by the "
            "number of true objects.",
        ),
        Mistake(
            "counts",
            _rates(lambda hits, boxes, objects: (float(hits), float(hits))),
            "You return how many hits there are. Divide them: by the boxes for "
            "precision, by the objects for recall.",
        ),
    ),
    draw=_draw_rates,
    praise="Two numbers, since there are two ways to be wrong: invent and overlook.",
)

Curve = tuple[list[float], list[float]]


def _curve(hits: Tensor, num_objects: int) -> Curve:
    """Return precision and recall after each detection."""
    precision, recall, count = [], [], 0
    for rank, hit in enumerate(hits.tolist(), start=1):
        count += int(hit)
        precision.append(count / rank)
        recall.append(count / num_objects)
    return precision, recall


def _level_mean(
    *, points: int = 101, raw: bool = False, divisor: int | None = None
) -> Callable[[Tensor, int], float]:
    """Return the mean, over levels of recall, of the best precision still to come."""

    def score(hits: Tensor, num_objects: int) -> float:
        precision, recall = _curve(hits, num_objects)
        total = 0.0
        for level in torch.linspace(0, 1, points, dtype=torch.float64).tolist():
            later = [
                p for p, r in zip(precision, recall, strict=True) if r >= level - 1e-9
            ]
            if later:
                total += later[0] if raw else max(later)
        return total / (divisor or points)

    return score


_reference = _level_mean()


def _mean_at_hits(hits: Tensor, num_objects: int) -> float:
    precision, _ = _curve(hits, num_objects)
    at_hits = [p for p, hit in zip(precision, hits.tolist(), strict=True) if hit]
    return sum(at_hits) / max(len(at_hits), 1)


def _mean_of_ranks(hits: Tensor, num_objects: int) -> float:
    precision, _ = _curve(hits, num_objects)
    return sum(precision) / len(precision)


def _over_found(hits: Tensor, num_objects: int) -> float:
    return _reference(hits, max(int(hits.sum()), 1))


def _last_precision(hits: Tensor, num_objects: int) -> float:
    return _curve(hits, num_objects)[0][-1]


def _draw_hits(generator: torch.Generator) -> tuple[Tensor, int]:
    hits = torch.rand(10, generator=generator) < 0.6
    missed = int(torch.randint(1, 6, (), generator=generator))
    return hits, int(hits.sum()) + missed


_LESSON: Final = torch.tensor([True, True, False, True, False])

check_average_precision = Exercise(
    title="8.11 · Average precision",
    reference=_reference,
    cases=(
        Case("the five boxes of the curve, four objects", (_LESSON, 4)),
        Case("everything found, nothing invented", (torch.tensor([True, True]), 2)),
        Case("first a miss, then a hit", (torch.tensor([False, True]), 1)),
        Case(
            "precision that falls and rises again",
            (torch.tensor([True, False, False, True, True, True]), 5),
        ),
    ),
    mistakes=(
        Mistake(
            "recall_of_what_was_found",
            _over_found,
            "You divided by the number of hits, so what was overlooked costs nothing. "
            "Recall divides by `num_objects`.",
        ),
        Mistake(
            "not_the_best_to_come",
            _level_mean(raw=True),
            "You took the precision where a level is first reached. Take the best "
            "one there *or later*: precision may rise again.",
        ),
        Mistake(
            "eleven_levels",
            _level_mean(points=11),
            "Those are the eleven levels 0, 0.1, …, 1 of Pascal VOC's old rule. COCO, "
            "and this exercise, take 101: 0, 0.01, …, 1.",
        ),
        Mistake(
            "hundred_levels",
            _level_mean(divisor=100),
            "You divided by 100. From 0 to 1 in steps of 0.01 there are 101 levels.",
        ),
        Mistake(
            "mean_at_hits",
            _mean_at_hits,
            "You averaged the precision at the hits only: objects that were never "
            "found are missing from it, and count as 0.",
        ),
        Mistake(
            "mean_of_ranks",
            _mean_of_ranks,
            "You averaged over the boxes. Average over 101 levels of *recall*.",
        ),
        Mistake(
            "last_precision",
            _last_precision,
            "That is the precision at the end of the list. Average precision looks at "
            "every length of the list.",
        ),
    ),
    draw=_draw_hits,
    praise="The number in every table of detectors; now you know what it hides.",
)
