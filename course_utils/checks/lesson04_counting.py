"""Exercises 4.11 and 4.12: the uncertainty of an accuracy, and the confusion matrix."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake


def _half_width(correct: int, total: int) -> float:
    hits = torch.zeros(total, dtype=torch.float64)
    hits[:correct] = 1
    return 1.96 * float(hits.std(correction=0)) / sqrt(total)


def _share(correct: int, total: int) -> float:
    return correct / total * (1 - correct / total)


check_half_width = Exercise(
    title="4.11 · How sure are you?",
    reference=_half_width,
    cases=(
        Case("600 of 1000 right", (600, 1000)),
        Case("6000 of 10,000 right", (6000, 10_000)),
        Case("20 of 25 right", (20, 25)),
    ),
    mistakes=(
        Mistake(
            "one_deviation",
            lambda correct, total: sqrt(_share(correct, total) / total),
            "That is one standard error, which holds the truth in about 68 of 100 "
            "cases. For 95 take 1.96 of them.",
        ),
        Mistake(
            "no_root",
            lambda correct, total: 1.96 * _share(correct, total) / total,
            "The square root is missing: p(1 − p)/n is a variance.",
        ),
        Mistake(
            "not_by_n",
            lambda correct, total: 1.96 * sqrt(_share(correct, total)),
            "You forgot to divide by n: this is how much single images scatter, not "
            "their mean.",
        ),
        Mistake(
            "by_n_outside",
            lambda correct, total: 1.96 * sqrt(_share(correct, total)) / total,
            "n belongs under the square root: four times the images halve the width, "
            "they do not quarter it.",
        ),
        Mistake(
            "whole_width",
            lambda correct, total: 2 * _half_width(correct, total),
            "That is the whole interval. Wanted is the part after the ±, half of it.",
        ),
        Mistake(
            "per_cent",
            lambda correct, total: 100 * _half_width(correct, total),
            "That is in percentage points. Return a share, such as 0.03.",
        ),
        Mistake(
            "worst_case",
            lambda _, total: 1.96 * sqrt(0.25 / total),
            "You took p = 0.5, the worst case. Use the accuracy, correct / total.",
        ),
    ),
    draw=lambda generator: (
        int(torch.randint(100, 900, (), generator=generator)),
        1000,
    ),
    praise="Four times as many test images, half the doubt.",
)


def _counts(labels: Tensor, predictions: Tensor, num_classes: int) -> Tensor:
    counts = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for true, predicted in zip(labels.tolist(), predictions.tolist(), strict=True):
        counts[true, predicted] += 1
    return counts


def _shares(counts: Tensor, dim: int) -> Tensor:
    return counts / counts.sum(dim, keepdim=True).clamp(min=1)


def _duplicates_lost(labels: Tensor, predictions: Tensor, num_classes: int) -> Tensor:
    counts = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    counts[labels, predictions] += 1
    return counts


def _diagonal_only(labels: Tensor, predictions: Tensor, num_classes: int) -> Tensor:
    return _counts(labels, predictions, num_classes).diagonal().diag()


_LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2])
_PREDICTIONS = torch.tensor([0, 1, 1, 1, 1, 0, 2, 0, 0])


def _draw_answers(generator: torch.Generator) -> tuple[Tensor, Tensor, int]:
    labels, predictions = torch.randint(0, 5, (2, 60), generator=generator)
    return labels, predictions, 5


check_confusion = Exercise(
    title="4.12 · The confusion matrix",
    reference=_counts,
    cases=(
        Case("nine images of three classes", (_LABELS, _PREDICTIONS, 3)),
        Case("a fourth class that never came up", (_LABELS, _PREDICTIONS, 4)),
        Case("all right", (_LABELS, _LABELS, 3)),
    ),
    mistakes=(
        Mistake(
            "transposed",
            lambda labels, predictions, k: _counts(predictions, labels, k),
            "Rows and columns are exchanged. Row = true class, column = predicted "
            "class: `counts[true, predicted]`.",
        ),
        Mistake(
            "duplicates_lost",
            _duplicates_lost,
            "`counts[labels, predictions] += 1` adds 1 to each place *once*, however "
            "often it comes up. Loop over the pairs, or number the cells and use "
            "`torch.bincount`.",
        ),
        Mistake(
            "shares_of_rows",
            lambda a, b, k: _shares(_counts(a, b, k), dim=1),
            "These are shares of each true class. Useful, but counts are wanted: a "
            "share does not say of how many.",
        ),
        Mistake(
            "shares_of_columns",
            lambda a, b, k: _shares(_counts(a, b, k), dim=0),
            "You divided by the columns' sums. Counts are wanted; and if shares, then "
            "of each true class, of rows.",
        ),
        Mistake(
            "size_from_the_labels",
            lambda a, b, _: _counts(a, b, int(a.max()) + 1),
            "The size comes from the labels that happen to be there. A class may be "
            "missing: use `num_classes`.",
        ),
        Mistake(
            "diagonal_only",
            _diagonal_only,
            "You counted the right answers only. Each image has a place, the wrong "
            "ones beside the diagonal.",
        ),
        Mistake(
            "errors_only",
            lambda a, b, k: _counts(a[a != b], b[a != b], k),
            "The right answers are missing: they belong on the diagonal.",
        ),
    ),
    draw=_draw_answers,
    praise="Each image in one cell: its row says what it is, its column what was said.",
)
