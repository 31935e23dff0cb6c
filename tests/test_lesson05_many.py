"""Lesson 05's script on two real processes: the same as one, also after an accident."""

from __future__ import annotations

import runpy
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.many_devices import Run, run_on_ranks
from tests.lesson_functions import functions_of
from tests.many_script import Data, lesson_script, write_data

State = dict[str, Any]
GRADIENTS = ("own", "averaged", "last")

# keeps what every rank has in the end, and who wrote checkpoints
SPY = """
_evaluate, _save_checkpoint = evaluate, save_checkpoint


def evaluate(network, images, labels):
    end = Path(sys.argv[1]) / f"end-{dist.get_rank()}.pt"
    torch.save(network.state_dict(), end)
    return _evaluate(network, images, labels)


def save_checkpoint(path, state):
    print(f"writes epoch {state['epoch']}")
    _save_checkpoint(path, state)


if __name__"""

# a thread of gloo that outlives its group can abort the process while Python ends
LAST_WORDS = """
    from contextlib import suppress

    left = 0
    for name in Path("/proc/self/task").glob("*/comm"):
        with suppress(OSError):  # a thread that ends while it is looked at
            left += "gloo" in name.read_text()
    print(left, "threads of gloo are left")
"""


@dataclass(frozen=True)
class Trained:
    """A run of the script and what it left in its folder."""

    folder: Path
    data: Data
    run: Run

    def load(self, name: str) -> State:
        """Read a file of the folder, as data and not as code."""
        state: State = torch.load(self.folder / name, weights_only=True)
        return state


def train(folder: Path, *options: str) -> Trained:
    data = write_data(folder, train=401, test=101)
    script = folder / "train_many.py"
    script.write_text(lesson_script().replace("if __name__", SPY) + LAST_WORDS)
    run = run_on_ranks(script, folder, *options, restarts=3, seconds=400)
    return Trained(folder, data, run)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(tmp_path_factory.mktemp("killed"), "--accident")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    return functions_of(
        "05", "shares", "make_network", "prepare", "learning_rate", "train_alone"
    )


def same(a: State, b: State) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_ranks_begin_with_weights_of_rank_0(undisturbed: Trained) -> None:
    (own_0, wrapped_0), (own_1, wrapped_1) = (
        [line.split()[-1] for line in undisturbed.run.lines(rank)[:2]]
        for rank in range(2)
    )
    assert own_0 != own_1
    assert own_0 == wrapped_0 == wrapped_1


def test_ranks_end_with_identical_weights(undisturbed: Trained) -> None:
    end_0, end_1 = (undisturbed.load(f"end-{rank}.pt") for rank in range(2))
    assert same(end_0, end_1)
    assert same(end_0, undisturbed.load("checkpoint.pt")["network"])


def test_averaged_gradient_is_the_one_on_the_joint_batch(
    undisturbed: Trained, lesson: dict[str, Any]
) -> None:
    first, second = (undisturbed.load(f"gradients-{rank}.pt") for rank in range(2))
    assert not torch.allclose(first["own"], second["own"])
    assert torch.equal(first["averaged"], second["averaged"])
    joint = joint_bias_gradient(undisturbed.data, lesson)
    torch.testing.assert_close(first["averaged"], joint, rtol=1e-4, atol=1e-6)


def joint_bias_gradient(data: Data, lesson: dict[str, Any]) -> Tensor:
    dealt = torch.tensor(lesson["shares"](len(data["train_labels"]), 2))
    chosen = dealt[:, :32].flatten()
    torch.manual_seed(0)
    network = lesson["make_network"](10)
    images = lesson["prepare"](data["train_images"][chosen], torch.device("cpu"))
    F.cross_entropy(network(images), data["train_labels"][chosen]).backward()
    gradient: Tensor = network[0].bias.grad
    return gradient


def test_rank_with_a_batch_more_gets_half_of_its_own_gradient(
    undisturbed: Trained,
) -> None:
    alone = undisturbed.load("gradients-1.pt")
    torch.testing.assert_close(alone["last"], alone["own"] / 2)


