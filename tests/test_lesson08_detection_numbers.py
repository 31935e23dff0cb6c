"""The numbers that lesson 08 states on boxes: prose, hints, figures and quiz."""

from __future__ import annotations

from math import log

import pytest
import torch
from torch import Tensor
from torchvision.models.detection import (
    FasterRCNN_ResNet50_FPN_Weights,
    MaskRCNN_ResNet50_FPN_Weights,
)
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import batched_nms, box_iou, masks_to_boxes, nms, roi_align

from course_utils import pretrained
from course_utils.checks.lesson08_detection_judging import check_average_precision
from course_utils.drawn import CLASS_NAMES, Scene, draw_scene
from course_utils.drawn_frames import draw_film
from course_utils.photos import photo
from course_utils.pretrained.own import shipped
from course_utils.pretrained.own_detector import DETECTOR_CLASSES, build_detector
from course_utils.questions import lesson08 as questions
from course_utils.recorded import recorded
from tests.lesson_functions import functions_of
from tools import train_detector

A, B = torch.tensor([[2.0, 1, 8, 5]]), torch.tensor([[4.0, 2, 10, 6]])
HITS = torch.tensor([True, True, False, True, False])


@pytest.fixture(scope="module")
def scene() -> Scene:
    return draw_scene(13, split="test")


@pytest.fixture(scope="module")
def detector() -> torch.nn.Module:
    return pretrained.detector("detector").model


def sure(detector: torch.nn.Module, image: Tensor, least: float = 0.5) -> list[str]:
    with torch.inference_mode():
        answer = detector([image])[0]
    labels = answer["labels"][answer["scores"] >= least].tolist()
    return sorted(DETECTOR_CLASSES[label] for label in labels)


# boxes


def test_scene_has_the_four_objects_of_the_figure(scene: Scene) -> None:
    names = sorted(CLASS_NAMES[label] for label in scene.labels.tolist())
    assert names == ["automobile", "automobile", "cat", "truck"]


def test_boxes_of_cat_and_car_overlap_and_they_share_no_pixel(scene: Scene) -> None:
    cat = scene.labels.tolist().index(CLASS_NAMES.index("cat"))
    iou = box_iou(scene.boxes, scene.boxes)[cat]
    assert [CLASS_NAMES[k] for k in scene.labels[(iou > 0) & (iou < 1)].tolist()] == [
        "automobile"
    ]
    assert scene.masks.sum(0).max() == 1


def test_masks_to_boxes_counts_the_last_pixel_inside(scene: Scene) -> None:
    one_less = torch.tensor([0.0, 0, 1, 1])
    assert torch.equal(masks_to_boxes(scene.masks) + one_less, scene.boxes)


def test_two_small_boxes_share_12_of_36_pixels() -> None:
    both = (8 - 4) * (5 - 2)
    areas = (8 - 2) * (5 - 1), (10 - 4) * (6 - 2)
    assert (both, *areas) == (12, 24, 24)
    assert box_iou(A, B).item() == pytest.approx(12 / 36)


# anchors and offsets


def test_anchors_are_6912_and_as_the_networks_own() -> None:
    generator = AnchorGenerator(((20, 32, 48),), ((0.4, 0.65, 1.1),))
    own = build_detector(masks=False).rpn.anchor_generator
    assert (own.sizes, own.aspect_ratios) == (generator.sizes, generator.aspect_ratios)
    canvas = ImageList(torch.zeros(1, 3, 96, 128), [(96, 128)])
    (anchors,) = generator(canvas, [torch.zeros(1, 96, 24, 32)])
    assert len(anchors) == 24 * 32 * 9 == 6912


def test_network_has_the_thresholds_that_the_lesson_names() -> None:
    model = build_detector(masks=False)
    matcher = model.rpn.proposal_matcher
    assert (matcher.high_threshold, matcher.low_threshold) == (0.7, 0.3)
    model.eval()
    assert (model.rpn.pre_nms_top_n(), model.rpn.post_nms_top_n()) == (200, 40)
    assert model.rpn.nms_thresh == 0.7
    assert model.rpn.fg_bg_sampler.batch_size_per_image == 256
    assert model.rpn.fg_bg_sampler.positive_fraction == 0.5


def test_offsets_of_the_example() -> None:
    anchor = torch.tensor([[10.0, 20, 50, 40]])
    target = torch.tensor([[22.0, 12, 70, 36]])
    offsets = BoxCoder((1.0, 1.0, 1.0, 1.0)).encode_single(target, anchor)
    expected = torch.tensor([[16 / 40, -6 / 20, log(1.2), log(1.2)]])
    torch.testing.assert_close(offsets, expected)
    assert log(1.2) == pytest.approx(0.18, abs=0.005)
    doubled = BoxCoder((1.0, 1.0, 1.0, 1.0)).encode_single(2 * target, 2 * anchor)
    torch.testing.assert_close(doubled, offsets)


# suppression


def test_heap_of_four_boxes() -> None:
    lefts = torch.tensor([0.0, 2, 4, 30])
    heap = torch.stack([lefts, 0 * lefts, lefts + 10, 0 * lefts + 10], dim=1)
    scores = torch.tensor([0.7, 0.9, 0.8, 0.6])
    iou = box_iou(heap, heap)
    assert iou[1, 0].item() == iou[1, 2].item() == pytest.approx(0.67, abs=0.005)
    assert iou[0, 2].item() == pytest.approx(0.43, abs=0.005)
    assert nms(heap, scores, 0.5).tolist() == [1, 3]
    labels = torch.tensor([3, 3, 7, 3])
    assert [CLASS_NAMES[3], CLASS_NAMES[7]] == ["cat", "horse"]
    assert batched_nms(heap, scores, labels, 0.5).tolist() == [1, 2, 3]


