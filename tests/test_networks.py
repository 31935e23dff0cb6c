"""The networks of lesson 04: shapes, sizes, and what they refuse."""

import pytest
import torch
from torch import nn

from course_utils.networks import LabCNN, LectureCNN


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("batch_size", [1, 5])
def test_lecture_cnn_gives_one_logit_for_each_class(batch_size: int) -> None:
    assert LectureCNN()(torch.zeros(batch_size, 3, 32, 32)).shape == (batch_size, 10)
    assert LectureCNN(num_classes=3)(torch.zeros(1, 3, 32, 32)).shape == (1, 3)


def test_lecture_cnn_has_as_many_parameters_as_the_slide() -> None:
    layers = (
        3 * 6 * 9 + 6,
        6 * 6 * 9 + 6,
        384 * 120 + 120,
        120 * 84 + 84,
        84 * 10 + 10,
    )
    assert count(LectureCNN()) == sum(layers) == 57_712


def test_lecture_cnn_has_the_names_of_the_slide() -> None:
    names = [name for name, _ in LectureCNN().named_children()]
    assert names == ["conv1", "act1", "pool1", "conv2", "flat", "fc1", "fc2", "fc3"]


def test_lecture_cnn_gives_logits_and_not_probabilities() -> None:
    torch.manual_seed(0)
    logits = LectureCNN()(torch.randn(4, 3, 32, 32))
    assert (logits < 0).any()


@pytest.mark.parametrize(("size", "features"), [(32, 1152), (28, 800), (10, 32)])
def test_lab_cnn_fits_its_linear_layer_to_the_image(size: int, features: int) -> None:
    model = LabCNN(image_size=size)
    assert model.layers[-1].in_features == features
    assert model(torch.zeros(2, 3, size, size)).shape == (2, 10)


def test_lab_cnn_has_as_many_parameters_as_the_slide() -> None:
    layers = (28 * 16, 145 * 32, 1153 * 10)
    assert count(LabCNN()) == sum(layers) == 16_618


def test_lab_cnn_refuses_images_that_are_too_small() -> None:
    with pytest.raises(ValueError, match=r"image_size is 9; expected at least 10"):
        LabCNN(image_size=9)
