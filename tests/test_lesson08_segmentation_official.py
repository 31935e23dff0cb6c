"""The lesson's live cell, with a stand-in for the official weights and no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jupytext
import matplotlib.pyplot as plt
import pytest
import torch
from torch import Tensor

from course_utils import pretrained
from course_utils.overlays import show_segmentation
from course_utils.segmentation import fit_photo, predict_labels
from tests.stand_in_weights import put

LESSON = Path(__file__).parents[1] / "lessons" / "08_segmentation_and_detection.py"


def live_cell() -> str:
    cells = jupytext.read(LESSON).cells
    (found,) = [c.source for c in cells if "best = pretrained.segmenter(" in c.source]
    return found


def small_photo(name: str, longer_side: int, step: int) -> Tensor:
    """The lesson's photograph, smaller: a test has less patience than a student."""
    assert longer_side > 129
    return fit_photo(name, 129, step)


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the cell uses of the cells before it."""
    monkeypatch.delenv("COURSE_WEIGHTS", raising=False)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(plt, "show", lambda: None)
    return {
        "weights": "auto",
        "pretrained": pretrained,
        "fit_photo": small_photo,
        "predict_labels": predict_labels,
        "show_segmentation": show_segmentation,
        "plt": plt,
    }


def test_official_network_runs_to_the_end(
    names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    put("deeplabv3_resnet50", Path(torch.hub.get_dir()) / "checkpoints")
    exec(live_cell(), names)
    assert names["best"].source == "official"
    assert names["regions"].shape == names["picture"].shape[1:]
    assert 0 <= names["regions"].min() <= names["regions"].max() < 21
    assert "DeepLabV3 with ResNet-50" in capsys.readouterr().out
    plt.close("all")


def test_without_official_weights_the_cell_says_so(
    names: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("COURSE_WEIGHTS", "small")
    exec(live_cell(), names)
    assert names["best"].source == "ours"
    assert "not at hand" in capsys.readouterr().out
