"""Exercise 8.5: intersection over union, and its mean over the classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

IGNORE: Final = 255
Score = Callable[..., float]
Ratio = Callable[[int, int, int], float | None]  # both, predicted, true → of one class


def intersection_over_union(both: int, predicted: int, true: int) -> float | None:
    """Return one class's IoU from pixel counts; None where there is no such class."""
    union = predicted + true - both
    return both / union if union else None


def scoring(ratio: Ratio, *, ignored: bool = False, first: int = 0) -> Score:
    """Return a mean over classes of ``ratio``; None leaves a class out.

    ``ignored`` lets predictions on ignored pixels count, ``first`` is the first class.
    """

    def score(predicted: Tensor, labels: Tensor, num_classes: int) -> float:
        guesses, truths = predicted.flatten().tolist(), labels.flatten().tolist()
        pixels = [
            (p, t)
            for p, t in zip(guesses, truths, strict=True)
            if ignored or t != IGNORE
        ]
        values = []
        for k in range(first, num_classes):
            both = sum(p == k == t for p, t in pixels)
            found = sum(p == k for p, _ in pixels)
            value = ratio(both, found, sum(t == k for _, t in pixels))
            if value is not None:
                values.append(value)
        return sum(values) / max(len(values), 1)

    return score


def _absent_as(value: float) -> Ratio:
    def ratio(both: int, predicted: int, true: int) -> float | None:
        known = intersection_over_union(both, predicted, true)
        return value if known is None else known

    return ratio


def _not_subtracted(both: int, predicted: int, true: int) -> float | None:
    return both / (predicted + true) if predicted + true else None


def _dice(both: int, predicted: int, true: int) -> float | None:
    return 2 * both / (predicted + true) if predicted + true else None


def _recall(both: int, _: int, true: int) -> float | None:
    return both / true if true else None


def _precision(both: int, predicted: int, _: int) -> float | None:
    return both / predicted if predicted else None


def _only_where_true(both: int, predicted: int, true: int) -> float | None:
    return intersection_over_union(both, predicted, true) if true else None


def _pixel_accuracy(predicted: Tensor, labels: Tensor, num_classes: int) -> float:
    counted = labels != IGNORE
    return float((predicted == labels)[counted].float().mean())


def _over_pictures(predicted: Tensor, labels: Tensor, num_classes: int) -> float:
    score = scoring(intersection_over_union)
    values = [score(p, t, num_classes) for p, t in zip(predicted, labels, strict=True)]
    return sum(values) / len(values)


def _random_labels(generator: torch.Generator) -> tuple[Tensor, Tensor, int]:
    labels = torch.randint(0, 4, (2, 4, 5), generator=generator)
    predicted = labels.clone()
    wrong = torch.rand(2, 4, 5, generator=generator) < 0.4
    guesses = torch.randint(0, 5, (2, 4, 5), generator=generator)
    predicted[wrong] = guesses[wrong]
    labels[torch.rand(2, 4, 5, generator=generator) < 0.1] = IGNORE
    return predicted, labels, 6  # class 5 is never there


# (1, 3, 4): a square of class 1, predicted one column too far to the right
TRUE: Final = torch.tensor([[[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]])
PREDICTED: Final = torch.tensor([[[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]])
_EDGED: Final = torch.tensor([[[0, 1, 1, IGNORE], [0, 1, 1, IGNORE], [0, 0, 0, 0]]])
_FALSE_ALARM: Final = torch.tensor([[[0, 1, 1, 0], [0, 1, 1, 0], [2, 2, 0, 0]]])

check_mean_iou = Exercise(
    title="8.5 · Intersection over union",
    reference=scoring(intersection_over_union),
    cases=(
        Case("a square, one column off", (PREDICTED, TRUE, 2)),
        Case("the same; a third class is never there", (PREDICTED, TRUE, 3)),
        Case("the same; its right border is not counted", (PREDICTED, _EDGED, 2)),
        Case("a perfect square, and a false alarm of class 2", (_FALSE_ALARM, TRUE, 3)),
    ),
    draw=_random_labels,
    mistakes=(
        Mistake(
            "not_subtracted",
            scoring(_not_subtracted),
            "Your union counts the common pixels twice. Take them off once: predicted "
            "+ true − both. A perfect answer must give 1, not 0.5.",
        ),
        Mistake(
            "dice",
            scoring(_dice),
            "That is the Dice coefficient, 2 · both / (predicted + true). It is a "
            "relative of IoU, and always the larger of the two.",
        ),
        Mistake(
            "absent_as_zero",
            scoring(_absent_as(0.0)),
            "A class that is neither there nor predicted got 0 and pulls the mean "
            "down. Leave it out.",
        ),
        Mistake(
            "absent_as_one",
            scoring(_absent_as(1.0)),
            "A class that is neither there nor predicted got 1 and pushes the mean "
            "up. Leave it out.",
        ),
        Mistake(
            "ignored_counted",
            scoring(intersection_over_union, ignored=True),
            "Predictions on ignored pixels are in your union. Leave these pixels out "
            "of the labels *and* of the predictions before you count.",
        ),
        Mistake(
            "only_where_true",
            scoring(_only_where_true),
            "You left out the class that is predicted but not there. A false alarm has "
            "IoU 0, and it counts.",
        ),
        Mistake(
            "recall",
            scoring(_recall),
            "You divided by the true pixels alone. Then a network that calls "
            "everything a cat finds every cat; the union punishes it.",
        ),
        Mistake(
            "precision",
            scoring(_precision),
            "You divided by the predicted pixels alone. Then one sure pixel is enough "
            "for 1; the union asks for the whole object.",
        ),
        Mistake(
            "no_background",
            scoring(intersection_over_union, first=1),
            "You left out class 0. The background is a class like the others in this "
            "mean, as in Pascal VOC.",
        ),
        Mistake(
            "pixel_accuracy",
            _pixel_accuracy,
            "That is the share of right pixels. Where nine of ten pixels are "
            "background it says little; count each class for itself.",
        ),
        Mistake(
            "over_pictures",
            _over_pictures,
            "You took a mean for each picture and then their mean. Count the pixels of "
            "all pictures first, and divide once for each class.",
        ),
    ),
    praise="Right where it is hard: a class that is small weighs as much as a large "
    "one.",
)
