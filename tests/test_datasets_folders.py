"""Bring your own images: any format, a clear layout, and clear complaints."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from course_utils.datasets import load_cifar10, load_folder
from course_utils.datasets.pictures import Fit, read_picture

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


# --- formats ------------------------------------------------------------------------


def read(image: Image.Image, path: Path, size: int = 4, fit: Fit = "crop") -> Tensor:
    image.save(path)
    return torch.from_numpy(read_picture(path, size, fit))


def corner(picture: Tensor) -> list[int]:
    return [int(value) for value in picture[:, 0, 0]]


def gradient(mode: str, *size: int) -> Image.Image:
    return Image.linear_gradient("L").resize(size).convert(mode)


@pytest.mark.parametrize("size", [32, 7])
def test_a_png_of_the_right_size_is_read_pixel_for_pixel(
    tmp_path: Path, size: int
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    found = read(Image.fromarray(pixels), tmp_path / "a.png", size)
    assert np.array_equal(found.permute(1, 2, 0).numpy(), pixels)


def test_crop_keeps_the_central_square(tmp_path: Path) -> None:
    wide = Image.new("RGB", (12, 4), "red")
    wide.paste("blue", (4, 0, 8, 4))
    assert read(wide, tmp_path / "a.png").unique(dim=1).shape == (3, 1, 4)
    assert corner(read(wide, tmp_path / "a.png")) == [0, 0, 255]


def test_squash_keeps_everything(tmp_path: Path) -> None:
    wide = Image.new("RGB", (12, 4), "red")
    wide.paste("blue", (9, 0, 12, 4))
    found = read(wide, tmp_path / "a.png", fit="squash")
    assert corner(found)[0] > 200
    assert int(found[2, 0, 3]) > 200


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    upright = Image.new("RGB", (64, 64), "black")
    upright.paste("red", (0, 0, 32, 32))
    undo = {
        1: [], 2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4],
    }  # fmt: skip
    stored = upright
    for step in undo[orientation]:
        stored = stored.transpose(Image.Transpose(step))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95)
    found = torch.from_numpy(read_picture(tmp_path / "a.jpg", 8, "crop"))
    assert corner(found)[0] > 200
    assert int(found[0, 0, 7]) < 50
    assert int(found[0, 7, 0]) < 50


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    half = Image.new("RGBA", (4, 4), (255, 0, 0, 128))
    assert corner(read(half, tmp_path / "a.png")) == [255, 127, 127]
    assert corner(read(half.convert("LA"), tmp_path / "b.png"))[0] > 100


def test_a_transparent_palette_becomes_white(tmp_path: Path) -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert corner(read(image, tmp_path / "a.png")) == [255, 0, 0]
    image.save(tmp_path / "b.gif", transparency=1)
    found = torch.from_numpy(read_picture(tmp_path / "b.gif", 4, "crop"))
    assert corner(found) == [255, 255, 255]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bits_become_8(tmp_path: Path, name: str) -> None:
    deep = Image.fromarray(np.full((4, 4), 40_000, dtype=np.uint16))
    assert corner(read(deep, tmp_path / name)) == [156] * 3  # 40000 / 65535 · 255


@pytest.mark.parametrize(("value", "expected"), [(0.5, 128), (128.0, 128)])
def test_floating_point_becomes_8_bits(
    tmp_path: Path, value: float, expected: int
) -> None:
    image = Image.fromarray(np.full((4, 4), value, dtype=np.float32))
    assert corner(read(image, tmp_path / "a.tif")) == [expected] * 3


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_keeps_dark_and_light(tmp_path: Path, mode: str) -> None:
    name = "a.png" if mode in ("1", "L", "P", "RGB", "RGBA") else "a.jpg"
    found = read(gradient(mode, 16, 16), tmp_path / name, 8)
    assert found.shape == (3, 8, 8)
    means = found.float().mean((0, 2))
    assert float(means[0]) < 60
    assert float(means[7]) > 195


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.gif", "a.bmp", "a.webp", "a.tif", "a.ppm"]
)
def test_common_formats_are_read(tmp_path: Path, name: str) -> None:
    found = read(Image.new("RGB", (50, 30), (200, 100, 50)), tmp_path / name)
    expected = torch.tensor([200, 100, 50])
    assert int((torch.tensor(corner(found)) - expected).abs().max()) < 12


def test_a_large_photograph_is_made_small_without_being_cropped_wrongly(
    tmp_path: Path,
) -> None:
    large = gradient("RGB", 2000, 1600)
    large.save(tmp_path / "a.jpg")
    found = read_picture(tmp_path / "a.jpg", 32, "crop").astype(int)
    plain = large.crop((200, 0, 1800, 1600)).resize((32, 32), Image.Resampling.BICUBIC)
    assert np.abs(found - np.array(plain).transpose(2, 0, 1)).max() < 6
