"""One function a role: which network it gives, and what can be done with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from course_utils import pretrained
from course_utils.assets import MissingAssetError
from course_utils.pretrained import Body, Network
from tests.real_files import asset
from tests.stand_in_weights import put


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of torch's, the workbook's cache as it is."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.delenv("COURSE_WEIGHTS", raising=False)
    return tmp_path / "checkpoints"


@pytest.fixture
def wheels() -> None:
    asset("squeezenet")
    asset("efficientnet_lite0")


def plain(**changes: object) -> Network:
    values = {
        "model": nn.Identity(), "name": "net", "title": "Net", "source": "ours",
        "origin": "made up", "score": "no score", "top1": None, "licence": "none",
        "bytes": 1500, "classes": [], "input_size": 32,
    }  # fmt: skip
    return Network(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["classifier", "body", "style_features"])
def test_without_official_weights_squeezenet_is_taken(wheels: None, role: str) -> None:
    network = getattr(pretrained, role)()
    assert (network.name, network.source) == ("squeezenet1_1", "wheel")
    assert not network.model.training
    assert all(p.requires_grad for p in network.model.parameters())


@pytest.mark.parametrize(
    ("role", "official"),
    [("classifier", "resnet50"), ("body", "resnet18"), ("style_features", "vgg19")],
)
def test_small_leaves_official_weights_out(
    wheels: None, hub: Path, monkeypatch: pytest.MonkeyPatch, role: str, official: str
) -> None:
    put(official, hub)
    monkeypatch.setenv("COURSE_WEIGHTS", "small")
    assert getattr(pretrained, role)(download=True).name == "squeezenet1_1"


def test_small_refuses_what_is_official_only(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("resnet18", hub)
    monkeypatch.setenv("COURSE_WEIGHTS", "small")
    with pytest.raises(
        MissingAssetError, match=r"ResNet-18 .* COURSE_WEIGHTS is 'small'"
    ):
        pretrained.classifier("resnet18")


@pytest.mark.parametrize("value", ["big", "SMALL", "1"])
def test_an_unknown_kind_of_weights_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("COURSE_WEIGHTS", value)
    with pytest.raises(
        ValueError, match=rf"COURSE_WEIGHTS is '{value}', expected 'auto'"
    ):
        pretrained.classifier()


def test_no_value_means_auto(
    hub: Path, wheels: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_WEIGHTS", "")
    put("resnet18", hub)
    assert pretrained.classifier(quiet=True).name == "resnet18"


@pytest.mark.parametrize(
    ("role", "known"),
    [
        ("classifier", "efficientnet_lite0"),
        ("body", "resnet50"),
        ("style_features", "vgg19"),
        ("segmenter", "deeplabv3_resnet50, segmenter"),
        ("detector", "detector, fasterrcnn_resnet50_fpn"),
        ("instance_segmenter", "instance_segmenter, maskrcnn_resnet50_fpn"),
    ],
)
def test_an_unknown_name_gets_the_list(role: str, known: str) -> None:
    with pytest.raises(ValueError, match=f"no network 'resnet19' for this.*{known}"):
        getattr(pretrained, role)("resnet19")


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("squeezenet1_1", 512),
        ("efficientnet_lite0", 1280),
        ("resnet18", 512),
        ("resnet50", 2048),
    ],
)
def test_a_body_gives_features_of_the_same_network(
    wheels: None, hub: Path, name: str, channels: int
) -> None:
    if name.startswith("resnet"):
        put(name, hub)
    network = pretrained.body(name, quiet=True)
    assert isinstance(network, Body)
    with torch.no_grad():
        maps = network.features(torch.rand(2, 3, 97, 65))
    assert maps.shape[:2] == (2, channels)
    assert network.num_features == channels
    whole = {id(parameter) for parameter in network.model.parameters()}
    assert {id(parameter) for parameter in network.features.parameters()} < whole


def test_features_and_head_make_the_whole_network(hub: Path) -> None:
    put("resnet18", hub)
    network = pretrained.body("resnet18", quiet=True)
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        pooled = network.features(images).mean((2, 3))
        assert torch.allclose(
            network.model.fc(pooled), network.model(images), atol=1e-6
        )


def test_style_layers_keep_what_was_taken_from_them(wheels: None) -> None:
    network = pretrained.style_features()
    assert isinstance(network.model, nn.Sequential)
    images = network.prepare(torch.rand(1, 3, 64, 64))
    with torch.no_grad():
        first = network.model[0](images)
        kept = first.clone()
        network.model[1:](first)
    assert torch.equal(first, kept)


def test_loading_draws_no_random_numbers(wheels: None) -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    pretrained.body("efficientnet_lite0")
    assert torch.equal(torch.rand(3), expected)


def test_bytes_and_floats_are_prepared_alike() -> None:
    pixels = torch.randint(0, 256, (2, 3, 4, 5), dtype=torch.uint8)
    network = plain()
    assert torch.equal(network.prepare(pixels), network.prepare(pixels / 255))


def test_images_are_normalised_by_channel() -> None:
    from torchvision.transforms import Normalize

    images = torch.rand(2, 3, 4, 5)
    normalise = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert torch.allclose(plain().prepare(images), normalise(images), atol=1e-6)


def test_a_network_without_normalisation_gets_0_to_1() -> None:
    pixels = torch.tensor([0, 255], dtype=torch.uint8).expand(1, 3, 1, 2)
    prepared = plain(mean=None, std=None).prepare(pixels)
    assert prepared[0, 0, 0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (
            torch.rand(3, 4, 5),
            r"shape \(3, 4, 5\), expected \(N, 3, H, W\).*image\[None\]",
        ),
        (torch.rand(1, 1, 4, 5), r"shape \(1, 1, 4, 5\)"),
        (torch.zeros(1, 3, 4, 5, dtype=torch.int64), "images is torch.int64"),
        (torch.full((1, 3, 4, 5), 255.0), "from 255 to 255, expected 0 to 1"),
        (torch.full((1, 3, 4, 5), -0.5), "from -0.5 to -0.5, .*normalised"),
        (torch.full((1, 3, 4, 5), float("nan")), "from nan to nan"),
    ],
)
def test_images_of_another_kind_are_refused(images: torch.Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plain().prepare(images)


def test_no_images_are_no_error() -> None:
    assert plain().prepare(torch.rand(0, 3, 4, 5)).shape == (0, 3, 4, 5)


def test_a_reservation_is_loud() -> None:
    assert str(plain()) == "Net: no score · none · 1.5 kB · made up"
    assert str(plain(note="not so")).endswith(" · CAUTION: not so")


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys; from course_utils import pretrained; "
        "print({'numpy', 'torch', 'torchvision'} & set(sys.modules) or 'nothing')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "nothing"


def test_what_is_at_hand_is_listed(wheels: None, hub: Path) -> None:
    put("resnet18", hub)
    assert pretrained.at_hand()[0] == "resnet18"
    assert {"squeezenet1_1", "efficientnet_lite0"} <= set(pretrained.at_hand())
