"""`diagnose`: mistakes in the optimizer, the training step and the evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from course_utils.diagnosis import diagnose
from tests.training_toys import (
    Ending,
    PlainCNN,
    good_evaluation,
    good_step,
    in_batches,
    stripes,
    tiny_cnn,
)

IMAGES, LABELS = stripes(1000)
TRAIN = in_batches(IMAGES, LABELS)
VAL = in_batches(*stripes(300, seed=1))


def _names(model: nn.Module, loader: Any = TRAIN, **options: Any) -> tuple[str, ...]:
    return diagnose(model, loader, **options).names


def test_optimizer_of_another_model() -> None:
    optimizer = SGD(tiny_cnn(1).parameters(), lr=0.1)
    found = diagnose(tiny_cnn(), TRAIN, optimizer=optimizer)
    assert found.names == ("Optimizer without the model's parameters",)
    assert "it holds 6 that are not the model's" in repr(found)


def test_optimizer_without_the_new_head() -> None:
    model = tiny_cnn()
    optimizer = SGD(model.parameters(), lr=0.1)
    model[6] = nn.Linear(128, 4)
    found = diagnose(model, TRAIN, optimizer=optimizer)
    assert found.names == ("Optimizer without the model's parameters",)
    assert "`6.weight`, `6.bias`; it holds 2" in repr(found)


@pytest.mark.parametrize("part", ["all", "head"])
def test_frozen_parameters(part: str) -> None:
    model = tiny_cnn()
    (model if part == "all" else model[6]).requires_grad_(False)
    assert _names(model, optimizer=SGD(model.parameters(), lr=0.1)) == (
        "Frozen parameters",
    )


@pytest.mark.parametrize("whole", [True, False])
def test_gradient_cut_off(whole: bool) -> None:
    class Cut(Ending):
        def forward(self, x: Tensor) -> Tensor:
            features = self.net[:6](x).detach()
            logits = self.net[6](features)
            return logits.detach() if whole else logits

    model = Cut(lambda z: z)
    optimizer = SGD(model.parameters(), lr=0.1)
    found = diagnose(model, TRAIN, optimizer=optimizer, training_step=good_step)
    assert found.names == ("Parameters without gradient",)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda p: SGD(p, lr=1e6), "Learning rate far too large"),
        (lambda p: SGD(p, lr=100, momentum=0.9), "Learning rate far too large"),
        (lambda p: Adam(p, lr=10), "Learning rate far too large"),
        (lambda p: SGD(p, lr=1e-7, momentum=0.9), "Learning rate far too small"),
        (lambda p: Adam(p, lr=1e-7), "Learning rate far too small"),
    ],
)
@pytest.mark.parametrize("network", [tiny_cnn, PlainCNN])
def test_learning_rate_far_off(
    network: Any, make: Any, expected: str, seed: int
) -> None:
    model = network(seed)
    assert _names(model, optimizer=make(model.parameters())) == (expected,)


def _step(kind: str, outer: nn.Module) -> Callable[..., None]:
    def step(model: Any, images: Tensor, labels: Tensor, optimizer: Any) -> None:
        if kind != "no zero_grad":
            optimizer.zero_grad()
        logits = (outer if kind == "other model" else model)(images)
        if kind == "softmax":
            logits = logits.softmax(dim=1)
        F.cross_entropy(logits, labels).backward()
        if kind == "clipped, no zero_grad":
            nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        if kind != "no step":
            optimizer.step()

    return step


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("right", ()),
        ("no zero_grad", ("Gradients not zeroed",)),
        ("softmax", ("Softmax before cross-entropy",)),
        ("no step", ("No optimizer step",)),
        ("other model", ("Step trains another model",)),
    ],
)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make", [SGD, AdamW])
def test_training_step(
    kind: str, expected: tuple[str, ...], seed: int, make: Any
) -> None:
    model = tiny_cnn(seed, dropout=0.3)
    optimizer = make(model.parameters(), lr=0.01)
    step = _step(kind, model)
    found = diagnose(model, TRAIN, optimizer=optimizer, training_step=step)
    assert found.names == expected


def test_forgotten_zero_grad_is_found_behind_clipping() -> None:
    def step(model: Any, images: Tensor, labels: Tensor, optimizer: Any) -> None:
        F.cross_entropy(model(images), labels).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()

    model = tiny_cnn()
    optimizer = SGD(model.parameters(), lr=0.01)
    names = _names(model, optimizer=optimizer, training_step=step)
    assert names == ("Gradients not zeroed",)


def test_step_that_raises_is_said() -> None:
    def step(model: Any, images: Tensor) -> None:
        pass

    model = tiny_cnn()
    optimizer = SGD(model.parameters(), lr=0.01)
    found = diagnose(model, TRAIN, optimizer=optimizer, training_step=step)
    assert "training_step raised TypeError" in repr(found)


def test_step_without_optimizer_is_refused() -> None:
    with pytest.raises(ValueError, match="pass optimizer=optimizer"):
        diagnose(tiny_cnn(), TRAIN, training_step=good_step)


@pytest.mark.parametrize("seed", range(3))
def test_forgotten_eval(seed: int) -> None:
    def evaluation(model: nn.Module, loader: Any) -> float:
        with torch.no_grad():
            right = [(model(i).argmax(1) == t).float().mean() for i, t in loader]
        return float(torch.stack(right).mean())

    model = tiny_cnn(seed, dropout=0.5)
    found = diagnose(model, TRAIN, val_loader=VAL, evaluate_function=evaluation)
    assert found.names == ("Evaluated in training mode",)
    assert "`1` (BatchNorm2d), `5` (Dropout)" in found.findings[0].measured


def test_evaluation_of_another_model_is_not_judged() -> None:
    model = tiny_cnn(dropout=0.5)
    found = diagnose(
        model, TRAIN, evaluate_function=lambda _, loader: good_evaluation(model, loader)
    )
    assert (
        "did not call the model" in dict(found.skipped)["evaluated in evaluation mode"]
    )
