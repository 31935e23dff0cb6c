"""Exercises 8.3 and 8.4: a class for every pixel, and one loss for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

IGNORE: Final = 255
Size = tuple[int, int]


def upsampled(
    scores: Tensor, size: Size, mode: str = "bilinear", *, corners: bool = False
) -> Tensor:
    """Resize scores, (N, C, h, w), to ``size``."""
    aligned = corners if mode == "bilinear" else None
    return F.interpolate(scores, size=size, mode=mode, align_corners=aligned)


def _labels_upsampled(logits: Tensor, size: Size) -> Tensor:
    coarse = logits.argmax(dim=1, keepdim=True).float()
    return upsampled(coarse, size, "nearest")[:, 0].long()


def _random_scores(generator: torch.Generator) -> tuple[Tensor, Size]:
    height, width = torch.randint(3, 6, (2,), generator=generator).tolist()
    logits = 3 * torch.randn(2, 4, height, width, generator=generator)
    return logits, (3 * height, 4 * width)


# one row of two positions: the difference of the two classes is 2 here and −9 there
_ROW: Final = torch.tensor([[[[2.0, 0.0]], [[0.0, 9.0]]]])
_MAPS: Final = torch.tensor(
    [[[[4.0, 0.0], [1.0, 0.0]], [[0.0, 3.0], [1.5, 0.5]], [[1.0, 1.0], [1.0, 2.0]]]]
)

check_predict_classes = Exercise(
    title="8.3 · A class for every pixel",
    reference=lambda logits, size: upsampled(logits, size).argmax(dim=1),
    cases=(
        Case("two classes, 1 × 2 positions to 1 × 6 pixels", (_ROW, (1, 6))),
        Case("three classes, 2 × 2 positions to 5 × 7 pixels", (_MAPS, (5, 7))),
        Case("nothing to enlarge: 2 × 2 to 2 × 2", (_MAPS, (2, 2))),
    ),
    draw=_random_scores,
    mistakes=(
        Mistake(
            "labels_upsampled",
            _labels_upsampled,
            "Your regions have steps: you chose the class first and enlarged the "
            "labels (or used `nearest`). Enlarge the *scores*, then choose.",
        ),
        Mistake(
            "labels_blended",
            lambda logits, size: upsampled(
                logits.argmax(dim=1, keepdim=True).float(), size
            )[:, 0].long(),
            "You blended class numbers: halfway from class 0 to class 2 lies 1, which "
            "is another class altogether. Blend scores, never labels.",
        ),
        Mistake(
            "aligned_corners",
            lambda logits, size: upsampled(logits, size, corners=True).argmax(dim=1),
            "`align_corners=True` puts the outermost scores on the outermost pixels. "
            "DeepLabV3 in torchvision uses `align_corners=False`: a score stands at "
            "the centre of the pixels that it speaks for.",
        ),
        Mistake(
            "softmax_first",
            lambda logits, size: upsampled(logits.softmax(1), size).argmax(dim=1),
            "You took the softmax before you enlarged. That moves the borders, since "
            "probabilities cannot pass 1. Enlarge the logits; `argmax` needs no "
            "softmax.",
        ),
        Mistake(
            "not_upsampled",
            lambda logits, _: logits.argmax(dim=1),
            "You gave one class a position of the feature map. Enlarge the scores to "
            "`size` before you choose.",
        ),
        Mistake(
            "wrong_axis",
            lambda logits, size: upsampled(logits, size).argmax(dim=-1),
            "You took the largest along the width. Classes stand along `dim=1`: "
            "(N, C, H, W) becomes (N, H, W).",
        ),
        Mistake(
            "batch_axis",
            lambda logits, size: upsampled(logits, size).argmax(dim=0),
            "You took the largest along the batch: which picture, not which class. "
            "Classes stand along `dim=1`.",
        ),
        Mistake(
            "channel_kept",
            lambda logits, size: upsampled(logits, size).argmax(dim=1, keepdim=True),
            "The channel axis is still there, with length 1. Labels are (N, H, W): "
            "leave `keepdim` away.",
        ),
        Mistake(
            "scores_returned",
            lambda logits, size: upsampled(logits, size).amax(dim=1),
            "You returned the largest score and not which class has it: `argmax`.",
        ),
    ),
    praise="Blend scores, then choose: that is how eight pixels' worth of stride can "
    "still give a smooth outline.",
)

Loss = Callable[..., Tensor]


def _log_probabilities(logits: Tensor, labels: Tensor, dim: int = 1) -> Tensor:
    """Return that of the true class of each pixel, (N, H, W); ignored ones get 0."""
    chosen = labels.masked_fill(labels == IGNORE, 0)
    picked = logits.log_softmax(dim).gather(1, chosen[:, None])[:, 0]
    return picked.masked_fill(labels == IGNORE, 0.0)


def _of_each_image(
    logits: Tensor, labels: Tensor, ignore_index: int = IGNORE
) -> Tensor:
    losses = [
        F.cross_entropy(score[None], label[None], ignore_index=ignore_index)
        for score, label in zip(logits, labels, strict=True)
    ]
    return torch.stack(losses).mean()


def _random_pixels(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    logits = torch.randn(2, 4, 3, 5, generator=generator)
    labels = torch.randint(0, 4, (2, 3, 5), generator=generator)
    labels[torch.rand(2, 3, 5, generator=generator) < 0.2] = IGNORE
    labels[0, 0] = IGNORE  # a whole row of the first picture only
    return logits, labels


_LOGITS: Final = torch.tensor(
    [[[[2.0, 0.0], [1.0, -1.0]], [[0.0, 1.0], [1.0, 0.0]], [[-1.0, 0.0], [1.0, 3.0]]]]
)
_LABELS: Final = torch.tensor([[[0, 1], [2, 2]]])
_TWO: Final = torch.cat([_LOGITS, _LOGITS.flip(-1)])
_UNEVEN: Final = torch.tensor([[[0, 1], [2, 0]], [[IGNORE, IGNORE], [IGNORE, 1]]])

check_pixel_cross_entropy = Exercise(
    title="8.4 · One loss for all the pixels that count",
    reference=lambda logits, labels, ignore_index=IGNORE: F.cross_entropy(
        logits, labels, ignore_index=ignore_index
    ),
    cases=(
        Case("2 × 2 pixels, three classes", (_LOGITS, _LABELS)),
        Case(
            "the same, one pixel not counted",
            (_LOGITS, torch.tensor([[[0, 1], [IGNORE, 2]]])),
        ),
        Case("two pictures, three of the second's pixels not counted", (_TWO, _UNEVEN)),
    ),
    draw=_random_pixels,
    mistakes=(
        Mistake(
            "all_pixels",
            lambda logits, labels: -_log_probabilities(logits, labels).mean(),
            "Your sum leaves the ignored pixels out, but your mean divides by all of "
            "them: divide by the number of pixels that count.",
        ),
        Mistake(
            "ignored_as_background",
            lambda logits, labels: F.cross_entropy(
                logits, labels.masked_fill(labels == IGNORE, 0)
            ),
            "You made class 0 of the ignored pixels, and they count: the network would "
            "learn that every unclear border is background.",
        ),
        Mistake(
            "sum",
            lambda logits, labels: -_log_probabilities(logits, labels).sum(),
            "You added the pixels' losses up; the mean is wanted, so that the loss "
            "does not grow with the picture.",
        ),
        Mistake(
            "wrong_axis",
            lambda logits, labels: (
                -_log_probabilities(logits, labels, dim=-1).sum()
                / (labels != IGNORE).sum()
            ),
            "Your softmax runs along the width, so that pixels compete with each "
            "other. Classes compete: `dim=1`.",
        ),
        Mistake(
            "mean_of_means",
            _of_each_image,
            "You took each picture's mean first and then the mean of those. A picture "
            "with few pixels that count then weighs as much as a full one; take one "
            "mean over all pixels of the batch.",
        ),
        Mistake(
            "softmax_twice",
            lambda logits, labels: F.cross_entropy(
                logits.softmax(1), labels, ignore_index=IGNORE
            ),
            "You took the softmax twice: `log_softmax` wants logits.",
        ),
        Mistake(
            "wrong_sign",
            lambda logits, labels: (
                -F.cross_entropy(logits, labels, ignore_index=IGNORE)
            ),
            "The minus is missing: the logarithm of a probability is negative, and the "
            "loss is its opposite.",
        ),
    ),
    praise="A border of ignored pixels is how careful annotators say: here even we are "
    "not sure.",
)
