"""Scenes, photographs, predictions and measures of segmentation."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import jaccard_score
from torch import Tensor, nn
from torchmetrics.classification import MulticlassConfusionMatrix

from course_utils.drawn import draw_scene
from course_utils.segmentation import (
    SCENE_CLASSES,
    class_iou,
    draw_scenes,
    fit_photo,
    mean_iou,
    pixel_confusion,
    predict_labels,
)


class Half(nn.Module):
    """Says class 1 where the red channel is above a half, and notes how it was used."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple[int, bool]] = []

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        self.batches.append((len(images), self.training))
        red = images[:, :1]
        return {"out": torch.cat([1 - red, red], dim=1)}


def random_regions(ignored: float = 0.0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 5, (3, 8, 9), generator=generator)
    predicted = torch.randint(0, 5, (3, 8, 9), generator=generator)
    labels[torch.rand(labels.shape, generator=generator) < ignored] = 255
    return labels, predicted


def test_scenes_are_those_of_the_drawn_world() -> None:
    images, labels = draw_scenes((3, 8), "test", size=(48, 64))
    scene = draw_scene(8, split="test", size=(48, 64))
    assert images.shape == (2, 3, 48, 64)
    assert torch.equal(images[1], scene.image)
    assert torch.equal(labels[1], scene.semantic)


def test_no_scene_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="indices is empty"):
        draw_scenes([])


def test_scene_classes_begin_with_the_background() -> None:
    _, labels = draw_scenes(range(30), "validation")
    assert SCENE_CLASSES[0] == "background"
    assert labels.unique().tolist() == list(range(len(SCENE_CLASSES)))


@pytest.mark.parametrize(
    ("name", "size"), [("chelsea", (337, 513)), ("camera", (513,) * 2)]
)
def test_photo_fits_the_grid_of_the_network(name: str, size: tuple[int, int]) -> None:
    image = fit_photo(name)
    assert image.shape == (3, *size)
    assert image.min() >= 0
    assert image.max() <= 1
    assert all(side % 16 == 1 for side in size)


def test_grey_photo_has_three_equal_channels() -> None:
    image = fit_photo("camera", longer_side=65)
    assert torch.equal(image[0], image[2])


def test_prediction_is_the_same_in_batches_of_any_size() -> None:
    images = torch.rand(5, 3, 6, 7)
    model = Half()
    labels = predict_labels(model, images, batch_size=2)
    assert torch.equal(labels, (images[:, 0] > 0.5).long())
    assert model.batches == [(2, False), (2, False), (1, False)]


def test_prediction_leaves_the_model_in_training_if_it_was() -> None:
    model = Half().train()
    predict_labels(model, torch.rand(1, 3, 4, 4))
    assert model.training


def test_predictions_are_ordinary_tensors() -> None:
    labels = predict_labels(Half(), torch.rand(1, 3, 4, 4))
    assert not labels.is_inference()


def test_confusion_has_true_classes_in_its_rows() -> None:
    counts = pixel_confusion(torch.tensor([[0, 0, 1]]), torch.tensor([[0, 1, 1]]), 2)
    assert counts.tolist() == [[1, 1], [0, 1]]


def test_confusion_agrees_with_torchmetrics_on_ignored_pixels() -> None:
    labels, predicted = random_regions(ignored=0.2)
    metric = MulticlassConfusionMatrix(5, ignore_index=255)
    assert torch.equal(pixel_confusion(labels, predicted, 5), metric(predicted, labels))


def test_labels_and_predictions_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 4, 4\).*\(1, 2, 2\)"):
        pixel_confusion(torch.zeros(1, 4, 4), torch.zeros(1, 2, 2), 3)


def test_iou_agrees_with_scikit_learn() -> None:
    labels, predicted = random_regions()
    expected = jaccard_score(labels.flatten(), predicted.flatten(), average=None)
    ious = class_iou(pixel_confusion(labels, predicted, 5))
    torch.testing.assert_close(ious, torch.from_numpy(expected))


def test_class_that_is_nowhere_has_no_iou_and_does_not_count() -> None:
    labels, predicted = random_regions()
    five, six = (pixel_confusion(labels, predicted, count) for count in (5, 6))
    assert class_iou(six)[5].isnan()
    assert mean_iou(six) == pytest.approx(mean_iou(five))


def test_false_alarm_has_iou_zero_and_counts() -> None:
    counts = pixel_confusion(torch.tensor([0, 0, 0, 0]), torch.tensor([0, 0, 0, 1]), 2)
    assert class_iou(counts).tolist() == [0.75, 0.0]
    assert mean_iou(counts) == 0.375
