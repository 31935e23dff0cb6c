"""A picture of the reader's own: every kind of file, or a clear word why not."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from course_utils.photos import photo
from course_utils.style import open_picture, own_picture, painting, save_picture
from course_utils.style.pictures import as_bytes, as_pil

RED, WHITE = (255, 0, 0), (255, 255, 255)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "picture.png"


def halves(mode: str = "RGB", size: tuple[int, int] = (80, 60)) -> Image.Image:
    """Red above, white below."""
    picture = Image.new("RGB", size, RED)
    picture.paste(WHITE, (0, size[1] // 2, *size))
    return picture.convert(mode)


def colour(picture: Tensor, row: int, column: int) -> list[float]:
    return [round(value, 1) for value in picture[:, row, column].tolist()]


KINDS = [("RGB", "png"), ("RGB", "jpg"), ("RGB", "bmp"), ("RGB", "webp")]
KINDS += [("RGBA", "png"), ("P", "gif"), ("CMYK", "jpg"), ("RGB", "tiff")]


@pytest.mark.parametrize(("mode", "ending"), KINDS)
def test_any_kind_of_colour_picture_is_read(
    tmp_path: Path, mode: str, ending: str
) -> None:
    path = tmp_path / f"picture.{ending}"
    halves(mode).save(path)
    picture = own_picture(path, 80)
    assert (picture.shape, picture.dtype) == ((3, 60, 80), torch.float32)
    assert colour(picture, 10, 40) == [1, 0, 0]
    assert colour(picture, 50, 40) == [1, 1, 1]


def test_grey_becomes_three_equal_channels(file: Path) -> None:
    Image.new("L", (50, 50), 102).save(file)
    assert torch.equal(own_picture(file, 50), torch.full((3, 50, 50), 0.4))


def test_sixteen_bits_keep_their_brightness(file: Path) -> None:
    values = np.full((40, 40), 16384, dtype=np.uint16)
    values[:, 20:] = 65535
    Image.fromarray(values).save(file)
    picture = own_picture(file, 40)
    assert colour(picture, 5, 5) == [0.3, 0.3, 0.3]  # a quarter
    assert colour(picture, 5, 35) == [1, 1, 1]


def test_bitmap_of_two_colours_is_read(file: Path) -> None:
    Image.new("1", (40, 40), 1).save(file)
    assert own_picture(file, 40).min() == 1


def test_transparent_parts_become_white(file: Path) -> None:
    picture = Image.new("RGBA", (64, 64), (0, 0, 255, 0))
    picture.paste((0, 0, 255, 255), (0, 0, 32, 64))
    picture.save(file)
    found = own_picture(file, 64)
    assert colour(found, 30, 10) == [0, 0, 1]
    assert colour(found, 30, 50) == [1, 1, 1]


def test_transparent_palette_becomes_white(tmp_path: Path) -> None:
    picture = halves("P")
    picture.save(tmp_path / "a.gif", transparency=picture.getpixel((5, 5)))
    assert colour(own_picture(tmp_path / "a.gif", 80), 5, 40) == [1, 1, 1]


@pytest.mark.parametrize(
    ("orientation", "red_at"),
    [(1, (5, 40)), (3, (55, 40)), (6, (40, 55)), (8, (40, 5))],
)
def test_photograph_is_turned_as_the_camera_says(
    tmp_path: Path, orientation: int, red_at: tuple[int, int]
) -> None:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    halves().save(path, exif=exif, quality=95)
    found = own_picture(path, 80)
    assert found.shape == ((3, 60, 80) if orientation in (1, 3) else (3, 80, 60))
    assert colour(found, *red_at) == [1, 0, 0]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((400, 300), (3, 96, 128)),
        ((30, 60), (3, 128, 64)),
        ((5000, 4000), (3, 102, 128)),
    ],
)
def test_longer_side_gets_the_wanted_size(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, ...]
) -> None:
    path = tmp_path / "large.jpg"
    halves(size=size).save(path)
    assert own_picture(path, 128).shape == expected


def test_missing_file_is_named_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no file .*cat\.jpg \(looked in "):
        own_picture(tmp_path / "cat.jpg", 64)


def test_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder; give one picture in it"):
        own_picture(tmp_path, 64)


def test_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("not a picture at all")
    with pytest.raises(ValueError, match=r"no picture that can be read.*20 bytes"):
        own_picture(path, 64)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif"])
def test_half_copied_file_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"half.{ending}"
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"could not be read.*half copied"):
        own_picture(path, 64)


def test_too_narrow_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "line.png"
    halves(size=(900, 20)).save(path)
    with pytest.raises(ValueError, match=r"900 × 20 pixels.*only 3 are left"):
        own_picture(path, 128)


@pytest.mark.parametrize("size", [8, 5000, 64.0, True])
def test_size_out_of_range_is_refused(file: Path, size: int) -> None:
    with pytest.raises(ValueError, match="whole pixels from 32 to 2048"):
        own_picture(file, size)


def test_name_of_the_workbook_wins_over_a_file() -> None:
    assert torch.equal(open_picture("strokes", 64)[0], painting("strokes", 64))
    assert torch.equal(open_picture("china", 64)[0], photo("china", 64))


def test_path_is_opened_as_a_batch_of_one(file: Path) -> None:
    halves().save(file)
    assert open_picture(file, 64).shape == (1, 3, 48, 64)
    assert open_picture(str(file), 64).shape == (1, 3, 48, 64)


def test_unknown_name_lists_the_workbooks_pictures() -> None:
    with pytest.raises(
        FileNotFoundError, match=r"no file chna.*strokes, mosaic, .*china"
    ):
        open_picture("chna", 64)


def test_saved_picture_reads_back_alike(tmp_path: Path) -> None:
    given = torch.rand(1, 3, 40, 50)
    path = save_picture(given, tmp_path / "new" / "folder" / "a.png")
    torch.testing.assert_close(own_picture(path, 50), given[0], atol=1 / 255, rtol=0)


def test_values_out_of_range_are_clamped_when_saved() -> None:
    bright = as_pil(torch.tensor([-0.2, 0.5, 1.3]).view(3, 1, 1).expand(3, 40, 40))
    assert bright.getpixel((0, 0)) == (0, 128, 255)


def test_picture_of_other_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 3, 8, 8\); expected"):
        as_pil(torch.zeros(2, 3, 8, 8))


def test_bytes_for_a_page_are_small() -> None:
    assert len(as_bytes(photo("china", 128))) < 15_000
