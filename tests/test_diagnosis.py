"""`diagnose`: every silent mistake is seen, and a healthy network has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.utils.data import DataLoader, TensorDataset

from course_utils.diagnosis import diagnose
from course_utils.diagnosis.network import dead_shares
from course_utils.training import fit
from tests.training_toys import in_batches, shuffled_loader, stripes, tiny_cnn

IMAGES, LABELS = stripes(1000)
TRAIN = in_batches(IMAGES, LABELS)
VAL = in_batches(*stripes(300, seed=1))


def good_step(
    model: nn.Module, images: Tensor, labels: Tensor, optimizer: Optimizer
) -> None:
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


def good_evaluation(model: nn.Module, loader: Any) -> float:
    model.eval()
    right = sum(int((model(i).argmax(1) == t).sum()) for i, t in loader)
    return right / sum(len(t) for _, t in loader)


class PlainCNN(nn.Module):
    """The lecture's kind of network: no normalisation, ReLU as a function."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.conv1 = nn.Conv2d(3, 6, kernel_size=3, padding=1)
            self.conv2 = nn.Conv2d(6, 6, kernel_size=3, padding=1)
            self.fc1 = nn.Linear(24, 60)
            self.fc2 = nn.Linear(60, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc2(self.fc1(x.flatten(start_dim=1)).relu())


class Ending(nn.Module):
    """A network with something after its last layer."""

    def __init__(self, end: Callable[[Tensor], Tensor], dropout: float = 0.0) -> None:
        super().__init__()
        self.net = tiny_cnn(dropout=dropout)
        self.end = end

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self.net(x))


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
    scaled = (IMAGES / 8 + 0.5).clamp(0, 1)
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


@pytest.mark.parametrize("count", [64, 300])
def test_too_few_images_for_a_verdict_on_labels(count: int) -> None:
    images, labels = torch.randn(count, 3, 8, 8), torch.randint(4, (count,))
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


# --- the optimizer


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


# --- the reader's own functions


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
