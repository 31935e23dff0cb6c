"""What the network explorer refuses, saying what to do, and without any loss."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from course_utils.widgets import NetworkExplorer
from tests.network_toys import Toy, toy_explorer

WRONG: dict[str, tuple[str, Any, str]] = {
    "architecture": ("architecture", "vgg17", "architecture is 'vgg17'; choose one of"),
    "layer": ("layer", "conv9", "layer is 'conv9', which Toy .yours. does not have"),
    "image": ("image", "dog", "image is 'dog'; choose one of astronaut, rocket"),
    "image's shape": ("image", torch.zeros(4, 4), r"image has shape \(4, 4\); expect"),
    "image's range": ("image", torch.ones(3, 4, 4) * 9, "values from 9 to 9; expected"),
    "order": ("order", "weakest", "order is 'weakest'; choose one of strongest first"),
    "row": ("position", (20, 0), r"position is \(20, 0\), outside the output of 20x16"),
    "position": ("position", 3, "position is 3; give two whole numbers such as"),
    "channel": ("channel", 14, "channel is 14, but conv has 14; choose 0 to 13"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_state_is_refused_here_and_in_the_widget(name: str) -> None:
    state, value, says = WRONG[name]
    shown = toy_explorer("conv")
    before, sent = repr(shown), shown.get_state(["_where", "_network", "_photo"])
    with pytest.raises(ValueError, match=says) as error:
        setattr(shown, state, value)
    assert shown._problem == str(error.value)
    assert repr(shown) == before
    assert shown.get_state(["_where", "_network", "_photo"]) == sent
    shown.layer = "relu"
    assert shown._problem == ""


FROM_THE_PAGE: dict[str, tuple[dict[str, Any], str]] = {
    "architecture": ({"architecture": "vgg17"}, "architecture is 'vgg17'"),
    "image": ({"image": "dog"}, "image is 'dog'"),
    "layer": ({"_where": {"layer": "conv9"}}, "layer is 'conv9'"),
    "rank": (
        {"_where": {"layer": "conv", "position": [0, 0], "rank": 14}},
        "rank is 14, but conv has 14; choose 0 to 13",
    ),
}


@pytest.mark.parametrize("name", FROM_THE_PAGE)
def test_what_a_page_cannot_have_is_answered_with_the_sentence(name: str) -> None:
    state, says = FROM_THE_PAGE[name]
    shown = toy_explorer("conv")
    before = shown.get_state([*state, "_network", "_photo", "_page"])
    shown.set_state(state)
    assert shown._problem.startswith(says)
    assert shown.get_state([*state, "_network", "_photo", "_page"]) == before


def test_similar_names_are_named_where_there_are_too_many_for_all() -> None:
    shown = NetworkExplorer("resnet34")
    with pytest.raises(ValueError, match=r"layer1\.0\.conv2.*names all 125"):
        shown.layer = "layer1.0.conv3"


class Constant(nn.Module):
    """Does not look at its input."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.ones(1, 2)


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no shape": (Toy(), {}, "input_shape is missing; give the shape"),
    "wrong shape": (Toy(), {"input_shape": (1, 3, 2)}, r"expected \(N, C, H, W\)"),
    "no photograph": (Toy(), {"input_shape": (1, 4, 40, 32)}, "1 channel .grey. or 3"),
    "misfit": (
        Toy(),
        {"input_shape": (1, 1, 40, 32)},
        "Stopped at conv .* in_channels",
    ),
    "nothing": (
        Constant(),
        {"input_shape": (1, 3, 8, 8)},
        "computes nothing from its in",
    ),
    "layer": (
        "alexnet",
        {"layer": "conv1"},
        "layer is 'conv1', which AlexNet does not",
    ),
    "image": ("alexnet", {"image": "dog"}, "image is 'dog'; choose one of"),
    "architecture": (
        "alexnet2",
        {},
        "architecture is 'alexnet2'; choose one of lenet5",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_opened_is_explained(name: str) -> None:
    architecture, options, says = REFUSED[name]
    with pytest.raises(ValueError, match=says):
        NetworkExplorer(architecture, **options)


def test_something_else_than_a_network_is_refused() -> None:
    with pytest.raises(TypeError, match="architecture is int; expected the name"):
        NetworkExplorer(5)  # type: ignore[arg-type]


class Grumpy(nn.Module):
    """Knows its shapes, but fails on a real image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        if not x.is_meta:
            raise RuntimeError("no photographs today")
        maps: Tensor = self.conv(x)
        return maps


def test_a_model_that_fails_on_the_image_keeps_its_shapes() -> None:
    shown = NetworkExplorer(Grumpy(), input_shape=(1, 3, 8, 8))
    assert shown._problem.endswith("no photographs today")
    assert shown.facts.output_shape == (1, 2, 6, 6)
    assert shown.feature_maps is None
    assert shown.table().sentences[-1] == (
        "Shapes only: the network does not run on this image."
    )
