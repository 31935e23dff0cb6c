"""Grad-CAM: it finds what speaks for a class, and says what it cannot use."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from course_utils import transfer


class Spotter(nn.Module):
    """Class 0 is told by the first map, class 1 by the second."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(3, 2, kernel_size=1, bias=False)
        self.maps.weight.data = torch.eye(3)[:2, :, None, None]

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        return self.maps(x).mean(dim=(2, 3))


def spotted() -> Tensor:
    """A picture that is red at the top left and green at the bottom right."""
    image = torch.zeros(1, 3, 4, 4)
    image[0, 0, 0, 0] = 2.0
    image[0, 1, 3, 3] = 1.0
    return image


@pytest.mark.parametrize(("label", "place"), [(0, (0, 0)), (1, (3, 3))])
def test_grad_cam_finds_what_speaks_for_a_class(
    label: int, place: tuple[int, int]
) -> None:
    model = Spotter()
    cam = transfer.grad_cam(model, model.maps, spotted(), label)
    assert cam.shape == (4, 4)
    assert cam[place] == 1
    assert cam.sum() == 1


def test_grad_cam_works_on_a_frozen_model_and_leaves_no_hook() -> None:
    model = Spotter().requires_grad_(False)
    assert transfer.grad_cam(model, model.maps, spotted(), 0).max() == 1
    assert not model.maps._forward_hooks


def test_grad_cam_is_all_zero_where_nothing_speaks_for_the_class() -> None:
    model = Spotter()
    cam = transfer.grad_cam(model, model.maps, -spotted(), 0)
    assert cam.abs().sum() == 0


def test_grad_cam_of_several_images_is_refused() -> None:
    model = Spotter()
    with pytest.raises(ValueError, match="expected one image"):
        transfer.grad_cam(model, model.maps, torch.zeros(2, 3, 4, 4), 0)


def test_grad_cam_of_another_models_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="Is it a layer of this model"):
        transfer.grad_cam(Spotter(), Spotter().maps, spotted(), 0)


def test_grad_cam_of_a_layer_without_maps_is_refused() -> None:
    model = nn.Sequential(Spotter(), nn.Linear(2, 2))
    with pytest.raises(ValueError, match="Choose a convolution"):
        transfer.grad_cam(model, model[1], spotted(), 0)
