"""The training of our segmenter: restartable, reproducible, honest about 16 bits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import squeezenet1_1

from course_utils import pretrained
from tools import train_segmenter
from tools.train_segmenter import batch, in_16_bits, new_run, report, scenes, train


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few small steps, from a SqueezeNet with random weights."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    few = {"train": 12, "validation": 4, "test": 4}
    monkeypatch.setattr(train_segmenter, "SCENES", few)
    monkeypatch.setattr(train_segmenter, "BATCH_SIZE", 2)
    monkeypatch.setattr(train_segmenter, "EVERY", 2)
    torch.manual_seed(0)
    source = pretrained.Network(
        model=squeezenet1_1(weights=None),
        name="squeezenet1_1",
        title="a stand-in",
        source="wheel",
        origin="",
        score="",
        top1=None,
        licence="",
        bytes=0,
        classes=[],
        input_size=96,
    )
    monkeypatch.setattr(pretrained, "classifier", lambda name: source)


def test_interrupted_run_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, source = new_run(20)
    train(whole, source, 4, None)

    checkpoint = tmp_path / "run.pt"
    first, _ = new_run(20)
    train(first, source, 2, checkpoint)
    second, _ = new_run(20)
    second.load(checkpoint)
    assert second.step == 2
    train(second, source, 4, None)

    assert whole.best == second.best
    expected = whole.model.state_dict()
    for name, value in second.model.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_scenes_are_drawn_once(capsys: pytest.CaptureFixture[str]) -> None:
    images, labels = scenes("test")
    assert "drawing 4 test scenes" in capsys.readouterr().out
    again, same = scenes("test")
    assert not capsys.readouterr().out
    assert torch.equal(images, again)
    assert torch.equal(labels, same)


def test_mirrored_pictures_have_mirrored_labels() -> None:
    images = torch.arange(24).reshape(2, 1, 3, 4).expand(-1, 3, -1, -1)
    labels = images[:, 0]
    drawn, regions = batch((images, labels), torch.Generator().manual_seed(1))
    assert torch.equal(drawn[:, 0], regions)
    assert not torch.equal(regions, labels)


def test_16_bits_keep_three_digits_and_whole_numbers() -> None:
    stored = in_16_bits({"weight": torch.tensor([0.123456]), "count": torch.tensor(7)})
    assert stored["weight"].dtype == torch.float32
    assert stored["weight"].item() == pytest.approx(0.123456, rel=1e-3)
    assert stored["count"].item() == 7


def test_report_names_every_class() -> None:
    run, source = new_run(20)
    train(run, source, 2, None)
    figures = report(run, source)
    assert 0 <= figures["mean IoU on 500 held-out scenes"] <= 1
    assert "IoU of frog" in figures
