"""Exercise 7.6: a learning rate for each depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course_utils.checks.engine import Case, Exercise, Mistake

Groups = list[dict[str, Any]]
MakeGroups = Callable[[nn.Module, float, float], Groups]


class _Staged(nn.Module):
    """A body of three stages and a head; the first stage may be frozen."""

    def __init__(self, first_frozen: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 4, kernel_size=1),
            nn.Sequential(nn.Conv2d(4, 4, kernel_size=1), nn.BatchNorm2d(4)),
            nn.Conv2d(4, 6, kernel_size=1),
        )
        self.head = nn.Linear(6, 2)
        self.body[0].requires_grad_(not first_frozen)


def _rates(
    answer: MakeGroups, first_frozen: bool, rate: float, factor: float
) -> dict[str, Any] | None:
    """Give for each parameter its rate, or none, and whether one is named twice."""
    torch.manual_seed(0)
    model = _Staged(first_frozen)
    groups = answer(model, rate, factor)
    if groups is None:
        return None
    pairs = [(p, float(g["lr"])) for g in groups for p in g["params"]]
    rates = {id(parameter): learning_rate for parameter, learning_rate in pairs}
    return {
        "a parameter is in two groups": len(pairs) > len(rates),
        "learning rates": {
            name: rates.get(id(p), 0.0) for name, p in model.named_parameters()
        },
    }


def _part(model: nn.Module, name: str) -> nn.Module:
    return model.get_submodule(name)


def _trainable(part: nn.Module) -> list[nn.Parameter]:
    return [p for p in part.parameters() if p.requires_grad]


def _grouped(
    rates: Callable[[float, float, int], float] = lambda rate, factor, k: (
        rate * factor**k
    ),
    params: Callable[[nn.Module], Any] = _trainable,
    flipped: bool = False,
) -> MakeGroups:
    """Return a grouping with other rates by depth, or other parameters.

    Args:
        rates: Rate from the head's rate, the factor and the depth below the head.
        params: Parameters of a stage.
        flipped: Whether the first stage is taken for the deepest.
    """

    def groups(model: nn.Module, rate: float, factor: float) -> Groups:
        stages = list(_part(model, "body").children())
        parts = [_part(model, "head"), *(stages if flipped else reversed(stages))]
        return [
            {"params": params(part), "lr": rates(rate, factor, depth)}
            for depth, part in enumerate(parts)
        ]

    return groups


def _head_missing(model: nn.Module, rate: float, factor: float) -> Groups:
    return _grouped()(model, rate, factor)[1:]


def _head_twice(model: nn.Module, rate: float, factor: float) -> Groups:
    everything = {"params": _trainable(model), "lr": rate * factor}
    return [*_grouped()(model, rate, factor), everything]


def _used_up(part: nn.Module) -> Any:
    parameters = part.parameters()
    sum(p.numel() for p in parameters)  # a look at them, and the iterator is empty
    return parameters


check_parameter_groups = Exercise(
    title="7.6 · A learning rate for each depth",
    reference=_grouped(),
    use=_rates,
    cases=(
        Case("a factor of one tenth, nothing frozen", (False, 0.01, 0.1)),
        Case("a factor of one half, the first stage frozen", (True, 0.004, 0.5)),
    ),
    mistakes=(
        Mistake(
            "one_rate",
            _grouped(rates=lambda rate, factor, k: rate),
            "Every part has the head's rate. The further down, the smaller: multiply "
            "by the factor once more for each stage.",
        ),
        Mistake(
            "two_rates",
            _grouped(rates=lambda rate, factor, k: rate * factor ** min(k, 1)),
            "The head has its rate and all stages have one and the same. Each stage "
            "further down gets the factor once more.",
        ),
        Mistake(
            "upside_down",
            _grouped(flipped=True),
            "Your first stage, next to the picture, learns faster than the last one. "
            "The stages next to the head are the specialised ones and should move "
            "most: count the depth from the head downwards.",
        ),
        Mistake(
            "head_scaled_too",
            _grouped(rates=lambda rate, factor, k: rate * factor ** (k + 1)),
            "The head's rate was multiplied by the factor as well. It has nothing to "
            "preserve: it learns with the full rate.",
        ),
        Mistake(
            "products",
            _grouped(rates=lambda rate, factor, k: rate * (factor * k if k else 1)),
            "Your rates grow with the depth: you multiplied by it. The factor is "
            "raised to it, `factor**depth`.",
        ),
        Mistake(
            "head_missing",
            _head_missing,
            "The new head is in no group, so the optimizer never moves it: it stays "
            "as random as it was made.",
        ),
        Mistake(
            "in_two_groups",
            _head_twice,
            "Some parameters are in two groups, and PyTorch refuses that: “some "
            "parameters appear in more than one parameter group”.",
        ),
        Mistake(
            "frozen_ones_too",
            _grouped(params=lambda part: list(part.parameters())),
            "Frozen parameters are in your groups. They get no gradient, so nothing "
            "happens, until some line gives them one: leave them out by "
            "`requires_grad`.",
        ),
        Mistake(
            "used_up",
            _grouped(params=_used_up),
            "Your groups are empty. `parameters()` can be read once only, and you "
            "have read it, to count or to print. Keep `list(…)` of it.",
        ),
    ),
    praise="The full rate for the head, less and less for what is closer to the "
    "picture, and nothing that is frozen.",
)
