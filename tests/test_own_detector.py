"""Our Faster R-CNN and Mask R-CNN: one set of weights, good on scenes never seen."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN, MaskRCNN
from torchvision.ops import box_iou

from course_utils import pretrained
from course_utils.drawn import draw_scene
from course_utils.pretrained.network import Network
from course_utils.pretrained.own import shipped, weights_folder
from course_utils.pretrained.own_detector import (
    DETECTOR_CLASSES,
    SqueezeBody,
    as_target,
    build_detector,
)


@pytest.fixture(scope="module")
def detector() -> Network:
    return pretrained.detector("detector")


@pytest.fixture(scope="module")
def masker() -> Network:
    return pretrained.instance_segmenter("instance_segmenter")


def found(network: Network, *pictures: Tensor) -> list[dict[str, Tensor]]:
    with torch.inference_mode():
        return network.model([picture / 255 for picture in pictures])


def test_both_are_of_torchvisions_classes() -> None:
    assert type(build_detector(masks=False)) is FasterRCNN
    assert type(build_detector(masks=True)) is MaskRCNN


def test_without_its_mask_branch_the_one_is_the_other() -> None:
    with_masks = build_detector(masks=True).state_dict()
    without = build_detector(masks=False).state_dict()
    extra = {key for key in with_masks if key not in without}
    assert set(without) < set(with_masks)
    assert extra
    assert all(key.startswith("roi_heads.mask_") for key in extra)


def test_body_gives_one_map_of_stride_4() -> None:
    body = SqueezeBody()
    for height, width in ((96, 128), (100, 60), (33, 47)):
        maps = body(torch.zeros(1, 3, height, width))
        assert maps.shape == (1, 96, -(-height // 4), -(-width // 4))


def test_position_of_the_map_looks_at_its_pixel() -> None:
    """The padding of the strided layers: column i is centred on pixel 4·i."""
    body = SqueezeBody().features[:5].eval()
    picture = torch.rand(1, 3, 96, 128).requires_grad_()
    body(picture)[0, :, 12, 16].sum().backward()
    assert picture.grad is not None
    rows = picture.grad[0].abs().sum((0, 2)).nonzero().flatten().float()
    columns = picture.grad[0].abs().sum((0, 1)).nonzero().flatten().float()
    assert abs(rows.min() + rows.max() - 2 * 48) <= 8
    assert abs(columns.min() + columns.max() - 2 * 64) <= 8


def test_imagenet_weights_fit_the_body() -> None:
    from torchvision.models import squeezenet1_1

    state = squeezenet1_1(weights=None).features.state_dict()
    SqueezeBody().features.load_state_dict(state, strict=True)


def test_file_is_small_and_its_facts_are_told() -> None:
    facts = shipped()["detector"]
    size = (weights_folder() / "detector.safetensors").stat().st_size
    assert size == facts["bytes"] <= 12_000_000
    assert facts["script"] == "tools/train_detector.py"
    assert facts["seconds"] <= 35 * 60
    assert facts["figures"]["box AP50 on 500 held-out scenes"] >= 0.5


def test_boxes_of_both_are_equal(detector: Network, masker: Network) -> None:
    image = draw_scene(13, split="test").image
    (boxes,), (instances,) = found(detector, image), found(masker, image)
    for name in ("boxes", "labels", "scores"):
        assert torch.equal(boxes[name], instances[name])
    assert instances["masks"].shape == (len(boxes["boxes"]), 1, 96, 128)
    assert "masks" not in boxes


def test_most_objects_of_unseen_scenes_are_found_and_named(detector: Network) -> None:
    scenes = [draw_scene(index, split="test") for index in range(500, 530)]
    answers = found(detector, *(scene.image for scene in scenes))
    named = objects = 0
    for scene, answer in zip(scenes, answers, strict=True):
        sure = answer["scores"] >= 0.5
        iou = box_iou(scene.boxes, answer["boxes"][sure])
        right = answer["labels"][sure] == scene.labels[:, None] + 1
        named += int(((iou >= 0.5) & right).any(1).sum())
        objects += len(scene.boxes)
    assert named / objects > 0.75


def test_masks_cover_their_objects(masker: Network) -> None:
    scene = draw_scene(5, split="test")
    (answer,) = found(masker, scene.image)
    mask = answer["masks"][0, 0] >= 0.5
    both = (mask & scene.masks[0]).sum() / (mask | scene.masks[0]).sum()
    assert both > 0.7


def test_picture_of_another_size_gets_boxes_in_its_own_pixels(
    detector: Network,
) -> None:
    scene = draw_scene(5, split="test", size=(192, 256))
    (answer,) = found(detector, scene.image)
    assert box_iou(answer["boxes"][:1], scene.boxes[:1]).item() > 0.6


def test_empty_picture_gets_no_confident_box(detector: Network) -> None:
    (answer,) = found(detector, torch.full((3, 96, 128), 128, dtype=torch.uint8))
    assert not (answer["scores"] >= 0.5).any()
    assert answer["boxes"].shape[1] == 4


def test_target_has_torchvisions_form() -> None:
    scene = draw_scene(0)
    target = as_target(scene)
    assert torch.equal(target["boxes"], scene.boxes)
    names = [DETECTOR_CLASSES[label] for label in target["labels"].tolist()]
    assert "background" not in names
    assert target["masks"].dtype == torch.uint8


def test_scene_in_which_everything_is_hidden_can_be_learnt_from() -> None:
    scene = draw_scene(0)
    hidden = dataclasses.replace(
        scene,
        boxes=torch.zeros(0),
        labels=scene.labels[:0],
        masks=scene.masks[:0],
    )
    model: nn.Module = build_detector(masks=True)
    losses = model([scene.image / 255], [as_target(hidden)])
    assert all(loss.isfinite() for loss in losses.values())
