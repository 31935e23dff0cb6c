"""Exercises 9.3 and 9.4: the Gram matrix, on paper and for a batch."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

# two channels at four places: the example of exercise 9.3
PAPER: Final = torch.tensor([[1.0, 0, 2, 1], [0, 3, 1, 2]])

Square = tuple[tuple[float, ...], ...]


def _written(matrix: Tensor) -> Square:
    return tuple(map(tuple, matrix.tolist()))


def _centred(rows: Tensor) -> Tensor:
    return rows - rows.mean(dim=-1, keepdim=True)


_PRODUCTS: Final = PAPER @ PAPER.mT

check_gram_on_paper = Exercise(
    title="9.3 · A Gram matrix on paper",
    reference=_written(_PRODUCTS / 8),
    mistakes=(
        Mistake(
            "not_normalised",
            _written(_PRODUCTS),
            "These are the sums of products: 6, 4 and 14. Divide them by the number of "
            "features, two channels times four places.",
        ),
        Mistake(
            "divided_by_places_only",
            _written(_PRODUCTS / 4),
            "You divided by the four places. There are two channels, so the features "
            "are eight.",
        ),
        Mistake(
            "divided_by_channels_only",
            _written(_PRODUCTS / 2),
            "You divided by the two channels. Each has four places, so the features "
            "are eight.",
        ),
        Mistake(
            "averages_taken_off",
            _written(_centred(PAPER) @ _centred(PAPER).mT / 8),
            "You took each channel's average off first: that is the covariance. The "
            "Gram matrix multiplies the features as they are.",
        ),
        Mistake(
            "averages_multiplied",
            _written(torch.outer(PAPER.mean(1), PAPER.mean(1))),
            "You averaged each channel first and multiplied the averages. Multiply "
            "place by place, then add up: whether both answer at the *same* place is "
            "what counts.",
        ),
        Mistake(
            "places_for_channels",
            _written(PAPER.mT @ PAPER / 8),
            "This is 4 × 4: places against places. Compare channels: channel 0 with "
            "0, 0 with 1, 1 with 1.",
        ),
        Mistake(
            "channels_apart",
            _written(torch.diag(_PRODUCTS.diagonal()) / 8),
            "Off the diagonal you have 0. Channels 0 and 1 do answer together: at the "
            "third and the fourth place.",
        ),
    ),
    praise="0.5 off the diagonal: the two answer together at two of the four places. "
    "At which two, the matrix no longer says.",
)


def _reference(features: Tensor) -> Tensor:
    """Ask einsum, the lesson's other spelling."""
    _, C, H, W = features.shape
    return torch.einsum("nchw,ndhw->ncd", features, features) / (C * H * W)


def _not_normalised(features: Tensor) -> Tensor:
    return _reference(features) * features[0].numel()


def _places_only(features: Tensor) -> Tensor:
    return _reference(features) * features.shape[1]


def _divided_by_batch_too(features: Tensor) -> Tensor:
    return _reference(features) / len(features)


def _batch_mixed(features: Tensor) -> Tensor:
    return _reference(features).mean(dim=0, keepdim=True).expand(len(features), -1, -1)


def _batch_for_channels(features: Tensor) -> Tensor:
    return _reference(features.transpose(0, 1))


def _places(features: Tensor) -> Tensor:
    rows = features.flatten(2)
    return rows.mT @ rows / rows[0].numel()


def _averages_multiplied(features: Tensor) -> Tensor:
    averages = features.mean(dim=(2, 3))
    return averages[:, :, None] * averages[:, None, :] / features.shape[1]


def _averages_taken_off(features: Tensor) -> Tensor:
    return _reference(features - features.mean(dim=(2, 3), keepdim=True))


def _reshaped(features: Tensor) -> Tensor:
    N, C, H, W = features.shape
    rows = features.reshape(N, H * W, C)
    return rows.mT @ rows / (C * H * W)


def _random(generator: torch.Generator) -> tuple[Tensor]:
    shape = [
        int(torch.randint(low, high, (), generator=generator))
        for low, high in ((1, 4), (2, 6), (2, 6), (2, 6))
    ]
    return (torch.randn(shape, generator=generator),)


_STEPS: Final = torch.arange(36.0).reshape(2, 3, 2, 3) / 6

check_gram_matrix = Exercise(
    title="9.4 · Gram matrices of a batch",
    reference=_reference,
    cases=(
        Case("the example on paper", (PAPER.reshape(1, 2, 2, 2),)),
        Case("two pictures of three channels", (_STEPS,)),
        Case("as many pictures as channels", (_STEPS[:, :2] - 1,)),
        Case("channels that take turns", (torch.eye(4).reshape(1, 4, 2, 2),)),
    ),
    mistakes=(
        Mistake(
            "not_normalised",
            _not_normalised,
            "The sums of products are right. Divide them by C · H · W, or a picture "
            "with twice as many pixels has another style.",
        ),
        Mistake(
            "channels_not_counted",
            _places_only,
            "You divided by H · W. Divide by C · H · W, all features of a picture.",
        ),
        Mistake(
            "divided_by_batch_too",
            _divided_by_batch_too,
            "You divided by N as well. Each picture has a Gram matrix of its own; the "
            "others in the batch must not change it.",
        ),
        Mistake(
            "batch_mixed",
            _batch_mixed,
            "Every picture has the same matrix: the sum runs over the batch too. Keep "
            "N apart: flatten from axis 2 on, `features.flatten(2)`.",
        ),
        Mistake(
            "batch_for_channels",
            _batch_for_channels,
            "You compared the pictures of the batch with each other. N and C are "
            "swapped: channels stand on axis 1.",
        ),
        Mistake(
            "places_for_channels",
            _places,
            "You compared places with places: H·W × H·W. Turn the product round, "
            "`rows @ rows.mT`, and it is C × C.",
        ),
        Mistake(
            "averages_multiplied",
            _averages_multiplied,
            "You averaged over the places before multiplying. Multiply first, place by "
            "place: together at the same place is what counts.",
        ),
        Mistake(
            "averages_taken_off",
            _averages_taken_off,
            "You took each channel's average off: that is the covariance matrix. The "
            "Gram matrix takes the features as they are.",
        ),
        Mistake(
            "reshaped_for_transposed",
            _reshaped,
            "`reshape(N, H * W, C)` cuts the row of numbers anew and mixes channels "
            "with places. Flatten to (N, C, H · W) and use `.mT` for the other factor.",
        ),
    ),
    draw=_random,
    praise="One matrix product, and a picture has become a list of who answers "
    "together with whom, and how strongly.",
)
