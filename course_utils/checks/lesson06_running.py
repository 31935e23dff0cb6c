"""Exercise 6.8: a batch normalisation that remembers its statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake


def _per_channel(values: Tensor) -> Tensor:
    return values.reshape(1, -1, 1, 1)


class _Layer(nn.Module):
    """The lesson's own layer, or one with something wrong in its forward."""

    mistake = ""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.running_mean: Tensor
        self.running_var: Tensor
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a batch and remember its statistics, one step of it wrong."""
        wrong = self.mistake
        now = (x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0))
        used = now if self.training else (self.running_mean, self.running_var)
        if wrong == "batch_in_evaluation":
            used = now
        if wrong == "running_in_training":
            used = (self.running_mean.clone(), self.running_var.clone())
        if wrong == "unbiased_normalising":
            unbiased = now[0], x.var((0, 2, 3), correction=1)
            used = unbiased if self.training else used
        if self.training or wrong == "updated_in_evaluation":
            self._remember(x, now)
        if wrong == "updated_first" and self.training:
            used = (self.running_mean, self.running_var)
        mean, var = used
        scaled = (x - _per_channel(mean)) / _per_channel((var + self.eps).sqrt())
        return scaled * _per_channel(self.weight) + _per_channel(self.bias)

    def _remember(self, x: Tensor, now: tuple[Tensor, Tensor]) -> None:
        wrong = self.mistake
        mean, var = now[0].detach(), x.var((0, 2, 3)).detach()
        if wrong == "biased_running":
            var = now[1].detach()
        if wrong == "deviation_remembered":
            var = var.sqrt()
        share = 1 - self.momentum if wrong == "momentum_reversed" else self.momentum
        if wrong == "never_updated":
            return
        keep = 1.0 if wrong == "added_up" else 1 - share
        self.running_mean.mul_(keep).add_(share * mean)
        if wrong != "variance_forgotten":
            self.running_var.mul_(keep).add_(share * var)


def _layer(name: str) -> Callable[..., nn.Module]:
    return type("_Wrong", (_Layer,), {"mistake": name})


def _three_batches_then_one(
    layer_class: Callable[..., nn.Module], shape: tuple[int, ...], momentum: float
) -> dict[str, Any]:
    """Train on three batches, then evaluate one; return what was seen on the way."""
    layer: Any = layer_class(shape[1], momentum=momentum)
    generator = torch.Generator().manual_seed(sum(shape))
    batches = [2 * torch.randn(shape, generator=generator) + 3 for _ in range(4)]
    seen: dict[str, Any] = {}
    layer.train()
    for number, batch in enumerate(batches[:3], 1):
        seen[f"the output for training batch {number}"] = layer(batch).detach()
        for name in ("running_mean", "running_var"):
            seen[f"{name} after batch {number}"] = getattr(layer, name).clone()
    layer.eval()
    seen["the output in evaluation"] = layer(batches[3]).detach()
    seen["running_var after the evaluation"] = layer.running_var.clone()
    return seen


check_batch_norm_layer = Exercise(
    title="6.8 · A layer that remembers",
    reference=nn.BatchNorm2d,
    use=_three_batches_then_one,
    cases=(
        Case("three batches of four images, momentum 0.1", ((4, 3, 2, 2), 0.1)),
        Case("momentum 0.5", ((3, 2, 4, 4), 0.5)),
        Case("two images of one pixel, momentum 0.3", ((2, 3, 1, 1), 0.3)),
    ),
    mistakes=(
        Mistake(
            "momentum_reversed",
            _layer("momentum_reversed"),
            "Your momentum is the wrong way round. PyTorch's is the share of the *new* "
            "value: running = (1 − momentum) · running + momentum · new. (In an "
            "optimizer it is the share of the old.)",
        ),
        Mistake(
            "biased_running",
            _layer("biased_running"),
            "The running variance takes the *unbiased* variance, divided by n − 1; you "
            "remembered the one that normalises the batch, divided by n.",
        ),
        Mistake(
            "unbiased_normalising",
            _layer("unbiased_normalising"),
            "The batch is normalised with the biased variance (`correction=0`). The "
            "unbiased one goes into the running average only.",
        ),
        Mistake(
            "batch_in_evaluation",
            _layer("batch_in_evaluation"),
            "In evaluation you still use the batch's own statistics, so that the "
            "answer for an image depends on who else is in the batch. Use the running "
            "ones.",
        ),
        Mistake(
            "running_in_training",
            _layer("running_in_training"),
            "In training you normalised with the running statistics. The batch's own "
            "are wanted; the running ones are for evaluation.",
        ),
        Mistake(
            "updated_first",
            _layer("updated_first"),
            "You updated the running statistics and then normalised with *them*. In "
            "training the batch is normalised with its own.",
        ),
        Mistake(
            "updated_in_evaluation",
            _layer("updated_in_evaluation"),
            "You went on updating in evaluation: the layer would learn from the test "
            "images. Update only `if self.training`.",
        ),
        Mistake(
            "never_updated",
            _layer("never_updated"),
            "The running statistics stayed at 0 and 1. A line such as "
            "`running_mean = …` makes a new local name; write into `self`.",
        ),
        Mistake(
            "variance_forgotten",
            _layer("variance_forgotten"),
            "The running mean moves, the running variance does not.",
        ),
        Mistake(
            "added_up",
            _layer("added_up"),
            "You added the new values without letting the old ones shrink: multiply "
            "the old by 1 − momentum.",
        ),
        Mistake(
            "deviation_remembered",
            _layer("deviation_remembered"),
            "You remembered the standard deviation. `running_var` is a variance.",
        ),
    ),
    praise="Biased for the batch, unbiased for the memory: as PyTorch has it.",
)
