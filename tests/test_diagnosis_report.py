"""`diagnose`: everything is left as it was; the report reads well; it is fast."""

from __future__ import annotations

import copy
import random
import time
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, AdamW
from torch.utils.data import DataLoader, TensorDataset

from course_utils.diagnosis import diagnose
from course_utils.training import train_epoch
from tests.training_toys import in_batches, shuffled_loader, stripes, tiny_cnn

IMAGES, LABELS = stripes(200)


def _bad_step(
    outer: nn.Module, outer_optimizer: Any, model: Any, images: Tensor, labels: Tensor
) -> None:
    """A step that changes the original model and all random numbers."""
    F.cross_entropy(outer(images), labels).backward()
    outer_optimizer.step()
    random.random()
    np.random.rand()
    torch.rand(3)


@pytest.mark.parametrize("make", [SGD, AdamW])
@pytest.mark.parametrize("tame", [True, False])
def test_model_optimizer_and_random_numbers_stay_as_they_were(
    make: Any, tame: bool
) -> None:
    model = tiny_cnn(dropout=0.3)
    optimizer = make(model.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(3)
    data = TensorDataset(IMAGES, LABELS)
    loader = DataLoader(data, batch_size=32, shuffle=True, generator=generator)
    train_epoch(model, loader, optimizer)
    model[1].eval()

    def step(inner: Any, images: Tensor, labels: Tensor, own: Any) -> None:
        if not tame:
            return _bad_step(model, optimizer, inner, images, labels)
        own.zero_grad()
        F.cross_entropy(inner(images), labels).backward()
        return own.step()

    def state() -> Any:
        return copy.deepcopy(
            {
                "weights": model.state_dict(),
                "gradients": [p.grad for p in model.parameters()],
                "modes": [module.training for module in model.modules()],
                "optimizer": optimizer.state_dict(),
                "random": [torch.get_rng_state(), generator.get_state()],
                "python": random.getstate(),
                "numpy": torch.from_numpy(np.random.get_state()[1].astype(np.int64)),
                "hooks": [len(m._forward_hooks) for m in model.modules()],
            }
        )

    before = state()
    diagnose(
        model,
        loader,
        val_loader=loader,
        optimizer=optimizer,
        training_step=step,
        evaluate_function=lambda m, batches: [m(i) for i, _ in batches],
    )
    torch.testing.assert_close(_flat(state()), _flat(before), rtol=0, atol=0)


def _flat(state: Any) -> list[Any]:
    if isinstance(state, dict):
        return [leaf for key in state for leaf in _flat(state[key])]
    if isinstance(state, list | tuple):
        return [leaf for value in state for leaf in _flat(value)]
    return [state if isinstance(state, Tensor) else hash(state)]


def test_training_after_a_diagnosis_is_the_same_as_without() -> None:
    def run(look: bool) -> nn.Module:
        torch.manual_seed(0)
        model, loader = tiny_cnn(dropout=0.3), shuffled_loader()
        optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
        train_epoch(model, loader, optimizer)
        if look:
            diagnose(model, loader, val_loader=loader, optimizer=optimizer)
        train_epoch(model, loader, optimizer)
        return model

    assert torch.equal(run(True)[6].weight, run(False)[6].weight)


def test_report_is_the_same_when_repeated() -> None:
    loader = in_batches(IMAGES * 300, LABELS)
    first, second = (repr(diagnose(tiny_cnn(), loader)) for _ in range(2))
    assert first == second


def test_report_says_measured_why_and_what_to_write() -> None:
    model = nn.Sequential(tiny_cnn(), nn.Softmax(dim=1))
    shown = repr(diagnose(model, in_batches(IMAGES, LABELS)))
    assert shown.startswith(
        "Diagnosis of Sequential on 200 training images: 1 mistake found."
    )
    assert "✗ Softmax before cross-entropy\n  Measured: every output" in shown
    assert "  Why it matters: " in shown
    assert "  What to write: return the last layer's output" in shown
    assert "✓ In order: input normalised" in shown
    assert "gradients zeroed: pass training_step and optimizer" in shown


def test_html_is_well_formed_with_headers_and_words() -> None:
    model = nn.Sequential(tiny_cnn(), nn.Softmax(dim=1))
    html = diagnose(model, in_batches(IMAGES * 300, LABELS))._repr_html_()
    root = ET.fromstring(html)
    table = root.find("table")
    assert table is not None
    assert table.find("caption") is not None
    assert {th.get("scope") for th in table.iter("th")} == {"col", "row"}
    assert "".join(root.itertext()).startswith("Diagnosis of Sequential")
    assert [code.text for code in root.iter("code")].count("logits.softmax(dim=1)") == 1


def test_html_without_a_finding_has_no_table() -> None:
    html = diagnose(tiny_cnn(), in_batches(IMAGES, LABELS))._repr_html_()
    assert "<table" not in html
    assert "nothing found" in html


def test_loud_mistakes_raise_the_same_sentence_as_training() -> None:
    loader = in_batches(IMAGES[:, :, :7, :7], LABELS)
    with pytest.raises(ValueError, match="in_features must be 72"):
        diagnose(tiny_cnn(), loader)
    with pytest.raises(TypeError, match="uint8"):
        diagnose(tiny_cnn(), in_batches(IMAGES.to(torch.uint8), LABELS))


def test_model_that_keeps_an_output_can_be_diagnosed() -> None:
    class Keeping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = tiny_cnn()

        def forward(self, x: Tensor) -> Tensor:
            self.kept = self.net(x)
            return self.kept

    model = Keeping()
    model(IMAGES[:4])
    optimizer = SGD(model.parameters(), lr=0.1)
    found = diagnose(model, in_batches(IMAGES, LABELS), optimizer=optimizer)
    assert found.names == ()


def test_lesson_sized_network_takes_little_time() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(4096, 3, 32, 32, generator=generator)
    labels = torch.randint(10, (4096,), generator=generator)
    model = nn.Sequential(
        nn.Conv2d(3, 6, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(kernel_size=2),
        nn.Conv2d(6, 6, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(kernel_size=2),
        nn.Flatten(),
        nn.Linear(384, 120),
        nn.ReLU(),
        nn.Linear(120, 10),
    )
    loader = in_batches(images, labels, size=64)
    optimizer = SGD(model.parameters(), lr=0.01)
    start = time.process_time()  # of this process alone, however busy the machine is
    diagnose(model, loader, val_loader=loader, optimizer=optimizer)
    assert time.process_time() - start < 5
