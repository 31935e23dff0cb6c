"""`train_epoch`, `evaluate`, `set_seed` and the counting: the right numbers."""

from __future__ import annotations

import random
from math import log

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from course_utils.training import (
    accuracy_interval,
    confusion_matrix,
    evaluate,
    per_class_accuracy,
    set_seed,
    train_epoch,
)
from tests.training_toys import in_batches, shuffled_loader, stripes, tiny_cnn


def test_training_loss_weighs_every_image_the_same() -> None:
    images, labels = stripes(10)
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 4))
    batches = in_batches(images, labels, size=8)
    still = SGD(model.parameters(), lr=0.0)
    loss = train_epoch(model, batches, still)
    assert loss == pytest.approx(F.cross_entropy(model(images), labels).item())
    means = [F.cross_entropy(model(i), t).item() for i, t in batches]
    assert loss != pytest.approx(sum(means) / 2, abs=1e-4)


def test_epoch_takes_the_four_steps_of_the_lesson() -> None:
    images, labels = stripes(40)
    ours, theirs = tiny_cnn(), tiny_cnn()
    train_epoch(ours, in_batches(images, labels), SGD(ours.parameters(), lr=0.1))
    optimizer = SGD(theirs.parameters(), lr=0.1)
    for batch, classes in in_batches(images, labels):
        optimizer.zero_grad()
        F.cross_entropy(theirs(batch), classes).backward()
        optimizer.step()
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value), name


def test_epoch_draws_the_random_numbers_of_a_plain_loop() -> None:
    ours, theirs = tiny_cnn(), tiny_cnn()
    torch.manual_seed(0)
    train_epoch(ours, shuffled_loader(), SGD(ours.parameters(), lr=0.1))
    torch.manual_seed(0)
    optimizer = SGD(theirs.parameters(), lr=0.1)
    for batch, classes in shuffled_loader():
        optimizer.zero_grad()
        F.cross_entropy(theirs(batch), classes).backward()
        optimizer.step()
    assert torch.equal(ours[6].weight, theirs[6].weight)


def test_scheduler_is_stepped_after_every_batch() -> None:
    model = tiny_cnn()
    optimizer = SGD(model.parameters(), lr=1.0)
    halved = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    train_epoch(model, in_batches(*stripes(96)), optimizer, scheduler=halved)
    assert optimizer.param_groups[0]["lr"] == 0.125


def test_scheduler_that_needs_a_loss_is_refused() -> None:
    model = tiny_cnn()
    optimizer = SGD(model.parameters(), lr=1.0)
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer)
    with pytest.raises(TypeError, match="OneCycleLR"):
        train_epoch(model, in_batches(*stripes(9)), optimizer, scheduler=plateau)


def test_training_puts_the_model_into_training_mode() -> None:
    model = tiny_cnn().eval()
    train_epoch(model, in_batches(*stripes(9)), SGD(model.parameters(), lr=0.1))
    assert all(module.training for module in model.modules())


def test_evaluation_counts_a_smaller_last_batch() -> None:
    images, labels = stripes(37)
    loader = DataLoader(TensorDataset(images, labels), batch_size=8)
    model = tiny_cnn()
    found = evaluate(model, loader)
    logits = model.eval()(images).detach()
    assert torch.equal(found.labels, labels)
    assert torch.allclose(found.logits, logits, atol=1e-5)
    assert found.loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)
    assert found.correct == int((logits.argmax(1) == labels).sum())
    assert found.accuracy == found.correct / 37
    assert torch.allclose(found.probabilities.sum(1), torch.ones(37))


def test_evaluation_gives_each_layer_its_mode_back() -> None:
    model = tiny_cnn().train()
    model[1].eval()  # a batch normalisation frozen on purpose
    before = [module.training for module in model.modules()]
    evaluate(model, in_batches(*stripes(9)))
    assert [module.training for module in model.modules()] == before


def test_evaluation_changes_neither_weights_nor_statistics() -> None:
    model = tiny_cnn(dropout=0.5).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = evaluate(model, in_batches(*stripes(33)))
    second = evaluate(model, in_batches(*stripes(33)))
    assert torch.equal(first.logits, second.logits)
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


def test_mode_comes_back_when_evaluation_fails() -> None:
    model = tiny_cnn().train()
    with pytest.raises(ValueError, match="in_channels"):
        evaluate(model, [(torch.zeros(2, 1, 8, 8), torch.zeros(2).long())])
    assert model.training


