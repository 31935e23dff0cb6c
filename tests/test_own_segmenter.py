"""Our own segmenter: what it is built of, and what the shipped one can do."""

from __future__ import annotations

import pytest
import torch
from torchvision.models import squeezenet1_1
from torchvision.models.segmentation import DeepLabV3

from course_utils import pretrained
from course_utils.network_anatomy import anatomy
from course_utils.pretrained.own import shipped, weights_folder
from course_utils.pretrained.own_segmenter import build_segmenter
from course_utils.segmentation import (
    SCENE_CLASSES,
    draw_scenes,
    mean_iou,
    pixel_confusion,
    predict_labels,
)

needs_weights = pytest.mark.skipif(
    "segmenter" not in shipped(), reason="needs the shipped segmenter"
)


def test_it_is_torchvisions_own_class() -> None:
    assert type(build_segmenter()) is DeepLabV3


@pytest.mark.parametrize("size", [(96, 128), (89, 129), (65, 65)])
def test_scores_have_the_size_of_the_image(size: tuple[int, int]) -> None:
    model = build_segmenter(num_classes=4).eval()
    with torch.no_grad():
        scores = model(torch.zeros(2, 3, *size))["out"]
    assert scores.shape == (2, 4, *size)


def test_output_stride_is_8() -> None:
    model = build_segmenter()
    assert model.backbone(torch.zeros(1, 3, 96, 128))["out"].shape == (1, 512, 12, 16)


def test_body_takes_squeezenets_weights_as_they_are() -> None:
    source = squeezenet1_1(weights=None).features.state_dict()
    build_segmenter().backbone.load_state_dict(source, strict=True)


def test_dilated_convolutions_meet_the_pixels_they_were_trained_on() -> None:
    """At every second position the stride that was taken away changes nothing."""
    model, source = build_segmenter().eval(), squeezenet1_1(weights=None).eval()
    source.features.load_state_dict(model.backbone.state_dict())
    maps = torch.rand(1, 256, 24, 32)
    with torch.no_grad():
        dense = maps
        for name in ("8", "9"):
            dense = model.backbone[name](dense)
        coarse = source.features[9](source.features[8](maps))
    # away from the border, since padded and unpadded pooling differ there
    torch.testing.assert_close(dense[..., 3:19:2, 3:27:2], coarse[..., 1:9, 1:13])


def test_cells_are_centred_on_the_pixels_they_speak_for() -> None:
    body = list(build_segmenter().backbone.children())
    facts = anatomy(torch.nn.Sequential(*body), (1, 3, 96, 128))[-1]
    assert facts.jump == (8, 8)
    box = facts.box(6, 6)
    centre = box.top + (box.height - 1) / 2
    assert abs(centre - (6 * 8 + 3.5)) <= 0.5


@needs_weights
def test_shipped_file_is_at_most_6_mb_and_says_how_it_was_made() -> None:
    entry = shipped()["segmenter"]
    size = (weights_folder() / "segmenter.safetensors").stat().st_size
    assert size == entry["bytes"] <= 6_000_000
    assert entry["script"] == "tools/train_segmenter.py"
    assert entry["seconds"] <= 25 * 60
    assert entry["figures"]["mean IoU lost by storing 16 bits"] < 0.002


@needs_weights
def test_shipped_segmenter_does_well_on_scenes_it_has_never_seen() -> None:
    network = pretrained.segmenter("segmenter")
    images, labels = draw_scenes(range(100), "test")
    predicted = predict_labels(network.model, network.prepare(images))
    reached = mean_iou(pixel_confusion(labels, predicted, len(SCENE_CLASSES)))
    known = shipped()["segmenter"]["figures"]["mean IoU on 500 held-out scenes"]
    assert reached > 0.55
    assert reached == pytest.approx(known, abs=0.06)  # of another hundred scenes
