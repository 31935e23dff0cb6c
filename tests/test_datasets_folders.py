"""Bring your own images: any format, a clear layout, and clear complaints."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from course_utils.datasets import load_cifar10, load_folder

CLASSES = ("ants", "bees")
TRAIN, TEST = 10, 4


def pixel(label: int, index: int, part: str = "train") -> tuple[int, int, int]:
    """The colour of one image: tells where it comes from."""
    return (50 * label, 10 * index, 200 if part == "train" else 100)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes, one colour an image, all of another size."""
    root = tmp_path / "mine"
    for part, count in (("train", TRAIN), ("test", TEST)):
        for label, name in enumerate(CLASSES):
            (root / part / name).mkdir(parents=True)
            for index in range(count):
                image = Image.new("RGB", (9 + index, 12), pixel(label, index, part))
                image.save(root / part / name / f"{index:02}.png")
    return root


def colours(images: Tensor) -> list[tuple[int, ...]]:
    return [tuple(image[:, 0, 0].tolist()) for image in images]


# --- what comes back ----------------------------------------------------------------


def test_every_image_comes_with_its_own_label(folder: Path) -> None:
    data = load_folder(folder)
    assert data.class_names == CLASSES
    for images, labels in (
        (data.train_images, data.train_labels),
        (data.validation_images, data.validation_labels),
        (data.test_images, data.test_labels),
    ):
        assert images.shape[1:] == (3, 32, 32)
        for colour, label in zip(colours(images), labels.tolist(), strict=True):
            assert colour[0] == 50 * label


def test_a_fifth_is_cut_off_for_validation_and_nothing_is_lost(folder: Path) -> None:
    data = load_folder(folder)
    assert data.validation_labels.bincount().tolist() == [2, 2]
    used = colours(torch.cat([data.train_images, data.validation_images]))
    expected = [pixel(label, index) for label in range(2) for index in range(TRAIN)]
    assert sorted(used) == sorted(expected)


def test_test_images_come_from_test_in_the_order_of_names(folder: Path) -> None:
    expected = [pixel(label, k, "test") for label in range(2) for k in range(TEST)]
    assert colours(load_folder(folder).test_images) == expected


def test_the_order_does_not_depend_on_the_file_system(folder: Path) -> None:
    before = load_folder(folder)
    other = folder.parent / "other"
    for path in sorted(folder.rglob("*.png"), reverse=True):
        target = other / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    after = load_folder(other)
    assert torch.equal(before.train_images, after.train_images)


def test_the_description_says_what_it_is(folder: Path) -> None:
    assert load_folder(folder).description == (
        f"Your images from {folder} (cut to the central square and resized): "
        "16 training, 4 validation and 8 test images of 32×32 pixels in 2 classes, "
        "split with seed 0."
    )


def test_without_test_a_test_set_is_cut_off_and_it_says_so(folder: Path) -> None:
    shutil.rmtree(folder / "test")
    data = load_folder(folder)
    assert "test images cut from train/, for there is no test/" in data.description
    parts = (data.train_images, data.validation_images, data.test_images)
    assert [len(part) for part in parts] == [13, 3, 4]
    assert len({colour for part in parts for colour in colours(part)}) == 2 * TRAIN


def test_the_seed_decides_what_is_cut_off(folder: Path) -> None:
    shutil.rmtree(folder / "test")
    first, again, other = (load_folder(folder, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.test_images, again.test_images)
    assert not torch.equal(first.test_images, other.test_images)


def test_sizes_are_kept(folder: Path) -> None:
    data = load_folder(folder, train_size=4, validation_size=6, test_size=2, size=8)
    assert data.train_images.shape == (4, 3, 8, 8)
    assert data.validation_labels.bincount().tolist() == [3, 3]
    assert data.test_labels.tolist() == [0, 1]


def test_load_cifar10_takes_the_folder(folder: Path) -> None:
    data = load_cifar10(str(folder), size=16)
    assert data.source == "folder"
    assert torch.equal(data.train_images, load_folder(folder, size=16).train_images)


def test_hidden_files_and_litter_are_ignored(folder: Path) -> None:
    before = load_folder(folder)
    (folder / "train" / ".DS_Store").touch()
    (folder / "train" / "ants" / "Thumbs.db").touch()
    (folder / "train" / "bees" / "._00.png").touch()
    (folder / "train" / ".ipynb_checkpoints").mkdir()
    (folder / "test" / "__MACOSX").mkdir()
    assert torch.equal(before.train_images, load_folder(folder).train_images)


def test_what_is_not_used_is_said(folder: Path) -> None:
    (folder / "val").mkdir()
    (folder / "README.txt").touch()
    assert "not used: README.txt, val" in load_folder(folder).description


# --- layouts that are wrong ---------------------------------------------------------


def empty_class(root: Path) -> None:
    (root / "train" / "wasps").mkdir()


def one_class(root: Path) -> None:
    shutil.rmtree(root / "train" / "bees")


def no_train(root: Path) -> None:
    (root / "train").rename(root / "training")


def loose_images(root: Path) -> None:
    for path in (root / "train" / "ants").iterdir():
        path.rename(root / "train" / path.name)


def loose_test_images(root: Path) -> None:
    Image.new("RGB", (4, 4)).save(root / "test" / "a.png")


def nested(root: Path) -> None:
    (root / "train" / "ants" / "more").mkdir()


def other_spelling(root: Path) -> None:
    (root / "test" / "bees").rename(root / "test" / "Bees")


def no_image(root: Path) -> None:
    (root / "train" / "bees" / "notes.txt").write_text("not an image")


def half_an_image(root: Path) -> None:
    path = root / "test" / "ants" / "03.png"
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:1000])


WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty class": (empty_class, r"train/wasps is empty; put images into it"),
    "one class": (one_class, r"train has 1 class folders \['ants'\].*at least two"),
    "no train": (no_train, r"no folder train \(found: test, training\)"),
    "loose": (loose_images, r"train holds 00.png, 01.png, 02.png and 7 more beside"),
    "loose test": (loose_test_images, r"test holds a.png beside"),
    "nested": (nested, r"train/ants holds the folders more; expected images directly"),
    "spelling": (
        other_spelling,
        r"only in train/ \['bees'\], only in test/ \['Bees'\]",
    ),
    "no image": (no_image, r"(?s)1 of 29 files cannot.*train/bees/notes.txt: no image"),
    "half": (half_an_image, r"(?s)1 of 28 files cannot.*test/ants/03.png: "),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_layout_is_explained(folder: Path, case: str) -> None:
    damage, message = WRONG[case]
    damage(folder)
    with pytest.raises(ValueError, match=message):
        load_folder(folder, validation_size=0)


def test_all_unreadable_files_are_counted_and_some_named(folder: Path) -> None:
    for path in (folder / "train" / "ants").iterdir():
        path.write_bytes(b"")
    with pytest.raises(ValueError, match="10 of 28 files") as caught:
        load_folder(folder)
    assert str(caught.value).count("train/ants/") == 5


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere is no folder"):
        load_folder(tmp_path / "nowhere")


def test_another_fit_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="fit is 'pad'; choose 'crop' or 'squash'"):
        load_folder(folder, fit="pad")  # type: ignore[arg-type]
