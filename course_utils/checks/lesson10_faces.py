"""Exercise 10.1: the two errors of a verification."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Rates = tuple[float, float]


def _counts(distances: Tensor, same: Tensor, threshold: float) -> tuple[int, ...]:
    """Return false accepts, false rejects, different, same and accepted pairs."""
    false_accepts = false_rejects = accepted = 0
    for distance, is_same in zip(distances.tolist(), same.tolist(), strict=True):
        let_in = distance <= threshold
        accepted += let_in
        false_accepts += let_in and not is_same
        false_rejects += is_same and not let_in
    same_pairs = int(same.sum())
    return false_accepts, false_rejects, len(same) - same_pairs, same_pairs, accepted


def both_errors(distances: Tensor, same: Tensor, threshold: float) -> Rates:
    """Return false accept and false reject rate, counted pair by pair."""
    accepts, rejects, different, alike, _ = _counts(distances, same, threshold)
    return accepts / different, rejects / alike


def _share_of_all(distances: Tensor, same: Tensor, threshold: float) -> Rates:
    accepts, rejects, different, alike, _ = _counts(distances, same, threshold)
    return accepts / (different + alike), rejects / (different + alike)


def _share_of_decisions(distances: Tensor, same: Tensor, threshold: float) -> Rates:
    accepts, rejects, _, _, accepted = _counts(distances, same, threshold)
    turned_away = len(same) - accepted
    return accepts / max(accepted, 1), rejects / max(turned_away, 1)


def _counted(distances: Tensor, same: Tensor, threshold: float) -> Rates:
    accepts, rejects, *_ = _counts(distances, same, threshold)
    return accepts, rejects


def _just_below(distances: Tensor, same: Tensor, threshold: float) -> Rates:
    return both_errors(distances, same, threshold - 1e-6)


def _true_accepts(distances: Tensor, same: Tensor, threshold: float) -> Rates:
    false_accepts, false_rejects = both_errors(distances, same, threshold)
    return false_accepts, 1 - false_rejects


def _draw(generator: torch.Generator) -> tuple[Tensor, Tensor, float]:
    distances = 2 * torch.rand(15, generator=generator)
    same = torch.arange(15) % 3 == 0
    return distances, same, 1.0


_EIGHT = torch.tensor([0.2, 0.5, 0.8, 0.25, 0.6, 0.9, 1.1, 1.2])
_SAME = torch.tensor([True, True, True, False, False, False, False, False])

check_both_errors = Exercise(
    title="10.1 · Both ways to be wrong",
    reference=both_errors,
    cases=(
        Case("three same and five different pairs", (_EIGHT, _SAME, 0.55)),
        Case("a pair exactly at the threshold", (_EIGHT, _SAME, 0.5)),
        Case("a threshold that lets everyone in", (_EIGHT, _SAME, 1.5)),
    ),
    mistakes=(
        Mistake(
            "rates_swapped",
            lambda d, s, t: both_errors(d, s, t)[::-1],
            "Your two rates are swapped. *False accept* is about the different pairs "
            "(let in by mistake), *false reject* about the same ones.",
        ),
        Mistake(
            "share_of_all_pairs",
            _share_of_all,
            "You divided by all pairs. Among eight pairs there are only three that "
            "can be rejected falsely: divide by those.",
        ),
        Mistake(
            "share_of_decisions",
            _share_of_decisions,
            "You divided by the pairs accepted and by those turned away. The rates ask "
            "the other way round: of the *different* pairs, which share was accepted?",
        ),
        Mistake(
            "counts",
            _counted,
            "These are the right counts. Shares are wanted: divide each by its number "
            "of pairs.",
        ),
        Mistake(
            "accepted_when_far",
            lambda d, s, t: both_errors(-d, s, -t),
            "You accept pairs that are far apart. A small distance speaks for the "
            "same face.",
        ),
        Mistake(
            "strictly_below",
            _just_below,
            "Right but for a pair exactly at the threshold: accepted is a distance of "
            "*at most* the threshold, so `<=`.",
        ),
        Mistake(
            "true_accepts",
            _true_accepts,
            "Your second number is the share of same pairs *accepted*. The false "
            "rejects are the others: 1 less yours.",
        ),
        Mistake(
            "per_cent",
            lambda d, s, t: tuple(100 * rate for rate in both_errors(d, s, t)),
            "That is per cent. Shares from 0 to 1 are wanted.",
        ),
    ),
    draw=_draw,
    praise="Two rates, two denominators. A threshold trades one for the other; only "
    "better distances lower both.",
)
