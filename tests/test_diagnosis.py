"""`diagnose`: every silent mistake is seen, and a healthy network has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, AdamW
from torch.utils.data import DataLoader, TensorDataset

from course_utils.diagnosis import diagnose
from course_utils.diagnosis.network import dead_shares
from course_utils.training import fit
from tests.training_toys import (
    Ending,
    PlainCNN,
    good_evaluation,
    good_step,
    in_batches,
    shuffled_loader,
    stripes,
    tiny_cnn,
)

IMAGES, LABELS = stripes(1000)
TRAIN = in_batches(IMAGES, LABELS)
VAL = in_batches(*stripes(300, seed=1))


def _names(model: nn.Module, loader: Any = TRAIN, **options: Any) -> tuple[str, ...]:
    return diagnose(model, loader, **options).names


# --- healthy networks


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda p: SGD(p, lr=1e-3, momentum=0.9),
        lambda p: SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4),
        lambda p: AdamW(p, lr=1e-3),
    ],
)
@pytest.mark.parametrize("make", [lambda s: tiny_cnn(s, dropout=0.3), PlainCNN])
def test_healthy_network_has_nothing(
    make: Callable[[int], nn.Module], make_optimizer: Any, seed: int
) -> None:
    model = make(seed)
    images, labels = stripes(640, seed=10 + seed)
    data = TensorDataset(images, labels)
    found = diagnose(
        model,
        DataLoader(data, batch_size=32, shuffle=True),
        val_loader=in_batches(*stripes(300, seed=50 + seed)),
        optimizer=make_optimizer(model.parameters()),
        training_step=good_step,
        evaluate_function=good_evaluation,
    )
    assert found.names == (), found
    assert found.healthy
    allowed = set() if len(found.clear) == 21 else {"evaluated in evaluation mode"}
    assert {name for name, _ in found.skipped} == allowed


@pytest.mark.parametrize("seed", range(3))
def test_healthy_trained_network_has_nothing(seed: int) -> None:
    model = tiny_cnn(seed, dropout=0.2)
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
    torch.manual_seed(seed)
    loader = shuffled_loader(640)
    fit(model, loader, VAL, epochs=3, optimizer=optimizer, quiet=True)
    assert _names(model, loader, val_loader=VAL, optimizer=optimizer) == ()


def test_feature_extraction_has_nothing() -> None:
    model = tiny_cnn()
    model.requires_grad_(False)
    model[6] = nn.Linear(128, 4)
    assert _names(model, optimizer=SGD(model.parameters(), lr=0.1)) == ()


def test_label_smoothing_is_no_softmax() -> None:
    loss = nn.CrossEntropyLoss(label_smoothing=0.2)
    assert _names(tiny_cnn(), loss_function=loss) == ()


def test_log_softmax_with_its_own_loss_has_nothing() -> None:
    model = Ending(lambda z: z.log_softmax(1))
    assert _names(model, loss_function=F.nll_loss) == ()


def test_zeroing_after_the_step_is_zeroing_too() -> None:
    def step(model: Any, images: Tensor, labels: Tensor, optimizer: Any) -> None:
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        optimizer.zero_grad()

    model = tiny_cnn()
    optimizer = SGD(model.parameters(), lr=0.1)
    assert _names(model, optimizer=optimizer, training_step=step) == ()


# --- the data


@pytest.mark.parametrize(
    "change",
    [
        lambda x: (x - x.min()) / (x.max() - x.min()) * 255,
        lambda x: x + 10,
        lambda x: (x / 6 + 0.5 - 120) / 60,  # statistics of 0 to 255 on 0 to 1
    ],
)
def test_input_not_normalised(change: Callable[[Tensor], Tensor]) -> None:
    found = diagnose(tiny_cnn(), in_batches(change(IMAGES), LABELS))
    assert "Input not normalised" in found.names
    assert "channel 0 has mean" in repr(found)


def test_pixels_from_0_to_1_are_near_enough() -> None:
    scaled = (IMAGES / 3 + 0.5).clamp(0, 1)
    assert _names(tiny_cnn(), in_batches(scaled, LABELS)) == ()


def test_images_that_are_not_finite() -> None:
    broken = IMAGES.clone()
    broken[5, 0, 0, 0] = torch.nan
    found = diagnose(tiny_cnn(), in_batches(broken, LABELS))
    assert found.names[0] == "Images that are not finite"
    assert "1 of 1,000 images" in found.findings[0].measured


def test_validation_images_scaled_differently() -> None:
    images, labels = stripes(300, seed=1)
    val = in_batches(images * 60 + 120, labels)
    assert "Validation images scaled differently" in _names(tiny_cnn(), val_loader=val)


@pytest.mark.parametrize("exactly", [True, False])
@pytest.mark.parametrize("mirrored", [True, False])
def test_validation_images_in_training(exactly: bool, mirrored: bool) -> None:
    images, labels = stripes(300, seed=1)
    images[7:37] = IMAGES[100:130]
    labels[7:37] = LABELS[100:130]
    if mirrored:
        images = images.flip(-1)
    if not exactly:
        images = images + 0.02 * torch.randn(images.shape)
    found = diagnose(tiny_cnn(), TRAIN, val_loader=in_batches(images, labels))
    assert "Validation images in training" in found.names
    counts = "30 exactly, 0 nearly" if exactly else "0 exactly, 30 nearly"
    assert "300 validation images, 30 are among the 1,000" in repr(found)
    assert counts in repr(found)


def test_training_images_not_shuffled() -> None:
    order = LABELS.argsort()
    names = _names(tiny_cnn(), in_batches(IMAGES[order], LABELS[order]))
    assert names[0] == "Training images not shuffled"


@pytest.mark.parametrize("seed", range(3))
def test_labels_shuffled(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    images, labels = stripes(4000, seed)
    order = torch.randperm(4000, generator=generator)
    found = diagnose(tiny_cnn(seed), in_batches(images, labels[order]))
    assert found.names == ("Labels do not belong to the images",)


def test_too_few_images_for_a_verdict_on_labels() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(64, 3, 8, 8, generator=generator)
    labels = torch.randint(4, (64,), generator=generator)
    found = diagnose(tiny_cnn(), in_batches(images, labels))
    assert found.names == ()
    assert "labels belong to the images" in dict(found.skipped)


def test_validation_labels_with_other_numbers() -> None:
    images, labels = stripes(300, seed=1)
    val = in_batches(images, (labels + 1) % 4)
    names = _names(tiny_cnn(), val_loader=val)
    assert names == ("Validation labels do not belong to the images",)


# --- the network


def test_softmax_in_the_model() -> None:
    found = diagnose(Ending(lambda z: z.softmax(1)), TRAIN)
    assert found.names == ("Softmax before cross-entropy",)
    assert "each row sums to 1.000" in found.findings[0].measured
    assert "above 0.74" in found.findings[0].why  # log(e + 3) - 1


@pytest.mark.parametrize("end", [torch.sigmoid, torch.relu])
def test_activation_after_the_last_layer(end: Callable[[Tensor], Tensor]) -> None:
    assert _names(Ending(end)) == ("Activation after the last layer",)


def test_softmax_in_the_loss() -> None:
    def squashed(logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits.softmax(1), labels)

    names = _names(tiny_cnn(), loss_function=squashed)
    assert names == ("Softmax before cross-entropy",)


def test_logits_for_a_loss_of_log_probabilities() -> None:
    names = _names(tiny_cnn(), loss_function=nn.NLLLoss())
    assert names == ("Loss expects log-probabilities",)


def test_images_mixed() -> None:
    def mixed(z: Tensor) -> Tensor:
        return z.t().reshape(z.shape)

    assert "Images mixed with each other" in _names(Ending(mixed))


def test_dropout_that_ignores_the_mode() -> None:
    assert _names(Ending(lambda z: F.dropout(z, 0.5))) == ("Chance in evaluation mode",)


@pytest.mark.parametrize("layer", ["conv2", "fc1"])
def test_dead_relus(layer: str) -> None:
    model = PlainCNN()
    getattr(model, layer).bias.data.fill_(-50)
    found = diagnose(model, TRAIN)
    assert "Dead ReLUs" in found.names
    assert f"after {layer}: 100%" in repr(found)


def test_dead_share_counts_units_over_all_images() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, kernel_size=1), nn.ReLU(inplace=True))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([1.0, -1.0, 0.0, 1.0]).reshape(4, 1, 1, 1))
        model[0].bias.copy_(torch.tensor([0.0, 0.0, -1.0, 5.0]))
    images = torch.zeros(300, 1, 2, 2)
    images[299, 0, 1, 1] = 1.0  # one pixel of the last image wakes the first unit
    assert dead_shares(model, images) == {"after 0": 0.5}


def test_all_predictions_one_class_after_training() -> None:
    model = tiny_cnn()
    model[6].bias.data[2] = 100
    assert _names(model) == ("All predictions are one class",)


def test_layers_in_a_plain_list() -> None:
    class Listed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [nn.Conv2d(3, 3, kernel_size=3, padding=1)]
            self.net = tiny_cnn()

        def forward(self, x: Tensor) -> Tensor:
            return self.net(self.blocks[0](x))

    assert "Layers in a plain list" in _names(Listed())
