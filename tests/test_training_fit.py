"""`fit`: what it prints, interrupted and continued."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import SGD
from torch.utils.data import DataLoader, TensorDataset

from course_utils.training import (
    History,
    evaluate,
    fit,
    load_checkpoint,
    set_seed,
)
from tests.training_toys import (
    VALIDATION,
    Interrupting,
    Setup,
    in_batches,
    numbers,
    same_weights,
    stripes,
    tiny_cnn,
)


@pytest.fixture(scope="module")
def whole() -> tuple[Setup, History]:
    run = Setup()
    return run, run.fit()


def test_network_learns(whole: tuple[Setup, History]) -> None:
    _, history = whole
    assert history.val_accuracies[-1] > 0.6
    assert history.train_losses[-1] < history.train_losses[0]


def test_history_says_what_evaluate_says(whole: tuple[Setup, History]) -> None:
    run, history = whole
    found = evaluate(run.model, VALIDATION)
    assert history.val_losses[-1] == found.loss
    assert history.val_accuracies[-1] == found.accuracy


def test_one_line_an_epoch_without_times(capsys: pytest.CaptureFixture[str]) -> None:
    Setup().fit(2, quiet=False)
    first = capsys.readouterr()
    assert first.err == ""
    assert first.out.count("\n") == 2
    assert first.out.startswith("epoch 1 of 2: training loss ")
    assert "\r" not in first.out
    Setup().fit(2, quiet=False)
    assert capsys.readouterr().out == first.out


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Setup().fit(1, quiet=True)
    assert capsys.readouterr() == ("", "")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_shows_only_where_somebody_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Setup()

    class Slow(Interrupting):
        def __iter__(self) -> Iterator[Any]:
            import time

            for batch in self.loader:
                time.sleep(0.3)
                yield batch

    run.loader = Slow(run.loader, 0, 0)
    pipe, terminal = io.StringIO(), _Terminal()
    monkeypatch.setattr(sys, "stdout", pipe)
    run.fit(1, progress=True)
    assert pipe.getvalue() == ""
    monkeypatch.setattr(sys, "stdout", terminal)
    Setup().fit(1)
    run = Setup()
    run.loader = Slow(run.loader, 0, 0)
    run.fit(1, progress=True)
    shown = terminal.getvalue()
    assert "epoch 1 of 1" in shown
    assert shown.split("\r")[-1].strip() == ""  # and leaves no trace


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("through", ["history", "checkpoint"])
def test_interrupted_run_goes_on_as_if_it_never_stopped(
    through: str, batch: int, whole: tuple[Setup, History], tmp_path: Path
) -> None:
    first = Setup()
    first.loader = Interrupting(first.loader, 3, batch)
    path = tmp_path / "run.pt"
    kept = first.fit(checkpoint=path if through == "checkpoint" else None)
    assert len(kept) == 2
    second = Setup()
    torch.manual_seed(99)  # whatever happened in between
    options: dict[str, Any] = (
        {"checkpoint": path} if through == "checkpoint" else {"history": kept}
    )
    history = second.fit(**options)
    expected, expected_history = whole
    assert numbers(history) == numbers(expected_history)
    assert same_weights(second.model, expected.model)


def test_interruption_undoes_the_half_epoch() -> None:
    short = Setup()
    short.fit(2)
    cut = Setup()
    cut.loader = Interrupting(cut.loader, 3, 3)
    cut.fit(4)
    assert same_weights(short.model, cut.model)
    assert cut.scheduler.last_epoch == 8


def test_interruption_is_said_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Setup()
    run.loader = Interrupting(run.loader, 2, 2)
    run.fit(quiet=False)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == (
        "Interrupted in epoch 2: the model is as after epoch 1, and the history keeps "
        "1 epoch and the weights of the best, epoch 1 (history.load_best(model)); "
        "fit(…, history=history) goes on."
    )


def test_interruption_in_the_first_epoch_leaves_the_model_as_it_was(
    capsys: pytest.CaptureFixture[str], whole: tuple[Setup, History]
) -> None:
    run = Setup()
    run.loader = Interrupting(run.loader, 1, 3)
    history = run.fit(quiet=False)
    assert len(history) == 0
    assert same_weights(run.model, Setup().model)
    assert "no epoch was finished" in capsys.readouterr().out
    assert numbers(run.fit(history=history)) == numbers(whole[1])


def test_interruption_while_evaluating(whole: tuple[Setup, History]) -> None:
    run = Setup()
    val = Interrupting(VALIDATION, 2, 1)
    options: dict[str, Any] = {
        "epochs": 4,
        "optimizer": run.optimizer,
        "scheduler": run.scheduler,
        "quiet": True,
    }
    history = fit(run.model, run.loader, val, **options)
    assert len(history) == 1
    assert run.model.training
    fit(run.model, run.loader, val, history=history, **options)
    assert numbers(history) == numbers(whole[1])


def test_interruption_while_saving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: tuple[Setup, History]
) -> None:
    run, path, calls = Setup(), tmp_path / "run.pt", 0
    real = os.fsync

    def interrupted(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:  # the start, epoch 1, epoch 2
            raise KeyboardInterrupt
        real(descriptor)

    monkeypatch.setattr(os, "fsync", interrupted)
    history = run.fit(checkpoint=path)
    assert len(history) == 2
    assert len(load_checkpoint(path)) == 1
    assert list(tmp_path.iterdir()) == [path]
    assert numbers(Setup().fit(checkpoint=path)) == numbers(whole[1])


def test_loaders_own_generator_is_picked_up() -> None:
    def run(epochs: int, history: History | None = None) -> History:
        generator = torch.Generator().manual_seed(5)
        data = TensorDataset(*stripes(64))
        loader = DataLoader(data, batch_size=16, shuffle=True, generator=generator)
        model = tiny_cnn()
        optimizer = SGD(model.parameters(), lr=0.1)
        return fit(
            model,
            loader,
            VALIDATION,
            epochs=epochs,
            optimizer=optimizer,
            history=history,
            quiet=True,
        )

    set_seed(0)
    expected = numbers(run(3))
    set_seed(0)
    assert numbers(run(3, run(1))) == expected


def test_scheduler_too_short_is_refused_before_training() -> None:
    run = Setup()
    with pytest.raises(ValueError, match=r"16 steps.*take 20.*total_steps=20"):
        run.fit(5)
    assert same_weights(run.model, Setup().model)


@pytest.mark.parametrize("epochs", [0, -1, 2.5, True])
def test_epochs_must_be_a_whole_number(epochs: Any) -> None:
    with pytest.raises(ValueError, match=f"epochs is {epochs}"):
        Setup().fit(epochs)


def test_exploding_loss_puts_the_model_back() -> None:
    good = Setup()
    good.fit(1)
    run = Setup()
    history = run.fit(1)
    run.loader = [
        *in_batches(*stripes(96)),
        (torch.full((4, 3, 8, 8), torch.inf), torch.zeros(4).long()),
    ]
    with pytest.raises(FloatingPointError, match="were after epoch 1"):
        run.fit(2, history=history)
    assert same_weights(run.model, good.model)
    assert len(history) == 1
