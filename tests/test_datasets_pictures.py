"""Any image file becomes an upright RGB square: every mode, format and orientation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from course_utils.datasets.pictures import Fit, read_picture


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