def test_two_ranks_are_one_process_on_joint_batches(
    undisturbed: Trained, lesson: dict[str, Any]
) -> None:
    data = undisturbed.data
    alone = lesson["train_alone"](data["train_images"], data["train_labels"])
    found = undisturbed.load("checkpoint.pt")["network"]
    torch.manual_seed(0)
    fresh = lesson["make_network"](10).state_dict()
    for name, weights in alone.state_dict().items():
        torch.testing.assert_close(found[name], weights, rtol=0, atol=1e-5)
        assert (weights - fresh[name]).abs().max() > 1e-3  # it has learnt something


def test_killed_rank_brings_both_to_another_life(killed: Trained) -> None:
    assert killed.run.lines(1)[-1] == "a power cut in epoch 1"
    for rank in range(2):
        went_on = first_life_that_trained_on(killed.run, rank)
        assert "going on with epoch 1" in went_on
        assert not any(line.startswith("epoch 0") for line in went_on)


def first_life_that_trained_on(run: Run, rank: int) -> list[str]:
    """Not always the second: a port that was taken meanwhile costs one more."""
    lives = (run.lines(rank, life) for life in range(2, run.lives + 1))
    return next(
        lines for lines in lives if any(line.startswith("epoch") for line in lines)
    )


def test_nothing_is_lost_by_the_accident(killed: Trained, undisturbed: Trained) -> None:
    after, without = (t.load("checkpoint.pt") for t in (killed, undisturbed))
    assert after["epoch"] == without["epoch"] == 2
    assert same(after["network"], without["network"])
    momenta = [state["optimizer"]["state"] for state in (after, without)]
    assert momenta[0]
    assert momenta[0].keys() == momenta[1].keys()
    assert all(same(momenta[0][key], momenta[1][key]) for key in momenta[0])


def test_every_test_picture_counts_once(
    undisturbed: Trained, lesson: dict[str, Any]
) -> None:
    network = lesson["make_network"](10)
    network.load_state_dict(undisturbed.load("checkpoint.pt")["network"])
    data = undisturbed.data
    images = lesson["prepare"](data["test_images"], torch.device("cpu"))
    right = int((network(images).argmax(dim=1) == data["test_labels"]).sum())
    for rank, share in enumerate((51, 50)):
        own, together = undisturbed.run.lines(rank)[-3:-1]
        assert f"of my {share} test pictures" in own
        assert together == f"all ranks together: {right} of 101"


def test_no_thread_of_gloo_outlives_the_group(undisturbed: Trained) -> None:
    for rank in range(2):
        assert undisturbed.run.lines(rank)[-1] == "0 threads of gloo are left"


def test_only_rank_0_writes_checkpoints(undisturbed: Trained) -> None:
    written = [
        [line for line in undisturbed.run.lines(rank) if line.startswith("writes")]
        for rank in range(2)
    ]
    assert written == [[f"writes epoch {epoch}" for epoch in range(3)], []]
    assert not list(undisturbed.folder.glob("*.part"))


KILLED_WHILE_WRITING = """
import os, runpy, signal, sys
from pathlib import Path

import torch

script = runpy.run_path(sys.argv[1])
whole_save = torch.save


def half_save(state, file):
    whole_save(state, file)
    file.truncate(file.tell() // 2)
    os.kill(os.getpid(), signal.SIGKILL)


script["save_checkpoint"](Path(sys.argv[2]), {"epoch": 0, "network": torch.ones(999)})
torch.save = half_save
script["save_checkpoint"](Path(sys.argv[2]), {"epoch": 1, "network": torch.zeros(999)})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_checkpoint_survives_a_kill_in_the_middle_of_writing(tmp_path: Path) -> None:
    script, path = tmp_path / "train_many.py", tmp_path / "checkpoint.pt"
    script.write_text(lesson_script())
    command = [sys.executable, "-c", KILLED_WHILE_WRITING, str(script), str(path)]
    finished = subprocess.run(command, capture_output=True, timeout=200, check=False)
    assert finished.returncode == -signal.SIGKILL, finished.stderr.decode()
    assert path.with_suffix(".part").exists()
    state = torch.load(path, weights_only=True)
    assert state["epoch"] == 0
    assert torch.equal(state["network"], torch.ones(999))
    save = runpy.run_path(str(script))["save_checkpoint"]
    save(path, {"epoch": 2})  # what the killed one left is no obstacle
    assert torch.load(path, weights_only=True) == {"epoch": 2}
