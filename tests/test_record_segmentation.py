"""The recording of real segmentations, without its weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from course_utils.overlays import class_style
from course_utils.pretrained import WeightsError
from tools.record_segmentation import (
    CLASSES,
    WEIGHTS,
    build_network,
    read_network,
    record,
    shares,
    write_mask,
)


def test_network_divides_by_16() -> None:
    model = build_network().eval()
    with torch.no_grad():
        features = model.backbone(torch.zeros(1, 3, 65, 81))["out"]
        scores = model(torch.zeros(1, 3, 65, 81))["out"]
    assert features.shape == (1, 320, 5, 6)
    assert scores.shape == (1, 21, 65, 81)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=WEIGHTS):
        read_network(tmp_path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / WEIGHTS)
    with pytest.raises(WeightsError, match="another network than DeepLabV3"):
        read_network(tmp_path)


def test_mask_keeps_classes_and_shows_the_colours_of_the_overlays(
    tmp_path: Path,
) -> None:
    labels = torch.arange(21).repeat(4, 1)
    write_mask(tmp_path / "mask.png", labels)
    with Image.open(tmp_path / "mask.png") as image:
        assert list(image.get_flattened_data()) == labels.flatten().tolist()
        red, green, blue = image.convert("RGB").getpixel((8, 0))
    assert f"#{red:02X}{green:02X}{blue:02X}" == class_style(8)[0]


def test_shares_name_what_was_found() -> None:
    labels = torch.tensor([[0, 0, 0, CLASSES.index("cat")]])
    assert shares(labels) == {"__background__": 0.75, "cat": 0.25}


def test_recording_writes_masks_and_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(build_network().state_dict(), tmp_path / WEIGHTS)
    monkeypatch.setattr("tools.record_segmentation.NAMES", ("chelsea",))
    monkeypatch.setattr("tools.record_segmentation.LONGER_SIDE", 65)
    record(tmp_path, tmp_path / "out" / "segmentation")
    assert (tmp_path / "out" / "segmentation" / "chelsea.png").is_file()
    assert "chelsea" in (tmp_path / "out" / "segmentation.json").read_text("utf-8")
