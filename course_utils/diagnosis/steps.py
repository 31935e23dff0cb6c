"""Questions about loss and training step: gradients zeroed, logits not squashed."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.diagnosis.case import Case, Keeper, copied, seeded
from course_utils.diagnosis.report import Finding, Skipped

Answer = Finding | Skipped | None

_NO_STEP = Skipped("pass training_step and optimizer")
_NOT_ITS_OWN = Skipped("training_step does not step with what it is given")
_SOFTMAX = "Softmax before cross-entropy"
_WHY_SOFTMAX = (
    "Cross-entropy applies the softmax itself. Twice, it cannot tell sure from unsure: "
    "gradients shrink, and the network learns far more slowly."
)


def loss_takes_logits(case: Case) -> Answer:
    """Find a loss function that squashes the logits, or expects something else."""
    C = case.logits.shape[1]
    if C < 2 or bool((case.labels < 0).any()):
        return Skipped("needs at least two classes")
    labels = torch.arange(C, device=case.labels.device)
    right = 100 * F.one_hot(labels, C).float()
    wrong = right.roll(1, dims=1)
    if _is_log_probabilities(case.logits):
        right, wrong = right.log_softmax(1), wrong.log_softmax(1)
    try:
        low = float(case.loss_function(right, labels))
        high = float(case.loss_function(wrong, labels))
    except (RuntimeError, ValueError, TypeError):
        return Skipped("the loss function takes something else than classes")
    if low < -1:
        return Finding(
            "Loss expects log-probabilities",
            f"for sure and right logits the loss is {low:.1f}: it falls without end.",
            "`nn.NLLLoss` takes the output of `log_softmax`; given logits, it is "
            "lowered by making them large, right or wrong.",
            "`nn.CrossEntropyLoss()` or `F.cross_entropy`, which take logits",
        )
    if high > 10:
        return None
    return Finding(
        _SOFTMAX,
        f"the loss of logits that are entirely sure and wrong is only {high:.2f} (and "
        f"{low:.2f} if they are right): something in the loss function squashes them.",
        _WHY_SOFTMAX,
        "give the logits to `F.cross_entropy` as the model returned them",
    )


def _is_log_probabilities(logits: Tensor) -> bool:
    return bool(logits.max() <= 0) and bool((logits.logsumexp(1).abs() < 1e-3).all())


def uses_what_it_is_given(case: Case) -> Answer:
    """Find a step that trains something else, or never steps."""
    if case.training_step is None:
        return _NO_STEP
    if len(case.images) < 4:
        return Skipped("fewer than 4 images make no two batches")
    keeper = Keeper(case.model, case.optimizer)
    taken = _Recorded(case)
    failed = ""
    try:
        taken.step(0)
    except Exception as error:  # it is said in the diagnosis
        failed = f"training_step raised {type(error).__name__}: {error}"
    changed = keeper.changed()
    keeper.restore()
    if changed:
        return Finding(
            "Step trains another model",
            "called with a copy, `training_step` changed the original model.",
            "It uses `model` or `optimizer` of the notebook and not its arguments: in "
            "the next experiment it would go on training the old model.",
            "`def training_step(model, images, labels, optimizer):` and use these four "
            "alone",
        )
    if failed:
        return Skipped(failed)
    if taken.gradients:
        return None
    return Finding(
        "No optimizer step",
        "in a call of `training_step`, `optimizer.step()` was not called once.",
        "Gradients are computed, but no weight ever changes.",
        "`optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`: all three, in "
        "this order",
    )


def gradients_zeroed(case: Case) -> Answer:
    """Find gradients of one step that are still there in the next."""
    if case.training_step is None:
        return _NO_STEP
    if uses_what_it_is_given(case) is not None:
        return _NOT_ITS_OWN
    fresh, again, after = _Recorded(case), _Recorded(case), _Recorded(case)
    # at a learning rate of 0 the weights stay, and only gradients can be handed on
    own, own_again = fresh.step(1), again.step(1)
    first, second = after.step(0), after.step(1)
    if own is None or own_again is None or first is None or second is None:
        return Skipped("training_step did not step exactly once a call")
    if _gap(own_again, own) > 1e-3:
        return Skipped("training_step gives other gradients each time it is called")
    gap = _gap(second, own)
    if gap < 0.01:
        return None
    return Finding(
        "Gradients not zeroed",
        f"the gradient of a second step differs from the same batch's own by {gap:.0%}"
        f", and from the sum of both steps' by {_gap(second, first + own):.0%}.",
        "`backward` adds to the gradients that are there. Without `zero_grad`, every "
        "step goes along the sum of all batches so far.",
        "`optimizer.zero_grad()` before `loss.backward()`, in every step",
    )


def step_takes_logits(case: Case) -> Answer:
    """Find a step that applies softmax before it computes the cross-entropy."""
    if case.training_step is None:
        return _NO_STEP
    if uses_what_it_is_given(case) is not None:
        return _NOT_ITS_OWN
    recorded = _Recorded(case)
    found = recorded.step(0)
    if found is None:
        return Skipped("training_step did not step exactly once a call")
    right, twice = (_own_gradient(case, recorded, s) for s in (False, True))
    if _turned(found, right) < 0.05 or _turned(found, twice) > 0.02:
        return None  # right, or something else than a softmax too many
    return Finding(
        _SOFTMAX,
        "the gradients of `training_step` are those of a loss on "
        "`logits.softmax(dim=1)`, and not on the logits "
        f"({_turned(found, twice):.1%} and {_turned(found, right):.0%} apart).",
        _WHY_SOFTMAX,
        "`loss = F.cross_entropy(model(images), labels)`, without softmax",
    )


class _Recorded:
    """Copies of model and optimizer that a step is tried on, with its gradients."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.model, self.optimizer = case.copied_pair()
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = 0.0
        self.gradients: list[Tensor] = []
        self.optimizer.register_step_pre_hook(self._record)

    def step(self, half: int) -> Tensor | None:
        """Call the step on a half batch; return its gradient if it stepped once."""
        assert self.case.training_step is not None  # the caller has looked
        images, labels = batch(self.case, half)
        self.gradients.clear()
        seeded()
        self.case.training_step(self.model, images, labels, self.optimizer)
        return self.gradients[0] if len(self.gradients) == 1 else None

    def _record(self, *_: Any) -> None:
        self.gradients.append(gradient(self.model))


