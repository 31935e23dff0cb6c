"""Exercises 5.10 and 5.11: one gradient out of many, and what a run looks like."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from course_utils.checks.engine import Case, Exercise, Mistake

Plan = dict[str, float]


def _joint(gradients: Tensor, counts: list[int]) -> Tensor:
    total = torch.zeros_like(gradients[0])
    for gradient, count in zip(gradients, counts, strict=True):
        total = total + count * gradient
    return total / sum(counts)


def _weighted(
    weights_of: Callable[[Tensor], Tensor],
) -> Callable[[Tensor, list[int]], Tensor]:
    """Sum the gradients with weights that are worked out from the counts."""

    def joined(gradients: Tensor, counts: list[int]) -> Tensor:
        weights = weights_of(torch.tensor(counts, dtype=gradients.dtype))
        return (gradients * weights[:, None]).sum(dim=0)

    return joined


def _draw_gradients(generator: torch.Generator) -> tuple[Tensor, list[int]]:
    ranks = int(torch.randint(2, 5, (), generator=generator))
    counts = torch.randint(1, 40, (ranks,), generator=generator).tolist()
    return torch.randn(ranks, 6, generator=generator), counts


check_joint_gradient = Exercise(
    title="5.10 · The joint gradient",
    reference=_joint,
    cases=(
        Case("two ranks with 6 pictures each", (torch.eye(2), [6, 6])),
        Case("9 pictures and 3", (torch.tensor([[4.0, 0.0], [0.0, 4.0]]), [9, 3])),
        Case(
            "three ranks, the last with a rest",
            (torch.tensor([[1.0, -2.0], [3.0, 0.5], [-8.0, 8.0]]), [32, 32, 1]),
        ),
        Case(
            "a rank without a picture",
            (torch.tensor([[2.0, 2.0, -1.0], [0.0, 0.0, 0.0]]), [5, 0]),
        ),
    ),
    mistakes=(
        Mistake(
            "sum",
            _weighted(torch.ones_like),
            "You summed the ranks' gradients: with n ranks the step becomes n times "
            "too long.",
        ),
        Mistake(
            "mean_of_means",
            _weighted(lambda counts: torch.ones_like(counts) / len(counts)),
            "That is the mean of means, which counts every rank the same. Count every "
            "*picture* the same: a rank with 9 pictures weighs three times one with 3.",
        ),
        Mistake(
            "not_divided",
            _weighted(lambda counts: counts),
            "You undid the means and summed; now divide by the number of all pictures.",
        ),
        Mistake(
            "divided_by_ranks",
            _weighted(lambda counts: counts / len(counts)),
            "You weighted by pictures and divided by *ranks*. Divide by the number of "
            "all pictures.",
        ),
        Mistake(
            "divided_twice",
            _weighted(lambda counts: counts / counts.sum() / len(counts)),
            "You divided by the number of all pictures and by the ranks as well. Once "
            "is enough.",
        ),
        Mistake(
            "not_weighted",
            _weighted(lambda counts: torch.ones_like(counts) / counts.sum()),
            "Each row is a mean already. Multiply it by its rank's number of pictures "
            "before you divide the sum.",
        ),
        Mistake(
            "upside_down",
            _weighted(
                lambda counts: (
                    (counts.sum() - counts) / (counts.sum() - counts).sum().clamp(min=1)
                )
            ),
            "Your weights are upside down: the rank with few pictures counts most.",
        ),
        Mistake(
            "largest_only",
            _weighted(lambda counts: (counts == counts.max()).float()),
            "You took the largest rank's gradient alone. Every rank has something to "
            "say, each with the weight of its pictures.",
        ),
    ),
    draw=_draw_gradients,
    praise="Every picture counts the same, whichever rank has read it: that is all "
    "that 'joint' means.",
)


def _plan(pictures: int, ranks: int, batch_size: int, rate: float) -> Plan:
    images = TensorDataset(torch.zeros(pictures))
    sampler: DistributedSampler[int] = DistributedSampler(images, ranks, rank=0)
    loader = DataLoader(images, batch_size, sampler=sampler)
    return {
        "effective_batch": ranks * batch_size,
        "steps": len(loader),
        "rate": rate * ranks,
        "repeated": len(sampler) * ranks - pictures,
    }


def _plan_with(
    **changes: Callable[[int, int, int, float], float],
) -> Callable[[int, int, int, float], Plan]:
    """Return a plan in which some entries are worked out otherwise."""

    def plan(pictures: int, ranks: int, batch_size: int, rate: float) -> Plan:
        wrong = {
            name: change(pictures, ranks, batch_size, rate)
            for name, change in changes.items()
        }
        return _plan(pictures, ranks, batch_size, rate) | wrong

    return plan


def _draw_plan(generator: torch.Generator) -> tuple[int, int, int, float]:
    pictures = int(torch.randint(50, 2000, (), generator=generator))
    ranks = int(torch.randint(2, 9, (), generator=generator))
    batch_size = int(torch.randint(8, 65, (), generator=generator))
    return pictures, ranks, batch_size, 0.01 * ranks


check_plan_run = Exercise(
    title="5.11 · Plan a run",
    reference=_plan,
    cases=(
        Case("601 pictures on 2 ranks", (601, 2, 32, 0.02)),
        Case("CIFAR-10 on 8 ranks", (50_000, 8, 64, 0.1)),
        Case("one rank: nothing changes", (1000, 1, 32, 0.1)),
        Case("100 pictures on 3 ranks", (100, 3, 16, 0.05)),
    ),
    mistakes=(
        Mistake(
            "steps_of_one",
            _plan_with(steps=lambda p, r, b, lr: math.ceil(p / b)),
            "Those are the steps of one process. A rank reads its share only, and all "
            "step together.",
        ),
        Mistake(
            "steps_rounded_down",
            _plan_with(steps=lambda p, r, b, lr: math.ceil(p / r) // b),
            "You lost each rank's smaller last batch: the loader keeps it, so round "
            "the steps up.",
        ),
        Mistake(
            "share_rounded_down",
            _plan_with(
                steps=lambda p, r, b, lr: math.ceil(p // r / b),
                repeated=lambda p, r, b, lr: 0,
            ),
            "You rounded the share of a rank down, which is `drop_last=True`. The "
            "last round is filled up: round the share up, and say what is repeated.",
        ),
        Mistake(
            "steps_are_fractions",
            _plan_with(steps=lambda p, r, b, lr: p / (r * b)),
            "A loader gives whole batches: round the steps up to an int.",
        ),
        Mistake(
            "batch_divided",
            _plan_with(effective_batch=lambda p, r, b, lr: b),
            "`batch_size` is what *each* rank takes; a step averages over all of them: "
            "ranks · batch_size.",
        ),
        Mistake(
            "rate_kept",
            _plan_with(rate=lambda p, r, b, lr: lr),
            "You kept the rate of one process. With fewer steps in an epoch the "
            "weights would move less far: scale the rate with the ranks.",
        ),
        Mistake(
            "rate_divided",
            _plan_with(rate=lambda p, r, b, lr: lr / r),
            "You divided the rate. The batch is larger and steps are fewer, so each "
            "may be longer: multiply.",
        ),
        Mistake(
            "root_scaling",
            _plan_with(rate=lambda p, r, b, lr: lr * math.sqrt(r)),
            "You scaled by the square root of the ranks. That is another rule, often "
            "used with Adam; linear scaling multiplies by the ranks.",
        ),
        Mistake(
            "last_batch_filled",
            _plan_with(repeated=lambda p, r, b, lr: math.ceil(p / (r * b)) * r * b - p),
            "You filled up the last *batch*. Only the last round of dealing is filled, "
            "up to one picture a rank; a smaller last batch stays small.",
        ),
        Mistake(
            "rest_not_missing",
            _plan_with(repeated=lambda p, r, b, lr: p % r),
            "That is how many pictures the incomplete last round has. What is "
            "*missing* from it is repeated.",
        ),
    ),
    draw=_draw_plan,
    praise="Eight ranks make of 782 steps on CIFAR-10's 50,000 pictures 98: a "
    "schedule that counts steps must know.",
)