# the opened network


def test_roi_align_reads_the_ramp_at_the_centres_of_its_bins() -> None:
    ramp = torch.arange(8.0)[None] + 10 * torch.arange(6.0)[:, None]
    region = torch.tensor([[2.0, 1, 6, 5]])
    bins = roi_align(ramp[None, None], [region], output_size=2, sampling_ratio=2)
    assert bins[0, 0].tolist() == [[23, 25], [43, 45]]


def test_cat_of_the_scene_is_called_a_dog_too(
    scene: Scene, detector: torch.nn.Module
) -> None:
    names = sure(detector, scene.image / 255)
    assert names == ["automobile", "automobile", "cat", "dog", "truck"]
    assert "dog" not in sure(detector, scene.image / 255, least=0.7)


def test_one_scene_has_an_invention_and_one_an_oversight(
    detector: torch.nn.Module,
) -> None:
    hidden, overlooked = (draw_scene(k, split="test") for k in (8, 7))
    names = sorted(CLASS_NAMES[label] for label in hidden.labels.tolist())
    assert names == ["cat", "truck", "truck"]
    assert sure(detector, hidden.image / 255) == ["cat", "truck", "truck", "truck"]
    names = sorted(CLASS_NAMES[label] for label in overlooked.labels.tolist())
    assert names == ["airplane", "automobile", "truck"]
    assert sure(detector, overlooked.image / 255) == ["automobile", "truck"]


def test_astronaut_is_a_horse_to_our_network(detector: torch.nn.Module) -> None:
    assert "horse" in sure(detector, photo("astronaut"))


def test_training_took_half_an_hour_and_24000_scenes() -> None:
    facts = shipped()["detector"]
    assert 25 * 60 < facts["seconds"] < 35 * 60
    assert (train_detector.STEPS, train_detector.BATCH_SIZE) == (3000, 8)
    assert facts["figures"]["box AP50 on 500 held-out scenes"] == pytest.approx(
        0.94, abs=0.005
    )


def test_official_detectors_have_160_and_170_mb() -> None:
    sizes = (
        FasterRCNN_ResNet50_FPN_Weights.DEFAULT.meta["_file_size"],
        MaskRCNN_ResNet50_FPN_Weights.DEFAULT.meta["_file_size"],
    )
    assert [round(size, -1) for size in sizes] == [160, 170]


# precision and recall


def test_average_precision_of_the_five_boxes() -> None:
    assert pytest.approx(0.691, abs=0.0005) == (51 * 1 + 25 * 0.75) / 101
    assert check_average_precision.reference(HITS, 4) == pytest.approx(
        (51 + 25 * 0.75) / 101
    )
    precision = HITS.cumsum(0) / torch.arange(1, 6)
    assert precision.tolist() == pytest.approx([1, 1, 2 / 3, 0.75, 0.6])
    assert (HITS.cumsum(0) / 4).tolist() == [0.25, 0.5, 0.5, 0.75, 0.75]


def test_lessons_ap_is_coco_s_on_random_rankings() -> None:
    average_precision = functions_of("08", "average_precision")["average_precision"]
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        hits = torch.rand(30, generator=generator) < 0.5
        count = int(hits.sum()) + 4
        expected = check_average_precision.reference(hits, count)
        assert average_precision(hits, count) == pytest.approx(expected, abs=1e-6)


# films and photographs


def test_first_film_has_no_identity_switch_and_the_second_has_one(
    detector: torch.nn.Module,
) -> None:
    lesson = functions_of("08", "follow", "switches", "confident")
    counts = []
    for index in (7, 4):
        film = draw_film(index)
        assert len(film.frames) == 8
        with torch.inference_mode():
            answers = detector([frame.image / 255 for frame in film.frames])
        seen = [lesson["confident"](answer, least=0.7) for answer in answers]
        numbers = lesson["follow"]([answer["boxes"] for answer in seen])
        counts.append(lesson["switches"](film, seen, numbers))
        names = [CLASS_NAMES[label] for label in film.frames[0].labels.tolist()]
        assert names == {7: ["horse", "deer"], 4: ["bird", "deer"]}[index]
    assert counts == [0, 1]


def test_recorded_names_are_those_of_the_figure() -> None:
    run = recorded("lesson08_detections")
    labels = {name: set(answer["labels"]) for name, answer in run["photos"].items()}
    assert labels["astronaut"] == {"person", "mouse", "bottle"}
    assert labels["coffee"] == {"cup", "dining table"}
    assert "person" in labels["camera"]
    assert labels["coins"] == {"cake", "clock"}
    assert {"source", "licence", "sha256", "script", "machine", "date"} <= run.keys()


def test_recorded_boxes_lie_within_their_photographs() -> None:
    for name, answer in recorded("lesson08_detections")["photos"].items():
        assert (answer["height"], answer["width"]) == tuple(photo(name).shape[1:])
        for left, top, right, bottom in answer["boxes"]:
            assert 0 <= left < right <= answer["width"]
            assert 0 <= top < bottom <= answer["height"]


# the quiz


@pytest.mark.parametrize("number", range(6))
def test_right_answer_of_the_quiz_is_right(number: int) -> None:
    question = questions.quiz.questions[number]
    assert question.judge(question.correct)[0] == "right"


def test_quiz_numbers_by_hand() -> None:
    assert questions.mean_iou_of_background(0.85, 2) == pytest.approx(0.85 / 3)
    corners = (10, 10, 20, 20), (20, 20, 20, 20)
    assert questions.iou_of_corner_and_size(*corners) == pytest.approx(100 / 700)
    strides = (4, 8, 16, 32, 64)
    assert questions.anchors_of_pyramid(768, 1024, strides, 3) == 3 * 65_472
    assert 3 * 192 * 256 == 147_456
