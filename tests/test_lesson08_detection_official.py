"""Lesson 08's live detectors, with stand-ins for official weights and no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
import torch
from torch import Tensor

from course_utils import pretrained
from course_utils.boxes import show_boxes, show_masks
from course_utils.photos import photo
from tests.lesson_functions import cell_with, functions_of
from tests.stand_in_weights import put

CELLS = {
    "fasterrcnn_resnet50_fpn": "best = pretrained.detector(",
    "maskrcnn_resnet50_fpn": "best = pretrained.instance_segmenter(",
}


def small_photo(name: str) -> Tensor:
    """The lesson's photograph, smaller."""
    return photo(name, size=64)


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the cells use of the cells before them."""
    monkeypatch.delenv("COURSE_WEIGHTS", raising=False)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(plt, "show", lambda: None)
    return {
        "weights": "auto",
        "pretrained": pretrained,
        "photo": small_photo,
        "show_boxes": show_boxes,
        "show_masks": show_masks,
        "plt": plt,
        "torch": torch,
        **functions_of("08", "confident", "described"),
    }


@pytest.mark.parametrize("network", CELLS)
def test_official_network_runs_to_the_end(
    network: str,
    names: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put(network, Path(torch.hub.get_dir()) / "checkpoints")
    # random weights are sure of nothing: let everything pass that they say
    sure = names["confident"]
    names["confident"] = lambda found, least: sure(found, least=0.0)
    exec(cell_with("08", CELLS[network]), names)
    best = names["best"]
    assert (best.source, best.name) == ("official", network)
    assert len(best.classes) == 91
    answer = names["answer"]
    assert answer["boxes"].shape[1] == 4
    assert ("masks" in answer) == network.startswith("mask")
    assert "with ResNet-50" in capsys.readouterr().out
    plt.close("all")


@pytest.mark.parametrize("network", CELLS)
def test_without_official_weights_the_cell_says_so(
    network: str,
    names: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COURSE_WEIGHTS", "small")
    exec(cell_with("08", CELLS[network]), names)
    assert names["best"].source == "ours"
    assert "not at hand" in capsys.readouterr().out
