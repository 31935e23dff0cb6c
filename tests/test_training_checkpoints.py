"""Checkpoints: picked up from disk, never spoilt, never executed."""

from __future__ import annotations

import errno
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, lr_scheduler

from course_utils.training import (
    History,
    fit,
    load_checkpoint,
    set_seed,
)
from tests.training_toys import (
    VALIDATION,
    Setup,
    numbers,
    same_weights,
    shuffled_loader,
    tiny_cnn,
)


@pytest.mark.parametrize(
    "make",
    [
        lambda o: lr_scheduler.MultiStepLR(o, milestones=[3, 3, 9]),
        lambda o: lr_scheduler.LambdaLR(o, lambda step: 0.9**step),
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=12),
        lambda o: lr_scheduler.SequentialLR(
            o,
            [
                lr_scheduler.LinearLR(o, total_iters=4),
                lr_scheduler.ExponentialLR(o, 0.9),
            ],
            milestones=[4],
        ),
    ],
)
def test_schedulers_and_adam_pick_up_from_disk(
    make: Callable[[Any], Any], tmp_path: Path
) -> None:
    def run(epochs: int, name: str) -> History:
        set_seed(0)
        model = tiny_cnn()
        optimizer = AdamW(model.parameters(), lr=0.01)
        return fit(
            model,
            shuffled_loader(),
            VALIDATION,
            epochs=epochs,
            optimizer=optimizer,
            scheduler=make(optimizer),
            checkpoint=tmp_path / name,
            quiet=True,
        )

    expected = numbers(run(3, "whole"))
    run(1, "parts")
    assert numbers(run(3, "parts")) == expected


def test_finished_checkpoint_trains_nothing_and_restores_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, path = Setup(), tmp_path / "run.pt"
    first.fit(2, checkpoint=path)
    before = path.read_bytes()
    second = Setup()
    history = second.fit(2, checkpoint=path, quiet=False)
    assert same_weights(first.model, second.model)
    assert len(history) == 2
    assert "already has 2 of 2 epochs" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_changed_settings_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.pt"
    Setup().fit(1, checkpoint=path)
    Setup(lr=0.5).fit(2, checkpoint=path, quiet=False)
    note, going, *_ = capsys.readouterr().out.splitlines()
    assert "lr=0.5 (the run goes on with its lr=0.05)" in note
    assert going == f"Going on after epoch 1 of {path}."


def test_other_kind_of_optimizer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    Setup().fit(1, checkpoint=path)
    with pytest.raises(
        ValueError, match="optimizer SGD, and now the optimizer is Adam"
    ):
        Setup(AdamW).fit(2, checkpoint=path)


def test_optimizer_with_other_parameters_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    Setup().fit(1, checkpoint=path)
    run = Setup()
    run.optimizer = SGD(run.model[6].parameters(), lr=0.05, momentum=0.9)
    run.scheduler = lr_scheduler.OneCycleLR(run.optimizer, max_lr=0.05, total_steps=16)
    with pytest.raises(ValueError, match="another optimizer"):
        run.fit(2, checkpoint=path)


def test_checkpoint_of_another_model_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    Setup().fit(1, checkpoint=path)
    before = path.read_bytes()
    other = tiny_cnn(classes=5)
    optimizer = SGD(other.parameters(), lr=0.05, momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, total_steps=16)
    with pytest.raises(ValueError, match=r"6\.bias has shape \(4,\) in .* and \(5,\)"):
        fit(
            other,
            shuffled_loader(),
            VALIDATION,
            epochs=2,
            optimizer=optimizer,
            scheduler=scheduler,
            checkpoint=path,
        )
    assert path.read_bytes() == before


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "run.pt"
    Setup().fit(1, checkpoint=path)
    return path


def test_file_is_read_without_executing_anything(saved: Path) -> None:
    content = torch.load(saved, weights_only=True)
    assert content["last"].keys() == {
        "model",
        "optimizer",
        "scheduler",
        "random",
        "settings",
    }


def test_best_weights_survive_the_disk(saved: Path) -> None:
    model, expected = tiny_cnn(), Setup()
    history = expected.fit(1)
    load_checkpoint(saved).load_best(model)
    history.load_best(expected.model)
    assert same_weights(model, expected.model)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_truncated_file_is_named_and_left_alone(saved: Path, share: float) -> None:
    whole = saved.read_bytes()
    part = whole[: int(len(whole) * share)]
    saved.write_bytes(part)
    with pytest.raises(ValueError, match="it is damaged or another kind of file"):
        Setup().fit(2, checkpoint=saved)
    assert saved.read_bytes() == part


def test_flipped_bit_is_found(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    weights = load_checkpoint(saved).best_weights
    assert weights is not None
    at = data.find(weights["6.weight"].numpy().tobytes()[:64])
    assert at > 0
    data[at + 7] ^= 1
    saved.write_bytes(data)
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(saved)


class _Executed:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os._exit, (1,))


def _foreign(kind: str, path: Path) -> None:
    if kind == "text":
        path.write_text("epoch,loss\n1,2.3\n")
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(_Executed()))
    elif kind == "whole model":
        torch.save(tiny_cnn(), path)
    elif kind == "weights":
        torch.save(tiny_cnn().state_dict(), path)
    else:
        torch.save({"format": "course_utils checkpoint 1", "records": [{}]}, path)


@pytest.mark.parametrize(
    "kind", ["text", "pickle", "whole model", "weights", "incomplete"]
)
def test_foreign_file_is_never_overwritten(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.pt"
    _foreign(kind, path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"mine\.pt cannot be read as a checkpoint"):
        Setup().fit(1, checkpoint=path)
    assert path.read_bytes() == before


def test_missing_checkpoint_and_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_checkpoint(tmp_path / "none.pt")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        Setup().fit(1, checkpoint=tmp_path)


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "run.pt"
    Setup().fit(1, checkpoint=path)
    assert len(load_checkpoint(path)) == 1


def test_place_that_cannot_be_written_fails_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    run = Setup()
    with pytest.raises(OSError, match="choose another place"):
        run.fit(1, checkpoint=tmp_path / "file" / "run.pt")
    assert same_weights(run.model, Setup().model)


def test_full_disk_keeps_the_old_file_and_the_training(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, path, calls = Setup(), tmp_path / "run.pt", 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    history = run.fit(3, checkpoint=path, quiet=False)
    assert len(history) == 3
    assert len(load_checkpoint(path)) == 1
    assert list(tmp_path.iterdir()) == [path]
    said = capsys.readouterr().out
    assert "Not saved after epoch 3" in said
    assert "No space left on device" in said


class _Keeps(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = tiny_cnn()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)

    def get_extra_state(self) -> Any:
        return _Executed

    def set_extra_state(self, state: Any) -> None:
        pass


def test_state_that_could_not_be_read_again_is_never_written(tmp_path: Path) -> None:
    model = _Keeps()
    with pytest.raises(ValueError, match="no tensor, number or text"):
        fit(
            model,
            shuffled_loader(),
            VALIDATION,
            epochs=1,
            optimizer=SGD(model.parameters(), lr=0.1),
            checkpoint=tmp_path / "run.pt",
        )
    assert list(tmp_path.iterdir()) == []


def test_history_of_another_run_is_refused(saved: Path) -> None:
    with pytest.raises(ValueError, match="pass one of them"):
        Setup().fit(3, checkpoint=saved, history=Setup().fit(2))
