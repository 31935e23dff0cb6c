"""Files of weights: never run, never half-read, never mistaken for another."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from course_utils.pretrained import WeightsError
from course_utils.pretrained.files import (
    built,
    load_strictly,
    read_sealed,
    read_state,
    write_sealed,
)
from course_utils.pretrained.unpickle import read_arrays


class Malicious:
    """Runs a command when it is unpickled by a reader that trusts it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


def test_arrays_are_read(tmp_path: Path) -> None:
    expected = np.arange(6, dtype=np.float32).reshape(2, 3)
    path = tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps({"conv1": [expected, expected[0]]}))
    (kernel, bias) = read_arrays(path)["conv1"]
    assert np.array_equal(kernel, expected)
    assert np.array_equal(bias, expected[0])


def test_a_malicious_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps({"conv1": Malicious(f"touch {victim}")}))
    with pytest.raises(
        WeightsError, match=r"nothing in it was run: it asks for .*syst"
    ):
        read_arrays(path)
    assert not victim.exists()
    pickle.loads(path.read_bytes())  # so the pickle is a real one
    assert victim.exists()


@pytest.mark.parametrize(
    "wanted", [np.load, np.frombuffer, eval, getattr, io.open, np.random.default_rng]
)
def test_no_other_function_is_handed_out(wanted: object, tmp_path: Path) -> None:
    path = tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps({"conv1": [wanted]}))
    with pytest.raises(WeightsError, match="it asks for"):
        read_arrays(path)


@pytest.mark.parametrize(
    "content", [[1.0], {"a": 1.0}, {"a": [1.0]}, {1: []}, {"a": [np.array(["x"])]}]
)
def test_a_pickle_of_something_else_is_refused(content: object, tmp_path: Path) -> None:
    path = tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(WeightsError, match="holds something else"):
        read_arrays(path)


@pytest.mark.parametrize("keep", [0, 10, 500])
def test_a_truncated_pickle_is_refused(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps({"conv1": [np.zeros(1000)]})[:keep])
    with pytest.raises(WeightsError, match="no pickle or a truncated one"):
        read_arrays(path)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_state_dict_is_read(suffix: str, tmp_path: Path) -> None:
    state, path = nn.Linear(3, 2).state_dict(), tmp_path / f"net.{suffix}"
    save_file(state, path) if suffix == "safetensors" else torch.save(state, path)
    found = read_state(path)
    assert list(found) == ["weight", "bias"] or sorted(found) == ["bias", "weight"]
    assert torch.equal(found["weight"], state["weight"])


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("keep", [0, 7, 300, -1])
def test_a_truncated_file_is_refused(suffix: str, keep: int, tmp_path: Path) -> None:
    path = tmp_path / f"net.{suffix}"
    state = nn.Linear(30, 20).state_dict()
    save_file(state, path) if suffix == "safetensors" else torch.save(state, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(WeightsError, match=r"cannot be read as weights.*truncated"):
        read_state(path)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_web_page_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"net.{suffix}"
    path.write_text("<html>Please log in</html>" * 20)
    with pytest.raises(WeightsError, match=r"\(520 bytes\) cannot be read as weights"):
        read_state(path)


def test_a_saved_program_is_refused_and_not_run(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "net.pth"
    torch.save({"weight": Malicious(f"touch {victim}")}, path)
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read_state(path)
    assert not victim.exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"net.pth is not there"):
        read_state(tmp_path / "net.pth")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([torch.zeros(2)], "holds a list, expected a state dict"),
        (torch.zeros(2), "holds a Tensor, expected a state dict"),
        ({}, "holds nothing, expected a state dict"),
        (
            {"epoch": 3, "best": 0.5, "model": {"weight": torch.zeros(2)}},
            r"entries that are no tensors \(epoch, best, model\)",
        ),
    ],
)
def test_something_else_than_a_state_dict_is_refused(
    content: object, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.pth"
    torch.save(content, path)
    with pytest.raises(WeightsError, match=words):
        read_state(path)


def test_another_network_is_described_by_its_first_differences() -> None:
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(10)))
    state = {f"body.{key}": value for key, value in model.state_dict().items()}
    with pytest.raises(WeightsError) as caught:
        load_strictly(model, state, "MyNet", Path("x.pth"))
    message = str(caught.value)
    assert "x.pth holds another network than MyNet" in message
    assert "20 missing (0.weight, 0.bias, 1.weight, and 17 more)" in message
    assert "20 unknown (body.0.weight, body.0.bias, body.1.weight, and" in message


def test_a_layer_of_another_shape_is_named_with_both_shapes() -> None:
    state = nn.Linear(3, 10).state_dict()
    with pytest.raises(WeightsError, match=r"weight \(10, 3\) instead of \(2, 3\)"):
        load_strictly(nn.Linear(3, 2), state, "MyNet", Path("x.pth"))


def test_sealed_weights_come_back(tmp_path: Path) -> None:
    state = nn.BatchNorm2d(3).state_dict()  # with a whole number in it
    write_sealed(tmp_path / "new" / "net.safetensors", state)
    found = read_sealed(tmp_path / "new" / "net.safetensors")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[key], value) for key, value in state.items())
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["net.safetensors"]


def test_a_single_changed_bit_breaks_the_seal(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    write_sealed(path, {"weight": torch.zeros(100)})
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(WeightsError, match="is damaged"):
        read_sealed(path)


def test_a_file_without_a_seal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_file({"weight": torch.zeros(100)}, path)
    with pytest.raises(WeightsError, match="is damaged"):
        read_sealed(path)


def test_building_draws_no_random_numbers() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    built(lambda: nn.Linear(100, 100))
    assert torch.equal(torch.rand(3), expected)
