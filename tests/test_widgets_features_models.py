"""Which networks the feature-map explorer computes, and how it refuses the others."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.widgets import FeatureMapExplorer

IMAGES = torch.arange(2 * 3 * 8 * 8).reshape(2, 3, 8, 8).remainder(251).to(torch.uint8)
NORMALISED = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def explorer(model: nn.Module, images: Tensor = IMAGES) -> FeatureMapExplorer:
    return FeatureMapExplorer(model, images, [0, 1], ("cat", "dog"), **NORMALISED)


def network(*layers: nn.Module, features: int = 256) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 2))


def conv(**settings: Any) -> nn.Conv2d:
    return nn.Conv2d(3, 4, 3, **{"padding": 1, **settings})


class Steps(nn.Module):
    """A model whose forward is given; for steps that are no chain of layers."""

    def __init__(self, forward: Any) -> None:
        super().__init__()
        self.conv1 = conv()
        self.act1 = nn.ReLU()
        self.flat = nn.Flatten()
        self.fc1 = nn.Linear(256, 2)
        self.steps = forward

    def forward(self, x: Tensor) -> Any:
        return self.steps(self, x)


REFUSED = {
    "a branch": (lambda m, x: m.fc1(m.flat(m.act1(x[:, :1] + m.conv1(x)))), "act1"),
    "a function": (lambda m, x: m.fc1(m.flat(F.relu(m.conv1(x)))), "flat"),
    "a view": (lambda m, x: m.fc1(m.conv1(x).view(len(x), -1)), "fc1"),
    "own scaling": (lambda m, x: m.fc1(m.flat(m.conv1(x * 2))), "conv1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_chain_of_layers_is_refused_where_it_breaks(name: str) -> None:
    forward, layer = REFUSED[name]
    with pytest.raises(ValueError, match=f"^{layer} does not receive") as error:
        explorer(Steps(forward))
    assert "F.relu" in str(error.value)


def test_a_function_after_the_last_layer_is_refused() -> None:
    model = Steps(lambda m, x: m.fc1(m.flat(m.conv1(x))).softmax(1))
    with pytest.raises(ValueError, match="model does not return what fc1 gives"):
        explorer(model)


def test_values_changed_in_place_between_layers_are_noticed() -> None:
    model = Steps(lambda m, x: m.fc1(m.flat(m.conv1(x).relu_())))
    with pytest.raises(ValueError, match="do not give what model gives"):
        explorer(model)


class OwnConv(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (network(conv(), nn.Sigmoid()), "1 is Sigmoid, which the explorer does not"),
        (network(conv(), nn.Softmax(1)), "it computes Conv2d, BatchNorm2d, ReLU, Max"),
        (network(OwnConv(3, 4, 3, padding=1)), "0 is OwnConv"),
        (network(nn.Conv2d(3, 4, 7, padding=3)), "0 has kernels of 7x7"),
        (network(conv(), nn.MaxPool2d(3, 1, 1, ceil_mode=True)), "1 has ceil_mode"),
        (network(conv(), nn.AvgPool2d(1, divisor_override=2)), "1 has a divisor_"),
        (
            network(conv(), nn.BatchNorm2d(4, track_running_stats=False)),
            "1 keeps no running statistics",
        ),
        (network(conv(), nn.Flatten(2)), r"1 turns shape \(2, 4, 8, 8\) into"),
        (network(nn.ReLU(), features=192), "model has no Conv2d"),
        (nn.Sequential(conv()), r"model returns shape \(2, 4, 8, 8\); expected logits"),
        (network(conv(), features=99), r"does not take images of shape \(2, 3, 8, 8\)"),
        (
            network(conv(), nn.Conv2d(4, 5000, 5, padding=2), features=320_000),
            "takes at most 20,000,000",
        ),
    ],
)
def test_a_layer_it_cannot_compute_is_named(model: nn.Module, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        explorer(model)


def test_weights_that_are_not_finite_are_refused() -> None:
    model = network(conv())
    nn.init.constant_(model[-1].bias, torch.nan)
    with pytest.raises(ValueError, match="model gives NaN or infinity"):
        explorer(model)


def test_something_else_than_a_model_is_refused() -> None:
    with pytest.raises(TypeError, match="model is list; expected an nn"):
        explorer([conv()])  # type: ignore[arg-type]


def test_batch_norm_and_dropout_are_those_of_evaluation() -> None:
    model = network(conv(bias=False), nn.BatchNorm2d(4), nn.Dropout(), nn.ReLU(True))
    model(torch.randn(16, 3, 8, 8))  # moves the running statistics
    expected = model.eval()(IMAGES / 255)[0]
    torch.testing.assert_close(explorer(model.train()).logits, expected)


def test_an_inplace_relu_leaves_the_maps_before_it() -> None:
    shown = explorer(network(conv(), nn.ReLU(inplace=True)))
    assert shown.feature_maps.min() < 0
    shown.layer = "1"
    assert shown.feature_maps.min() == 0


def test_before_the_first_convolution_there_is_no_kernel() -> None:
    shown = explorer(network(nn.AvgPool2d(2), conv(), features=64))
    assert shown.layer == "1"
    shown.layer = "0"
    assert shown.kernel is None
    with pytest.raises(ValueError, match="no convolution comes before 0"):
        shown.kernel = [[1]]


def test_a_convolution_called_twice_changes_in_both_places() -> None:
    def twice(m: Steps, x: Tensor) -> Tensor:
        return m.fc1(m.flat(m.act1(m.conv1(m.conv1(x)))))

    model = Steps(twice)
    model.conv1, model.fc1 = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(192, 2)
    shown = explorer(model)
    shown.layer = "conv1 (2)"
    shown.kernel = torch.zeros(3, 3)
    model.load_state_dict(shown.edited_state_dict())
    torch.testing.assert_close(shown.logits, model(IMAGES / 255)[0])


def test_grey_images_are_taken() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 2))
    gray = IMAGES[:, :1]
    shown = FeatureMapExplorer(model, gray, [0, 1], ("cat", "dog"), mean=0, std=1)
    torch.testing.assert_close(shown.logits, model(gray / 255)[0])
