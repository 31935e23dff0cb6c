"""Our own networks: shipped with their history, loaded only when unchanged."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from course_utils.assets.checksums import file_digests
from course_utils.drawn import CLASS_NAMES
from course_utils.pretrained import WeightsError, load_own, roles
from course_utils.pretrained.own import shipped, weights_folder
from tools import ship_weights
from tools.ship_weights import FOLDER, readme, ship

FACTS: dict[str, Any] = {
    "what": "A toy for tests.",
    "script": "tools/train_toy.py",
    "seed": 7,
    "seconds": 61.5,
    "figures": {"accuracy": 0.75},
}


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in FACTS.items() if name != key}


@pytest.mark.parametrize("half", [False, True])
def test_what_is_shipped_comes_back(tmp_path: Path, half: bool) -> None:
    model = network()
    ship("toy", model, FACTS, half=half, folder=tmp_path)
    found = load_own("toy", network(), tmp_path)
    assert not found.training
    for key, value in model.state_dict().items():
        loaded = found.state_dict()[key]
        assert loaded.dtype == value.dtype
        assert torch.equal(loaded, value.half().float() if half else value), key


def test_half_takes_half_the_room(tmp_path: Path) -> None:
    model = nn.Linear(1000, 10)
    whole = ship("whole", model, FACTS, folder=tmp_path).stat().st_size
    half = ship("half", model, FACTS, half=True, folder=tmp_path).stat().st_size
    assert 0.49 < half / whole < 0.51


def test_the_index_holds_the_history(tmp_path: Path) -> None:
    path = ship("toy", network(), FACTS, folder=tmp_path)
    entry = json.loads((tmp_path / "index.json").read_text("utf-8"))["toy"]
    assert entry["sha256"] == file_digests(path, {"sha256": None})["sha256"]
    assert entry["bytes"] == path.stat().st_size
    assert entry["parameters"] == 4 * 27 + 4 + 8
    assert {key: entry[key] for key in FACTS} == FACTS
    assert {"machine", "date", "torch", "bits"} <= entry.keys()


def test_shipping_a_second_one_keeps_the_first(tmp_path: Path) -> None:
    ship("b", network(), FACTS, folder=tmp_path)
    ship("a", network(), FACTS, folder=tmp_path)
    assert list(shipped(tmp_path)) == ["a", "b"]
    assert (tmp_path / "README.md").read_text("utf-8") == readme(shipped(tmp_path))


def test_networks_shipped_at_the_same_time_are_all_in_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(folder: Path) -> dict[str, dict[str, Any]]:
        entries = shipped(folder)
        time.sleep(0.05)  # the others have time to write the index in between
        return entries

    monkeypatch.setattr(ship_weights, "shipped", slowly)
    with ThreadPoolExecutor(4) as pool:
        for name in "abcd":
            pool.submit(ship, name, network(), FACTS, folder=tmp_path)
    assert list(shipped(tmp_path)) == list("abcd")


def test_the_readme_tells_what_the_index_knows(tmp_path: Path) -> None:
    ship("toy", network(), FACTS, folder=tmp_path)
    text = (tmp_path / "README.md").read_text("utf-8")
    entry = shipped(tmp_path)["toy"]
    for fact in (
        "A toy for tests.",
        "../../tools/train_toy.py",
        "accuracy 0.75",
        "62 s",
    ):
        assert fact in text
    assert entry["sha256"] in text


@pytest.mark.parametrize("key", FACTS)
def test_a_missing_fact_is_named(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match=rf"facts\['{key}'\] is None; needed are"):
        ship("toy", network(), without(key), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["Toy", "../toy", "", "1toy", "toy.v2"])
def test_a_name_is_plain(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="expected small letters"):
        ship(name, network(), FACTS, folder=tmp_path)


@pytest.mark.parametrize(
    ("value", "half", "words"),
    [(float("nan"), False, "not finite$"), (1e6, True, "not finite in 16 bits")],
)
def test_weights_that_are_not_finite_are_not_shipped(
    tmp_path: Path, value: float, half: bool, words: str
) -> None:
    model = nn.Linear(2, 2)
    nn.init.constant_(model.weight, value)
    with pytest.raises(ValueError, match=words):
        ship("toy", model, FACTS, half=half, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = ship("toy", network(), FACTS, folder=tmp_path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"has SHA-256 .* git restore data/weights"):
        load_own("toy", network(), tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    ship("toy", network(), FACTS, folder=tmp_path).unlink()
    with pytest.raises(WeightsError, match=r"toy.safetensors is not there"):
        load_own("toy", network(), tmp_path)


def test_an_unknown_network_gets_the_list(tmp_path: Path) -> None:
    ship("toy", network(), FACTS, folder=tmp_path)
    with pytest.raises(WeightsError, match=r"no network 'toi'; it ships: toy\."):
        load_own("toi", network(), tmp_path)


def test_another_network_is_refused(tmp_path: Path) -> None:
    ship("toy", network(), FACTS, folder=tmp_path)
    with pytest.raises(WeightsError, match="another network than our toy"):
        load_own("toy", nn.Linear(2, 2), tmp_path)


def test_every_shipped_file_is_whole_and_described() -> None:
    assert weights_folder() == FOLDER
    for name, entry in shipped().items():
        path = FOLDER / f"{name}.safetensors"
        digests = file_digests(path, {"sha256": None})
        assert (path.stat().st_size, digests["sha256"]) == (
            entry["bytes"],
            entry["sha256"],
        )
        assert (FOLDER.parents[1] / entry["script"]).is_file()
    assert (FOLDER / "README.md").read_text("utf-8") == readme(shipped())


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with our networks, untrained, in place of the workbook's."""
    from course_utils.pretrained import own
    from course_utils.pretrained.own_detector import build_detector
    from course_utils.pretrained.own_segmenter import build_segmenter

    ship("segmenter", build_segmenter(), FACTS, half=True, folder=tmp_path)
    ship("detector", build_detector(masks=True), FACTS, half=True, folder=tmp_path)
    monkeypatch.setattr(own, "weights_folder", lambda: tmp_path)
    monkeypatch.setenv("COURSE_WEIGHTS", "small")
    return tmp_path


@pytest.mark.parametrize("role", ["segmenter", "detector", "instance_segmenter"])
def test_without_official_weights_ours_are_taken(ours: Path, role: str) -> None:
    network = getattr(roles, role)()
    assert (network.name, network.source) == (role, "ours")
    assert network.classes == ["background", *CLASS_NAMES]
    assert str(network).endswith("trained for this workbook by tools/train_toy.py")
    assert getattr(roles, role)(role).title == network.title
    images = network.prepare(torch.rand(1, 3, 96, 128))
    with torch.no_grad():
        if role == "segmenter":
            assert network.model(images)["out"].shape == (1, 11, 96, 128)
        else:
            (answer,) = network.model(list(images))
            assert ("masks" in answer) == (role == "instance_segmenter")


def test_our_detector_is_our_instance_segmenter_without_masks(ours: Path) -> None:
    boxes = roles.detector().model.state_dict()
    masks = roles.instance_segmenter().model.state_dict()
    assert {key for key in masks if key not in boxes} == {
        key for key in masks if "mask" in key
    }
    assert all(torch.equal(masks[key], value) for key, value in boxes.items())
