"""Questions about parameters and optimizer: what trains, and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log

import torch
from torch import Tensor, nn

from course_utils.diagnosis.case import Case, called_layers, copied, seeded
from course_utils.diagnosis.report import Finding, Skipped

Answer = Finding | Skipped | None

_NO_OPTIMIZER = Skipped("pass optimizer")
_TOO_FEW = Skipped("one image alone is too few")
_STEPS = 20
_FEW = 8  # images that the learning rate is tried on: few can soon be learnt by heart
_STILL = 0.001  # of the loss
_FACTORS = (1e3, 1e5, 1e7, 1e9)  # by which a rate must be off to be called far off


def something_trains(case: Case) -> Answer:
    """Find a model that is frozen as a whole, or whose last layer is."""
    parameters = list(case.model.named_parameters())
    frozen = [name for name, p in parameters if not p.requires_grad]
    if not parameters:
        return Skipped("the model has no parameters")
    calls = called_layers(case.model, case.images[:2])
    head = calls[-1][0] if calls else ""
    head_frozen = bool(calls) and not any(
        p.requires_grad for p in case.model.get_submodule(head).parameters()
    )
    if len(frozen) < len(parameters) and not head_frozen:
        return None
    which = "all" if len(frozen) == len(parameters) else f"those of `{head}` among them"
    return Finding(
        "Frozen parameters",
        f"{len(frozen)} of {len(parameters)} parameter tensors have "
        f"requires_grad=False, {which}.",
        "They get no gradient and never change. The last layer, which gives the "
        "classes, must always train.",
        "freeze first, then replace the last layer: a new layer trains by itself. Or "
        f"`model.{head or 'layer'}.requires_grad_(True)`",
    )


def gradients_reach(case: Case) -> Answer:
    """Find layers that no gradient reaches, as after ``detach``."""
    if len(case.images) < 2:
        return _TOO_FEW
    model = copied(case.model)
    loss = _loss(case, model)
    trainable = [name for name, p in model.named_parameters() if p.requires_grad]
    if not trainable:
        return Skipped("no parameter asks for a gradient")
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    reached = {name for name, p in model.named_parameters() if p.grad is not None}
    missed = [name for name in trainable if name not in reached]
    if not missed:
        return None
    return Finding(
        "Parameters without gradient",
        f"{len(missed)} of {len(trainable)} trainable parameter tensors got no "
        f"gradient from the loss: {_listed(missed)}.",
        "They stay at their random start. Either `forward` does not use the layer, or "
        "something between it and the loss cuts the gradient off.",
        "look in `forward` for `.detach()`, `.data`, `torch.no_grad()`, `.numpy()`, "
        "and for a layer that is made but never called",
    )


def _loss(case: Case, model: nn.Module) -> Tensor:
    seeded()
    logits = model.train()(case.images[:64])
    return case.loss_function(logits, case.labels[:64])


def holds_parameters(case: Case) -> Answer:
    """Find trainable parameters that the optimizer does not know."""
    if case.optimizer is None:
        return _NO_OPTIMIZER
    held = {id(p) for group in case.optimizer.param_groups for p in group["params"]}
    named = dict(case.model.named_parameters())
    missing = [n for n, p in named.items() if p.requires_grad and id(p) not in held]
    if not missing:
        return None
    strangers = len(held - {id(p) for p in named.values()})
    instead = f"; it holds {strangers} that are not the model's" if strangers else ""
    return Finding(
        "Optimizer without the model's parameters",
        f"{len(missing)} of the model's {len(named)} parameter tensors are not in the "
        f"optimizer: {_listed(missing)}{instead}.",
        "The optimizer changes only what it was given: these never train, and the "
        "loss barely falls.",
        "make the optimizer after the model is complete, its new last layer included: "
        "`optimizer = torch.optim.SGD(model.parameters(), lr=…)`",
    )


def learning_rate(case: Case) -> Answer:
    """Find a learning rate at which the loss explodes, or does not move."""
    if case.optimizer is None:
        return _NO_OPTIMIZER
    if len(case.images) < 2:
        return _TOO_FEW
    if not _loss(case, copied(case.model)).requires_grad:
        return Skipped("no gradient reaches any parameter")
    if isinstance(holds_parameters(case), Finding):
        return Skipped("the optimizer does not hold the model's parameters")
    if isinstance(something_trains(case), Finding):
        return Skipped("frozen parameters do not move at any learning rate")
    rates = [float(group["lr"]) for group in case.optimizer.param_groups]
    here = _tried(case, 1.0)
    chance = log(case.logits.shape[1])
    if not isfinite(here.start):
        return Skipped("the loss is not finite before the first step")
    high = max(here.start, chance)
    if not isfinite(here.end) or here.end > 3 * high or here.peak > 10 * high:
        return _too_large(case, here, max(rates))
    if here.start < 0.5 * chance:
        return None  # learnt already: a loss may rightly stay where it is
    if here.fall > _STILL:
        return None
    for factor in _FACTORS:
        better = _tried(case, factor)
        if better.fall > 50 * _STILL:
            return _too_small(here, better, max(rates), factor)
    return None


def _too_small(here: _Try, better: _Try, rate: float, factor: float) -> Finding:
    return Finding(
        "Learning rate far too small",
        f"with lr={rate:g}, {_STEPS} steps on the same {_FEW} images take the loss "
        f"from {here.start:.4f} to {here.end:.4f}; with lr={rate * factor:g} to "
        f"{better.end:.4f}.",
        "At this rate the training would need thousands of epochs.",
        "raise it tenfold until the loss no longer falls steadily, then go back one "
        "step; usual are 0.01 to 0.1 for SGD with momentum 0.9, 0.001 for Adam",
    )


def _too_large(case: Case, here: _Try, rate: float) -> Answer:
    tries = (_tried(case, 1 / factor) for factor in _FACTORS)
    if not any(t.peak < 3 * max(t.start, 1.0) for t in tries):
        return Skipped("the loss explodes at every learning rate that was tried")
    return Finding(
        "Learning rate far too large",
        f"with lr={rate:g}, {_STEPS} steps on the same {_FEW} images take the loss from"
        f" {here.start:.3f} to {here.end:.3g} (at its worst {here.peak:.3g}).",
        "Each step jumps across the valley that it should go down into; the weights "
        "soon are useless, or nan.",
        "divide it by 10 until the loss falls; usual are 0.01 to 0.1 for SGD with "
        "momentum 0.9, 0.001 for Adam. Make model and optimizer anew before",
    )


@dataclass(frozen=True)
class _Try:
    """The loss over a few steps: before the first, at its worst, at the end."""

    start: float
    peak: float
    end: float

    @property
    def fall(self) -> float:
        """How far it fell, as a share."""
        return (self.start - self.end) / self.start


def _tried(case: Case, factor: float) -> _Try:
    """Train a copy on few images, at the optimizer's learning rate times a factor."""
    model, optimizer = case.copied_pair()
    model.train()
    for group in optimizer.param_groups:
        group["lr"] = float(group["lr"]) * factor
    losses: list[Tensor] = []
    images, labels = case.images[:_FEW], case.labels[:_FEW]
    for _ in range(_STEPS):
        seeded()  # the same dropout, so that only the steps change the loss
        loss = case.loss_function(model(images), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.detach())
    values = torch.stack(losses).tolist()
    worst = max(value if isfinite(value) else float("inf") for value in values)
    return _Try(values[0], worst, sum(values[-3:]) / 3)


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown
