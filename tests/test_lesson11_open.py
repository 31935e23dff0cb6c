"""The lab is open: its checks accept other right answers than the worked one."""

import math
from collections.abc import Callable, Iterable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from course_utils.checks import lesson11 as checks
from course_utils.checks.result import Verdict
from course_utils.datasets import cutout
from course_utils.networks import LabCNN, LectureCNN

# models


class _Residual(nn.Module):
    """A block that starts as the identity: its last scale is zero."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, kernel_size=3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.conv(x))


def residual() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, kernel_size=4, stride=4),
        _Residual(),
        nn.GELU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(8, 10),
    )


def starting_at_zero() -> nn.Module:
    model = residual()
    for parameter in model[-1].parameters():
        nn.init.zeros_(parameter)
    return model


def without_convolution() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(3072, 32), nn.ReLU(), nn.Linear(32, 10)
    )


@pytest.mark.parametrize(
    "build", [LectureCNN, LabCNN, residual, starting_at_zero, without_convolution]
)
def test_other_networks_pass(build: Callable[[], nn.Module]) -> None:
    assert checks.check_build_model(build).verdict is Verdict.PASS


def test_large_network_is_refused_whatever_it_is() -> None:
    result = checks.check_build_model(
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 400), nn.Linear(400, 10))
    )
    assert result.verdict is Verdict.FAIL
    assert "at most 1,000,000" in result.message


# training


def with_autograd_grad(
    model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], optimizer: Optimizer
) -> float:
    """Gradients without `backward`, smoothed labels, and a limit to their length."""
    model.train()
    losses = []
    for images, labels in batches:
        logits = model(images)
        loss = F.cross_entropy(logits, labels, label_smoothing=0.1)
        parameters = list(model.parameters())
        gradients = torch.autograd.grad(loss, parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses += F.cross_entropy(logits, labels, reduction="none").tolist()
    return sum(losses) / len(losses)


def with_model_zero_grad(
    model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], optimizer: Optimizer
) -> float:
    model.train()
    model.zero_grad(set_to_none=False)
    total, count = torch.zeros(()), 0
    for images, labels in batches:
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        model.zero_grad(set_to_none=False)
        total += loss.detach() * len(images)
        count += len(images)
    return total.item() / count


@pytest.mark.parametrize("train_epoch", [with_autograd_grad, with_model_zero_grad])
def test_other_epochs_pass(train_epoch: Callable[..., float]) -> None:
    result = checks.check_train_epoch(train_epoch)
    assert result.verdict is Verdict.PASS, result


def test_epoch_without_return_is_explained() -> None:
    def silent(model: nn.Module, batches: Iterable[object], _: Optimizer) -> None:
        with_model_zero_grad(model, batches, _)  # type: ignore[arg-type]

    result = checks.check_train_epoch(silent)
    assert result.verdict is Verdict.FAIL
    assert "NoneType" in result.message


# augmentation


def crop_by_roll(images: Tensor) -> Tensor:
    moved = []
    for image in images:
        row, column = torch.randint(-3, 4, (2,)).tolist()
        moved.append(F.pad(image, (column, -column, row, -row)))
    return torch.stack(moved)


def flip_only(images: Tensor) -> Tensor:
    turned = torch.rand(len(images)) < 0.5
    copy = images.clone()
    copy[turned] = copy[turned].flip(3)
    return copy


def cutout_only(images: Tensor) -> Tensor:
    return cutout(images, torch.randint(0, 32, (len(images), 2)), size=8)


@pytest.mark.parametrize("augment", [crop_by_roll, flip_only, cutout_only])
def test_other_augmentations_pass(augment: Callable[[Tensor], Tensor]) -> None:
    result = checks.check_augment(augment)
    assert result.verdict is Verdict.PASS, result


# schedule


def cosine(progress: float) -> float:
    if progress < 0.1:
        return progress / 0.1
    return 0.5 * (1 + math.cos(math.pi * (progress - 0.1) / 0.9))


def trapezoid(progress: float) -> float:
    return min(1.0, progress / 0.2, (1 - progress) / 0.5)


@pytest.mark.parametrize("schedule", [cosine, trapezoid])
def test_other_schedules_pass(schedule: Callable[[float], float]) -> None:

    result = checks.check_schedule(schedule)
    assert result.verdict is Verdict.PASS, result
