"""Feature extraction on real photographs: ants against bees."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from statistics import mean

import pytest
import torch

from course_utils import pretrained, transfer
from course_utils.datasets import ImageData, load_folder

REAL = Path(__file__).parents[1].parent / "shared" / "real"
PHOTOGRAPHS = REAL / "photos" / "hymenoptera_256.zip"
LOADERS = REAL / "weights" / "loaders.py"

pytestmark = pytest.mark.skipif(
    not PHOTOGRAPHS.is_file(), reason=f"needs the ants and bees of {PHOTOGRAPHS}"
)


@pytest.fixture(scope="module")
def ants_and_bees(tmp_path_factory: pytest.TempPathFactory) -> ImageData:
    """The 243 training and 153 validation photographs, the latter as the test."""
    root = tmp_path_factory.mktemp("hymenoptera")
    with zipfile.ZipFile(PHOTOGRAPHS) as whole:
        whole.extractall(root)
    (train,) = root.rglob("train")
    train.with_name("val").rename(train.with_name("test"))
    return load_folder(train.parent, size=225, validation_size=0)


def extracted_accuracy(body: pretrained.Body, data: ImageData) -> float:
    """Accuracy of a head trained on the features of the frozen body."""
    torch.manual_seed(0)
    features = transfer.cached_features(body, data.train_images)
    head = transfer.train_head(features, data.train_labels, num_classes=2)
    with torch.no_grad():
        logits = head(transfer.cached_features(body, data.test_images))
    return float((logits.argmax(1) == data.test_labels).double().mean())


def mobilenet() -> pretrained.Body:
    """MobileNetV2 with ImageNet weights, as the converted file has them."""
    spec = importlib.util.spec_from_file_location("loaders", LOADERS)
    assert spec is not None
    assert spec.loader is not None
    loaders = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaders)
    model = loaders.mobilenet_v2()
    return pretrained.Body(
        model=model,
        name="mobilenet_v2",
        title="MobileNetV2",
        source="official",
        origin="a converted file",
        score="accuracy unknown",
        top1=None,
        licence="Apache-2.0",
        bytes=0,
        classes=[],
        input_size=225,
        features=model.features,
        num_features=1280,
    )


def test_photographs_are_243_and_153(ants_and_bees: ImageData) -> None:
    assert ants_and_bees.class_names == ("ants", "bees")
    counts = len(ants_and_bees.train_labels), len(ants_and_bees.test_labels)
    assert counts == (243, 153)


@pytest.mark.skipif(not LOADERS.is_file(), reason=f"needs the weights of {LOADERS}")
def test_mobilenet_tells_ants_from_bees(ants_and_bees: ImageData) -> None:
    accuracy = extracted_accuracy(mobilenet(), ants_and_bees)
    print(f"MobileNetV2: {accuracy:.1%} of 153")
    assert accuracy >= 0.9


def test_fine_tuning_gains_nothing_on_what_imagenet_knows_well(
    ants_and_bees: ImageData,
) -> None:
    data = ants_and_bees
    comparison = transfer.Comparison(
        pretrained.body("squeezenet1_1"),
        (data.train_images[..., 32:193, 32:193], data.train_labels),
        (data.test_images[..., 32:193, 32:193], data.test_labels),
    )
    kept, tuned = (
        mean(comparison.accuracy(way, per_class=20, seed=seed) for seed in range(2))
        for way in ("feature extraction", "fine-tuning")
    )
    print(f"20 a class: feature extraction {kept:.1%}, fine-tuning {tuned:.1%}")
    assert tuned < kept + 0.02


@pytest.mark.parametrize("name", ["squeezenet1_1", "efficientnet_lite0"])
def test_network_at_hand_tells_ants_from_bees(
    name: str, ants_and_bees: ImageData
) -> None:
    accuracy = extracted_accuracy(pretrained.body(name), ants_and_bees)
    print(f"{name}: {accuracy:.1%} of 153")
    assert accuracy >= 0.8
