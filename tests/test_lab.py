"""Training within a budget: it ends in time, keeps the best, survives interruption."""

import itertools
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from course_utils.budget import FULL_EPOCHS, Budget
from course_utils.lab import Batches, LabRun, train_within

ONE_EPOCH = Budget("one epoch", epochs=1)
THREE_EPOCHS = Budget("three epochs", epochs=3)


@pytest.fixture
def batches() -> Batches:
    images = torch.arange(10.0).reshape(10, 1, 1, 1)
    return Batches(images, torch.arange(10) % 2, 4)


def run(budget: Budget, batches: Batches, **changed: Any) -> tuple[LabRun, nn.Module]:
    """Train a single weight that counts its epochs; it is judged by ``accuracies``."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)

    def train_epoch(model: nn.Module, batches: Iterable[Any], _: SGD) -> float:
        assert list(batches)
        with torch.no_grad():
            model.weight += 1
        return 0.5

    arguments: dict[str, Any] = {
        "train_epoch": train_epoch,
        "evaluate": judged(0.1, 0.2, 0.3),
        "quiet": True,
    }
    optimizer = SGD(model.parameters(), lr=0.1)
    found = train_within(
        budget, model, batches, batches, optimizer, **arguments | changed
    )
    return found, model


def work(seconds: float) -> None:
    """Keep the processor busy; sleeping would not count."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def judged(*accuracies: float) -> Callable[..., tuple[float, Tensor]]:
    values = itertools.chain(accuracies, itertools.repeat(0.0))
    return lambda *_: (next(values), torch.zeros(2, 2))


# budgets


@pytest.mark.parametrize("text", ["60 s", "60s", "60.0 s", " 60 s "])
def test_seconds_are_read(text: str) -> None:
    assert Budget.of(text) == Budget("60 s", seconds=60.0)


def test_full_is_a_number_of_epochs() -> None:
    assert Budget.of("full") == Budget("full", epochs=FULL_EPOCHS)


@pytest.mark.parametrize("text", ["", "60", "0 s", "-3 s", "1 min", "Full", 60, None])
def test_other_budgets_are_refused_by_name(text: Any) -> None:
    with pytest.raises(ValueError, match="write a time such as '60 s'"):
        Budget.of(text)


# batches


def test_every_image_comes_once_with_its_label(batches: Batches) -> None:
    sizes = [len(labels) for _, labels in batches]
    assert sizes == [4, 4, 2]
    assert len(batches) == 3
    for shuffle in (False, True):
        batches.shuffle = shuffle
        pairs = [p for x, y in batches for p in zip(x.flatten(), y, strict=True)]
        assert sorted(int(image) for image, _ in pairs) == list(range(10))
        assert all(int(image) % 2 == int(label) for image, label in pairs)


def test_only_shuffled_batches_change_their_order(batches: Batches) -> None:
    def order() -> list[float]:
        return torch.cat([images.flatten() for images, _ in batches]).tolist()

    assert order() == order() == list(range(10))
    batches.shuffle = True
    assert len({tuple(order()) for _ in range(5)}) > 1


def test_augmentation_sees_each_batch_and_leaves_the_images_alone() -> None:
    images = torch.ones(3, 1, 2, 2)
    varied = Batches(images, torch.zeros(3).long(), 2, augment=lambda batch: -batch)
    assert all((batch == -1).all() for batch, _ in varied)
    assert (images == 1).all()


@pytest.mark.parametrize(
    ("images", "labels", "size"), [(3, 2, 1), (0, 0, 1), (2, 2, 0)]
)
def test_batches_that_make_no_sense_are_refused(
    images: int, labels: int, size: int
) -> None:
    with pytest.raises(ValueError, match="one label an image"):
        Batches(torch.zeros(images, 1, 1, 1), torch.zeros(labels).long(), size)


# the run


def test_full_budget_counts_epochs(batches: Batches) -> None:
    found, _ = run(THREE_EPOCHS, batches)
    assert [epoch.epoch for epoch in found.epochs] == [1, 2, 3]
    assert not found.interrupted
    assert repr(found).startswith("3 epochs in 0.0 s of three epochs; best")


