"""The photographs: that they are there without a download, whole, and credited."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import photos
from course_utils.photos import PHOTOS, Photo, credit, photo, photo_path, photo_pil

DATA_README = Path(__file__).parents[1] / "data" / "README.md"


@pytest.mark.parametrize("name", PHOTOS)
def test_photograph_belongs_to_the_wheel_of_its_package(name: str) -> None:
    listed = {str(file) for file in files(PHOTOS[name].package) or ()}
    path = photo_path(name)
    assert any(path.as_posix().endswith(f"/{file}") for file in listed)


def test_reading_all_needs_neither_scikit_nor_a_downloader() -> None:
    program = (
        "import sys\n"
        "from course_utils.photos import PHOTOS, photo_pil\n"
        "assert all(photo_pil(name).size > (1, 1) for name in PHOTOS)\n"
        "unwanted = {'skimage', 'sklearn', 'pooch', 'matplotlib', 'torch'}\n"
        "print(unwanted & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", PHOTOS)
def test_photograph_is_a_float_tensor_from_0_to_1(name: str) -> None:
    pixels = photo(name)
    width, height = photo_pil(name).size
    assert pixels.shape == (3, height, width)
    assert pixels.dtype == torch.float32
    assert 0 <= pixels.min() < 0.3 < 0.6 < pixels.max() <= 1


def test_pixels_are_those_of_the_file() -> None:
    expected = np.asarray(photo_pil("chelsea"))
    found = (photo("chelsea") * 255).round().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(found, expected)


def test_gray_is_one_channel_weighted_as_itu_r_601() -> None:
    weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    expected = (photo("coffee") * weights).sum(dim=0, keepdim=True)
    gray = photo("coffee", gray=True)
    assert gray.shape == expected.shape
    assert (gray - expected).abs().max() < 1 / 255


def test_gray_photograph_has_three_equal_channels_unless_gray_is_asked() -> None:
    pixels = photo("camera")
    assert torch.equal(pixels[0], pixels[2])
    assert torch.equal(photo("camera", gray=True)[0], pixels[0])


@pytest.mark.parametrize(
    ("size", "shape"), [(64, (3, 64, 64)), ((48, 80), (3, 48, 80))]
)
def test_size_is_height_and_width(
    size: int | tuple[int, int], shape: tuple[int, ...]
) -> None:
    assert photo("china", size=size).shape == shape


def test_resizing_cuts_the_middle_and_does_not_stretch() -> None:
    whole = photo("rocket")  # (3, 427, 640)
    middle = whole[:, :, 106:533]
    small = photo("rocket", size=61)  # 427 / 7
    expected = torch.nn.functional.avg_pool2d(middle, kernel_size=7)
    assert (small - expected).abs().mean() < 0.02


def test_resizing_is_antialiased() -> None:
    # plain sampling would keep the full contrast of the fine texture
    assert photo("grass", size=32, gray=True).std() < 0.7 * photo("grass").std()


def test_a_changed_picture_does_not_change_the_next_one() -> None:
    photo_pil("coins").putpixel((0, 0), 255 - photo_pil("coins").getpixel((0, 0)))
    assert photo_pil("coins").getpixel((0, 0)) == np.asarray(photo_pil("coins"))[0, 0]
    before = photo("coins")
    photo("coins").zero_()
    assert torch.equal(photo("coins"), before)


def test_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(
        ValueError, match="no photograph 'cat'; choose one of: astronaut"
    ):
        photo("cat")


def test_size_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="size is 0"):
        photo("chelsea", size=0)


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (
            "no-such-package",
            "not installed; run: python -m pip install no-such-package",
        ),
        ("scikit-image", "installed but has no data/lost.png"),
    ],
)
def test_missing_file_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, package: str, message: str
) -> None:
    lost = Photo(package, "lost.png", "nothing", "nobody", "https://example.org", "CC0")
    monkeypatch.setitem(PHOTOS, "lost", lost)
    monkeypatch.setitem(photos._FOLDERS, "no-such-package", ("no_such_module", "data"))
    with pytest.raises(FileNotFoundError, match=message):
        photo("lost")


def test_credit_names_author_licence_and_source() -> None:
    assert credit("flower") == (
        "vultilion, CC BY 2.0, via scikit-learn: "
        "https://www.flickr.com/photos/vultilion/6056698931/"
    )


def test_table_in_the_data_folder_says_the_same() -> None:
    rows = [
        f"| `{name}` | {known.shows} | {known.author} | <{known.source}> "
        f"| {known.licence} | {known.package} |"
        for name, known in PHOTOS.items()
    ]
    text = DATA_README.read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("| `")]
    assert [line for line in table if line in rows] == rows
