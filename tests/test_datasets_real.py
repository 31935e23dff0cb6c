"""Real CIFAR-10 images through both paths, to a network that learns from them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.datasets import (
    Augment,
    ImageData,
    ImageLoader,
    load_cifar10,
    normalisation,
)
from course_utils.networks import LectureCNN
from tests.official_layout import BATCHES, CLASSES, FOLDER, python2_pickle

REAL = Path(__file__).parents[1].parent / "shared" / "real" / "cifar10"
LOSSLESS, JPEG = REAL / "first1017.npz", REAL / "jpeg.zip"
TRAIN_EACH, TEST_EACH = 200, 50

pytestmark = pytest.mark.skipif(
    not (LOSSLESS.is_file() and JPEG.is_file()),
    reason=f"needs real CIFAR-10 images in {REAL}",
)


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lossless images in the official layout."""
    folder = tmp_path_factory.mktemp("official") / FOLDER
    folder.mkdir()
    with np.load(LOSSLESS) as real:
        images = np.concatenate([real["train_images"], real["test_images"]])
        labels = np.concatenate([real["train_labels"], real["test_labels"]])
    rows = images.transpose(0, 3, 1, 2).reshape(len(images), 3072)
    size = len(rows) // len(BATCHES)
    for number, name in enumerate(BATCHES):
        part = slice(number * size, (number + 1) * size)
        content = {"data": rows[part], "labels": [int(k) for k in labels[part]]}
        (folder / name).write_bytes(python2_pickle(content))
    (folder / "batches.meta").write_bytes(python2_pickle({"label_names": CLASSES}))
    return folder


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first JPEG files of each class, in a folder per class."""
    folder = tmp_path_factory.mktemp("photographs")
    with zipfile.ZipFile(JPEG) as whole:
        for part, count in (("train", TRAIN_EACH), ("test", TEST_EACH)):
            for name in CLASSES:
                files = [f"{part}/{name}/{number:04}.jpg" for number in range(count)]
                whole.extractall(folder, files)
    return folder


def trained_accuracy(data: ImageData, epochs: int) -> float:
    """Test accuracy of the lecture's CNN after a few epochs."""
    torch.manual_seed(0)
    mean, std = normalisation(data.train_images)
    train = ImageLoader(
        data.train_images, data.train_labels, 64, shuffle=True, mean=mean, std=std,
        augment=Augment(flip=True),
    )  # fmt: skip
    test = ImageLoader(
        data.test_images, data.test_labels, 256, shuffle=False, mean=mean, std=std
    )
    model = LectureCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for _ in range(epochs):
        for images, labels in train:
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    with torch.no_grad():
        hits = [(model(images).argmax(1) == labels).sum() for images, labels in test]
    return float(sum(hits)) / len(data.test_labels)


def test_the_lecture_cnn_learns_from_the_official_layout(official: Path) -> None:
    data = load_cifar10(official)
    assert (len(data.train_labels), len(data.validation_labels)) == (4577, 508)
    accuracy = trained_accuracy(data, epochs=4)
    print(f"official layout, lossless images: {accuracy:.1%}")
    assert accuracy > 0.3  # three times chance


def test_the_lecture_cnn_learns_from_a_folder(photographs: Path) -> None:
    data = load_cifar10(photographs)
    assert (len(data.train_labels), len(data.test_labels)) == (1600, 500)
    accuracy = trained_accuracy(data, epochs=6)
    print(f"folder of JPEG images: {accuracy:.1%}")
    assert accuracy > 0.2  # twice chance, from 160 images a class


def test_both_paths_show_the_same_images(official: Path, photographs: Path) -> None:
    lossless = load_cifar10(official, validation_size=0)
    jpeg = load_cifar10(photographs, validation_size=0)
    for label in range(10):
        # the n-th file of a class is its n-th image in the official order
        first = lossless.train_images[:1017][lossless.train_labels[:1017] == label][:50]
        same = jpeg.train_images[jpeg.train_labels == label][:50]
        assert float((first.float() - same.float()).abs().mean()) < 10