def test_logits_may_be_used_with_gradients_afterwards() -> None:
    logits = evaluate(tiny_cnn(), in_batches(*stripes(9))).logits
    scale = torch.ones(1, requires_grad=True)
    (logits * scale).sum().backward()
    assert scale.grad is not None


def test_evaluation_reads_well() -> None:
    shown = repr(evaluate(tiny_cnn(), in_batches(*stripes(1200))))
    assert shown.startswith("1,200 images: loss ")
    assert "% interval" in shown


def _counted(labels: Tensor, predictions: Tensor, classes: int) -> list[list[int]]:
    table = [[0] * classes for _ in range(classes)]
    for label, prediction in zip(labels.tolist(), predictions.tolist(), strict=True):
        table[label][prediction] += 1
    return table


@pytest.mark.parametrize("classes", [1, 2, 7])
def test_confusion_matrix_is_a_plain_count(classes: int) -> None:
    generator = torch.Generator().manual_seed(classes)
    labels, predictions = torch.randint(classes, (2, 200), generator=generator)
    found = confusion_matrix(labels, predictions, classes)
    assert found.tolist() == _counted(labels, predictions, classes)


def test_rows_of_the_confusion_matrix_are_true_classes() -> None:
    found = confusion_matrix(torch.tensor([0, 0]), torch.tensor([2, 2]), 3)
    assert found[0, 2] == 2
    assert found.sum() == 2


@pytest.mark.parametrize(
    ("labels", "predictions", "says"),
    [
        (torch.tensor([0, 3]), torch.tensor([0, 1]), "labels run from 0 to 3"),
        (torch.tensor([0, 1]), torch.tensor([0, -1]), "predictions run from -1"),
        (torch.tensor([0, 1]), torch.zeros(2, 3), r"logits\.argmax\(dim=1\)"),
        (torch.tensor([0, 1]), torch.tensor([0]), r"both must be \(N,\)"),
    ],
)
def test_confusion_matrix_refuses(
    labels: Tensor, predictions: Tensor, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        confusion_matrix(labels, predictions, 3)


def test_confusion_matrix_refuses_probabilities() -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        confusion_matrix(torch.tensor([0, 1]), torch.tensor([0.5, 0.2]), 3)


def test_per_class_accuracy_divides_by_the_true_class() -> None:
    confusion = torch.tensor([[8, 2, 0], [0, 5, 5], [0, 0, 0]])
    found = per_class_accuracy(confusion)
    assert found[:2].tolist() == [0.8, 0.5]
    assert found[2].isnan()


def test_accuracy_interval_is_wilsons() -> None:
    low, high = accuracy_interval(9, 10)
    # the roots of (share - p)^2 = z^2 p (1 - p) / n
    for p in (low, high):
        assert (0.9 - p) ** 2 == pytest.approx(1.959964**2 * p * (1 - p) / 10, rel=1e-5)
    assert accuracy_interval(10, 10)[1] == 1.0
    assert accuracy_interval(0, 10)[0] == pytest.approx(0.0)


def test_accuracy_interval_holds_the_truth_as_often_as_it_says() -> None:
    draws = np.random.default_rng(0).binomial(400, 0.7, size=2000)
    intervals = [accuracy_interval(int(correct), 400) for correct in draws]
    held = np.mean([low <= 0.7 <= high for low, high in intervals])
    assert 0.93 < held < 0.97


@pytest.mark.parametrize(("correct", "total"), [(0, 0), (5, 4), (-1, 4)])
def test_accuracy_interval_refuses_impossible_counts(correct: int, total: int) -> None:
    with pytest.raises(ValueError, match="counts"):
        accuracy_interval(correct, total)


def test_seed_starts_all_random_numbers() -> None:
    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    set_seed(3)
    first = draw()
    assert draw() != first
    set_seed(3)
    assert draw() == first


def test_seed_sets_the_threads_only_when_asked() -> None:
    before = torch.get_num_threads()
    try:
        set_seed(0, threads=1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    set_seed(0)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match=f"seed is {seed}"):
        set_seed(seed)


def test_seed_that_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match="whole number"):
        set_seed(0.5)  # type: ignore[arg-type]


def test_untrained_loss_is_near_that_of_guessing() -> None:
    found = evaluate(tiny_cnn(), in_batches(*stripes(200)))
    assert found.loss == pytest.approx(log(4), rel=0.3)
