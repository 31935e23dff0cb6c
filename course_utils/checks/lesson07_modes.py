"""Exercise 7.5: a body that stands still while the head is in training mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake


class _Model(nn.Module):
    """A body with nested batch norm and dropout, and a head with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 4, kernel_size=3, padding=1),
            nn.BatchNorm2d(4),
            nn.Sequential(nn.Conv2d(4, 4, kernel_size=1), nn.BatchNorm2d(4)),
            nn.Dropout2d(0.2),
        )
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(4, 2))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        logits: Tensor = self.head(self.body(x).mean(dim=(2, 3)))
        return logits


Set = Callable[[_Model], None]


def _modes(answer: Set, in_training: bool) -> dict[str, Any]:
    """Say which layers are in training mode, and whether statistics move."""
    torch.manual_seed(0)
    model = _Model().train(in_training)
    model.body.requires_grad_(False)
    answer(model)
    # before the pass below: these are the student's doing
    trained = sorted(n for n, p in model.named_parameters() if p.requires_grad)
    modes = {n: m.training for n, m in model.named_modules() if n}
    means = [b.clone() for n, b in model.named_buffers() if n.endswith("mean")]
    model(torch.randn(8, 3, 4, 4))
    after = [b for n, b in model.named_buffers() if n.endswith("mean")]
    moved = sum(not torch.equal(a, b) for a, b in zip(means, after, strict=True))
    return {
        "batch norms whose running mean moves": moved,
        "in training mode": sorted(name for name, mode in modes.items() if mode),
        "parameters that train": trained,
    }


def _right(model: _Model) -> None:
    model.train()
    model.body.eval()


def _flag_only(model: _Model) -> None:
    model.train()
    model.body.training = False


def _outer_norms(model: _Model) -> None:
    model.train()
    for layer in model.body.children():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()


def _all_norms(model: _Model) -> None:
    model.train()
    for layer in model.body.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()


def _inverted(model: _Model) -> None:
    model.train()
    model.head.eval()


def _unfrozen(model: _Model) -> None:
    _right(model)
    model.requires_grad_(True)


def _all_in_training(model: _Model) -> None:
    model.train()


def _all_in_evaluation(model: _Model) -> None:
    model.eval()


def _body_only(model: _Model) -> None:
    model.body.eval()


check_training_mode = Exercise(
    title="7.5 · The body stands still",
    reference=_right,
    use=_modes,
    cases=(
        Case("a model that comes in training mode", (True,)),
        Case("a model that comes from an evaluation", (False,)),
    ),
    mistakes=(
        Mistake(
            "all_in_training",
            _all_in_training,
            "The whole model is in training mode, so the body's batch norms follow "
            "each batch, frozen or not. `model.train()` reaches every layer within: "
            "put the body back into evaluation mode *afterwards*.",
        ),
        Mistake(
            "all_in_evaluation",
            _all_in_evaluation,
            "The head is in evaluation mode too, and its dropout does nothing. Only "
            "the body should stand still.",
        ),
        Mistake(
            "head_as_it_came",
            _body_only,
            "The body is right, but a model that comes from an evaluation still has "
            "its head in evaluation mode: call `model.train()` first.",
        ),
        Mistake(
            "flag_only",
            _flag_only,
            "You set `training` of the outermost module only. The batch norms lie "
            "within and keep their own flag; `eval()` goes down to all of them.",
        ),
        Mistake(
            "outer_norms_only",
            _outer_norms,
            "You went through the body's `children()`, its outermost layers. A batch "
            "norm within a block was missed, and its statistics move: `eval()` on the "
            "whole body, or `modules()`.",
        ),
        Mistake(
            "norms_only",
            _all_norms,
            "No statistics move any more, but the body's dropout is at work, so a "
            "picture has other features each time. Put the whole body into evaluation "
            "mode.",
        ),
        Mistake(
            "inverted",
            _inverted,
            "It is the wrong way round: the head stands still and the body is in "
            "training mode.",
        ),
        Mistake(
            "unfrozen",
            _unfrozen,
            "The modes are right, but the body's parameters train now. `eval()` and "
            "`requires_grad` are two things: leave the second as it is.",
        ),
    ),
    praise="First the whole model into training mode, then the body back out of it; "
    "and again after every evaluation.",
)