def test_time_budget_ends_within_an_epoch(batches: Batches) -> None:
    seen = []

    def slow(_: nn.Module, batches: Iterable[Any], __: SGD) -> float:
        for images, _labels in batches:
            seen.append(len(images))
            work(0.05)
        return 0.5

    found, _ = run(Budget.of("0.12 s"), batches, train_epoch=slow, patience=100)
    assert 0.12 <= found.seconds < 0.25
    assert seen == [4, 4, 2]


def test_clock_stands_still_while_others_work_but_not_for_ever(
    batches: Batches,
) -> None:
    def waiting(_: nn.Module, batches: Iterable[Any], __: SGD) -> float:
        for _batch in batches:
            time.sleep(0.05)
        return 0.5

    start = time.perf_counter()
    found, _ = run(Budget.of("0.2 s"), batches, train_epoch=waiting, patience=3)
    assert time.perf_counter() - start > 0.6
    assert found.seconds < 0.2
    assert len(found.epochs) > 1


def test_epoch_always_gets_a_batch(batches: Batches) -> None:
    found, _ = run(Budget.of("0.000001 s"), batches)  # train_epoch asserts it
    assert len(found.epochs) <= 1


def test_best_weights_are_given_back(batches: Batches) -> None:
    found, model = run(THREE_EPOCHS, batches, evaluate=judged(0.2, 0.9, 0.4))
    assert found.best is found.epochs[1]
    assert model.weight.item() == 2


def test_interruption_keeps_the_best_so_far(
    batches: Batches, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = iter([0.7, 0.6])

    def evaluate(*_: Any) -> tuple[float, Tensor]:
        try:
            return next(outcomes), torch.zeros(2, 2)
        except StopIteration:
            raise KeyboardInterrupt from None

    found, model = run(THREE_EPOCHS, batches, evaluate=evaluate, quiet=False)
    assert found.interrupted
    assert len(found.epochs) == 2
    assert model.weight.item() == 1
    assert "Interrupted" in capsys.readouterr().out
    assert "interrupted" in repr(found)


def test_interruption_in_the_first_epoch_leaves_no_record(batches: Batches) -> None:
    def interrupted(*_: Any) -> float:
        raise KeyboardInterrupt

    found, _ = run(THREE_EPOCHS, batches, train_epoch=interrupted)
    assert found.interrupted
    assert found.best is None
    assert "no epoch" in repr(found)


def test_schedule_runs_from_start_to_end_and_rates_are_restored(
    batches: Batches,
) -> None:
    rates, shares = [], []

    def schedule(progress: float) -> float:
        shares.append(progress)
        return 1 - progress

    def train_epoch(_: nn.Module, batches: Iterable[Any], optimizer: SGD) -> float:
        for _batch in batches:
            rates.append(optimizer.param_groups[0]["lr"])
        kept.append(optimizer)
        return 0.5

    kept: list[SGD] = []
    run(THREE_EPOCHS, batches, train_epoch=train_epoch, schedule=schedule)
    assert shares == pytest.approx([n / 9 for n in range(9)])
    assert rates == pytest.approx([0.1 * (1 - n / 9) for n in range(9)])
    assert kept[0].param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_diverged_loss_names_the_learning_rate(batches: Batches, loss: float) -> None:
    with pytest.raises(FloatingPointError, match=r"peak is 0\.1; try a tenth"):
        run(ONE_EPOCH, batches, train_epoch=lambda *_: loss)


@pytest.mark.parametrize("loss", [None, torch.tensor(1.0), True])
def test_wrong_kind_of_loss_is_explained(batches: Batches, loss: Any) -> None:
    with pytest.raises(TypeError, match="train_epoch returned"):
        run(ONE_EPOCH, batches, train_epoch=lambda *_: loss)


@pytest.mark.parametrize("found", [None, 0.5, (1, 2, 3), ("0.5", None)])
def test_wrong_kind_of_evaluation_is_explained(batches: Batches, found: Any) -> None:
    with pytest.raises(TypeError, match="evaluate returned"):
        run(ONE_EPOCH, batches, evaluate=lambda *_: found)


def test_stage_that_is_missing_is_not_hidden(batches: Batches) -> None:
    def missing(*_: Any) -> float:
        raise NotImplementedError("Write the body of train_epoch.")

    with pytest.raises(NotImplementedError, match="train_epoch"):
        run(ONE_EPOCH, batches, train_epoch=missing)