def batch(case: Case, half: int) -> tuple[Tensor, Tensor]:
    """Return the first or the second of two small batches."""
    size = min(32, len(case.images) // 2)
    part = slice(half * size, (half + 1) * size)
    return case.images[part].clone(), case.labels[part].clone()


def gradient(model: nn.Module) -> Tensor:
    """Return all gradients in one row; 0 where there is none."""
    rows = [
        torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten().clone()
        for p in model.parameters()
    ]
    return torch.cat(rows)


def _own_gradient(case: Case, recorded: _Recorded, squashed: bool) -> Tensor:
    model = copied(case.model)
    for module, theirs in zip(model.modules(), recorded.model.modules(), strict=True):
        module.training = theirs.training  # as the step left it
    images, labels = batch(case, 0)
    seeded()
    logits = model(images)
    loss = F.cross_entropy(logits.softmax(1) if squashed else logits, labels)
    loss.backward()  # type: ignore[no-untyped-call]
    return gradient(model)


def _gap(a: Tensor, b: Tensor) -> float:
    """Return the distance of two gradients, as a share of the second's length."""
    return float((a - b).norm() / b.norm().clamp_min(1e-12))


def _turned(a: Tensor, b: Tensor) -> float:
    """Return how far two gradients point apart, whatever their lengths."""
    return _gap(F.normalize(a, dim=0), F.normalize(b, dim=0))
