"""Which networks show activations: those with trained weights at hand, no others."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from course_utils import pretrained
from course_utils.widgets import NetworkExplorer
from tests.real_files import asset
from tests.stand_in_weights import put


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of torch's, the workbook's cache as it is."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.delenv("COURSE_WEIGHTS", raising=False)
    return tmp_path / "checkpoints"


@pytest.fixture
def squeezenet() -> NetworkExplorer:
    asset("squeezenet")
    return NetworkExplorer()


def test_squeezenet_sees_a_cat(squeezenet: NetworkExplorer) -> None:
    assert "cat" in squeezenet.top[0][0]
    squeezenet.image = "coffee"
    assert squeezenet.top[0][0] == "espresso"


def test_activations_are_those_of_the_pretrained_network(
    squeezenet: NetworkExplorer,
) -> None:
    network = pretrained.classifier("squeezenet1_1")
    images = network.prepare(squeezenet.reading().pixels[None])
    with torch.no_grad():
        expected = network.model.features(images)[0]
    squeezenet.layer = "features.12 (concatenation)"
    assert squeezenet.feature_maps is not None
    torch.testing.assert_close(squeezenet.feature_maps, expected)


def test_the_weights_are_named(squeezenet: NetworkExplorer) -> None:
    network = pretrained.classifier("squeezenet1_1")
    line = squeezenet.table().sentences[-1]
    assert line == f"Weights: {network.score}; {network.origin}."


def test_a_pretrained_network_can_be_given_itself() -> None:
    asset("efficientnet_lite0")
    shown = NetworkExplorer(pretrained.classifier("efficientnet_lite0"))
    assert shown.architecture == "efficientnet_lite0"
    assert "cat" in shown.top[0][0]


@pytest.mark.parametrize("name", ["lenet5", "googlenet", "densenet121"])
def test_where_nobody_has_weights_it_says_so(name: str) -> None:
    shown = NetworkExplorer(name)
    assert shown.feature_maps is shown.channel is shown.probabilities is None
    assert shown.top == []
    assert shown._page["channels"] == []
    last = shown.table().sentences[-1]
    assert last.startswith("Shapes only: the workbook has no trained weights of ")


def test_where_weights_are_not_at_hand_it_says_how_to_fetch_them() -> None:
    shown = NetworkExplorer("resnet152", "layer3.20.conv2")
    assert shown.feature_maps is None
    assert shown.table().sentences[-1] == (
        "Shapes only: the trained weights of ResNet-152 are not at hand. To fetch "
        "them, run pretrained.classifier('resnet152', download=True), then choose "
        "ResNet-152 again."
    )
    with pytest.raises(ValueError, match=r"there is no channel to show\. Shapes only"):
        shown.channel = 3


def test_small_weights_leave_official_ones_out(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("resnet18", hub)
    monkeypatch.setenv("COURSE_WEIGHTS", "small")
    shown = NetworkExplorer("resnet18")
    assert shown.feature_maps is None
    assert "COURSE_WEIGHTS is 'small'" in shown.table().sentences[-1]


def test_weights_that_are_not_the_official_ones_carry_a_caution(hub: Path) -> None:
    put("resnet18", hub)
    shown = NetworkExplorer("resnet18")
    assert shown.feature_maps is not None
    assert shown.table().sentences[-1] == pretrained.classifier("resnet18").note != ""
    assert shown._answer["lines"][-1] == shown.table().sentences[-1]


def test_a_damaged_file_is_a_problem_and_shapes_are_kept(hub: Path) -> None:
    file = put("resnet18", hub)
    file.write_bytes(file.read_bytes()[:5000])
    shown = NetworkExplorer("resnet18")
    with pytest.raises(pretrained.WeightsError) as error:
        pretrained.classifier("resnet18")
    assert shown._problem == str(error.value)
    assert shown.feature_maps is None
    assert shown.facts.output_shape == (1, 64, 112, 112)
    shown.architecture = "alexnet"
    assert shown._problem == ""
