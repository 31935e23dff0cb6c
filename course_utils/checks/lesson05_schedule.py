"""Exercise 5.6: a learning rate that rises and falls."""

from __future__ import annotations

import torch

from course_utils.checks.engine import Case, Exercise, Mistake


def _reference(step: int, steps: int, peak: float, rising: int) -> float:
    points = torch.tensor([0, rising, steps], dtype=torch.float64)
    heights = torch.tensor([0, peak, 0], dtype=torch.float64)
    piece = 0 if step < rising else 1
    share = (step - points[piece]) / (points[piece + 1] - points[piece])
    return float(torch.lerp(heights[piece], heights[piece + 1], share))


def _no_descent(step: int, steps: int, peak: float, rising: int) -> float:
    return peak * min(step / rising, 1.0)


def _no_ascent(step: int, steps: int, peak: float, rising: int) -> float:
    return peak * (steps - step) / steps


def _falls_over_all(step: int, steps: int, peak: float, rising: int) -> float:
    return peak * (step / rising if step < rising else (steps - step) / steps)


def _falls_as_it_rose(step: int, steps: int, peak: float, rising: int) -> float:
    if step < rising:
        return peak * step / rising
    return max(peak * (1 - (step - rising) / rising), 0.0)


def _never_turns(step: int, steps: int, peak: float, rising: int) -> float:
    return peak * step / rising


def _shares(step: int, steps: int, peak: float, rising: int) -> float:
    return _reference(step, steps, 1.0, rising)


def _whole_numbers(step: int, steps: int, peak: float, rising: int) -> float:
    if step < rising:
        return peak * (step // rising)
    return peak * ((steps - step) // (steps - rising))


def _upside_down(step: int, steps: int, peak: float, rising: int) -> float:
    return peak - _reference(step, steps, peak, rising)


def _draw(generator: torch.Generator) -> tuple[int, int, float, int]:
    steps = int(torch.randint(20, 200, (), generator=generator))
    rising = int(torch.randint(2, steps // 2, (), generator=generator))
    step = int(torch.randint(0, steps, (), generator=generator))
    return step, steps, 0.05 + float(torch.rand((), generator=generator)), rising


check_triangular_rate = Exercise(
    title="5.6 · A triangle for the learning rate",
    reference=_reference,
    cases=(
        Case("the first step", (0, 100, 0.5, 20)),
        Case("half-way up", (10, 100, 0.5, 20)),
        Case("the peak", (20, 100, 0.5, 20)),
        Case("half-way down", (60, 100, 0.5, 20)),
        Case("the end", (100, 100, 0.5, 20)),
    ),
    mistakes=(
        Mistake(
            "no_descent",
            _no_descent,
            "Your rate climbs to the peak and stays there. Only the fall to 0 lets the "
            "weights settle: from step `rising` to step `steps` it goes back down.",
        ),
        Mistake(
            "no_ascent",
            _no_ascent,
            "Your rate starts at the peak. At step 0 it is 0, and it climbs until step "
            "`rising`: the first steps go where random weights point, so keep them "
            "small.",
        ),
        Mistake(
            "falls_over_all",
            _falls_over_all,
            "On the way down you divide by all `steps`, so that the rate jumps at the "
            "peak: at step 20 of 100 you have 80 % of it. The way down is `steps - "
            "rising` steps long.",
        ),
        Mistake(
            "falls_as_it_rose",
            _falls_as_it_rose,
            "Your rate falls as steeply as it rose and is 0 long before the end: at "
            "step 40 of 100. The way down is `steps - rising` steps long.",
        ),
        Mistake(
            "never_turns",
            _never_turns,
            "Your rate climbs on behind the peak. From step `rising` on it falls.",
        ),
        Mistake(
            "share_alone",
            _shares,
            "You return the share of the peak, from 0 to 1. Multiply by `peak`.",
        ),
        Mistake(
            "whole_numbers",
            _whole_numbers,
            "`//` divides whole numbers and drops the rest: 10 // 20 is 0. Use `/`.",
        ),
        Mistake(
            "upside_down",
            _upside_down,
            "Your triangle stands on its tip: it begins and ends at the peak. At step "
            "0 and at the end the rate is 0.",
        ),
    ),
    draw=_draw,
    praise="In code: `torch.optim.lr_scheduler.LambdaLR`, stepped after every batch.",
)
