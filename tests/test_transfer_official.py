"""The official path of lesson 07, with a cache that holds random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from course_utils import pretrained, transfer
from course_utils.drawn import draw_dataset
from tests.stand_in_weights import put


@pytest.fixture(autouse=True)
def only_stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network, and torch's folder and the workbook's cache are empty."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.delenv("COURSE_WEIGHTS", raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))


@pytest.mark.parametrize(
    ("name", "num_features", "ways"),
    [
        ("resnet18", 512, ("feature extraction", "gradual unfreezing")),
        ("resnet50", 2048, ("fine-tuning",)),
    ],
)
def test_official_resnet_goes_the_ways_of_the_lecture(
    name: str,
    num_features: int,
    ways: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transfer.comparison, "epochs_for", lambda per_class: 2)
    put(name, tmp_path / "hub" / "checkpoints")
    body = pretrained.body(name, quiet=True)
    assert (body.source, body.num_features) == ("official", num_features)
    train, test = draw_dataset(20, size=33), draw_dataset(4, split="test", size=33)
    comparison = transfer.Comparison(body, train, test)
    for way in ways:
        assert 0 <= comparison.accuracy(way, per_class=1, seed=0) <= 1


def test_lecture_network_is_taken_when_its_weights_are_at_hand(tmp_path: Path) -> None:
    put("resnet18", tmp_path / "hub" / "checkpoints")
    body = pretrained.body(quiet=True)
    assert body.name == "resnet18"
    image = body.prepare(draw_dataset(1, size=64)[0])
    last = list(body.features.children())[-1]
    cam = transfer.grad_cam(body.model, last, image, 281)
    assert cam.shape == (64, 64)
    assert 0 <= cam.min() <= cam.max() <= 1
