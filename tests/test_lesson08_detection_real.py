"""Real photographs and a real detector, through lesson 08's own functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
import torch
from torch import Tensor
from torchvision.models.detection.ssd import SSD
from torchvision.ops import batched_nms, box_iou

from course_utils.boxes import show_boxes
from course_utils.recorded import recorded
from tests.lesson_functions import functions_of
from tools.record_detection import CATEGORIES, in_colour
from tools.ssd_mobilenet import FILE, load_ssd

REAL = Path(__file__).parents[1].parent / "shared" / "real" / "weights"

pytestmark = pytest.mark.skipif(
    not (REAL / FILE).is_file(), reason=f"needs the weights {FILE} in {REAL}"
)
FUNCTIONS = (
    "confident",
    "described",
    "follow",
    "pairwise_iou",
    "precision_recall",
    "suppress",
)


@pytest.fixture(scope="module")
def lesson() -> dict[str, Callable[..., Any]]:
    return functions_of("08", *FUNCTIONS)


@pytest.fixture(scope="module")
def network() -> SSD:
    return load_ssd(REAL)


@pytest.fixture(scope="module")
def found(network: SSD) -> dict[str, dict[str, Tensor]]:
    """What the network finds on each recorded photograph, now."""
    names = recorded("lesson08_detections")["photos"]
    with torch.inference_mode():
        return {name: network([in_colour(name)])[0] for name in names}


def test_recording_is_what_the_network_says(
    found: dict[str, dict[str, Tensor]],
) -> None:
    for name, then in recorded("lesson08_detections")["photos"].items():
        now = found[name]
        assert [CATEGORIES[label] for label in now["labels"].tolist()] == then["labels"]
        if then["boxes"]:
            boxes = torch.tensor(then["boxes"])
            torch.testing.assert_close(now["boxes"], boxes, atol=0.5, rtol=0)


def test_cat_person_and_cup_are_found(
    lesson: dict[str, Any], found: dict[str, dict[str, Tensor]]
) -> None:
    for name, thing in (("chelsea", "cat"), ("astronaut", "person"), ("coffee", "cup")):
        texts = lesson["described"](lesson["confident"](found[name]), CATEGORIES)
        assert any(text.startswith(thing) for text in texts), texts


def test_answers_are_drawn_over_their_photographs(
    lesson: dict[str, Any], found: dict[str, dict[str, Tensor]]
) -> None:
    for name, answer in found.items():
        figure, ax = plt.subplots()
        texts = lesson["described"](answer, CATEGORIES)
        show_boxes(in_colour(name), answer["boxes"], ax, texts=texts, title=name)
        assert len(ax.texts) == len(answer["boxes"])
        plt.close(figure)


def test_lessons_suppression_equals_torchvisions_on_real_boxes(
    lesson: dict[str, Any], network: SSD
) -> None:
    """Before suppression a real network gives many boxes for one thing."""
    threshold, network.nms_thresh = network.nms_thresh, 1.0
    with torch.inference_mode():
        raw = network([in_colour("grace_hopper")])[0]
    network.nms_thresh = threshold
    heap = (raw["boxes"], raw["scores"], raw["labels"])
    assert len(heap[0]) > 10
    kept = lesson["suppress"](*heap, 0.6)
    assert kept.tolist() == batched_nms(*heap, 0.6).tolist()
    assert len(kept) < len(heap[0]) / 2
    torch.testing.assert_close(
        lesson["pairwise_iou"](heap[0], heap[0]), box_iou(heap[0], heap[0])
    )


def test_network_agrees_with_itself_on_the_mirrored_photograph(
    lesson: dict[str, Any], network: SSD, found: dict[str, dict[str, Tensor]]
) -> None:
    image = in_colour("camera")
    with torch.inference_mode():
        mirrored = lesson["confident"](network([image.flip(-1)])[0])
    left, top, right, bottom = mirrored["boxes"].unbind(1)
    width = image.shape[-1]
    back = torch.stack([width - right, top, width - left, bottom], dim=1)
    truth = lesson["confident"](found["camera"])["boxes"]
    precision, recall = lesson["precision_recall"](back, mirrored["scores"], truth, 0.7)
    assert precision == recall == 1.0


def test_a_person_is_followed_while_the_camera_pans(
    lesson: dict[str, Any], network: SSD
) -> None:
    image = in_colour("camera")
    frames = [image[:, :, shift : shift + 432] for shift in range(0, 60, 20)]
    with torch.inference_mode():
        answers = [lesson["confident"](network([frame])[0]) for frame in frames]
    people = [a["boxes"][a["labels"] == CATEGORIES.index("person")] for a in answers]
    numbers = lesson["follow"](people)
    assert all(row[:1] == [0] for row in numbers), numbers
