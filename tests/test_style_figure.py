"""Pictures in a row: pixel for pixel, each under its name."""

from io import BytesIO

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from course_utils.style import show
from course_utils.style.figure import show_grid

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close() -> object:
    yield
    plt.close("all")


def drawn(figure: plt.Figure) -> Tensor:
    buffer = BytesIO()
    figure.savefig(buffer, dpi=plt.rcParams["figure.dpi"])
    return torch.from_numpy(np.array(Image.open(buffer).convert("RGB")))


def test_every_pixel_is_one_of_the_screen() -> None:
    picture = torch.randint(0, 256, (3, 20, 30)) / 255
    shown = drawn(show({"a": picture, "b": picture[None]}))
    assert shown.shape == (28, 76, 3)
    expected = (picture * 255).round().byte().permute(1, 2, 0)
    assert torch.equal(shown[4:24, 4:34], expected)
    assert torch.equal(shown[4:24, 42:72], expected)


def test_zoom_repeats_pixels() -> None:
    picture = torch.randint(0, 256, (3, 10, 10)) / 255
    shown = drawn(show({"a": picture}, zoom=2))
    assert shown.shape == (36, 36, 3)
    assert torch.equal(shown[8:28:2, 8:28:2], shown[9:29:2, 9:29:2])


def test_smaller_pictures_stand_in_the_middle() -> None:
    shown = drawn(show({"a": torch.zeros(3, 20, 20), "b": torch.zeros(3, 10, 20)}))
    assert shown[4:24, 4:24].max() == 0
    assert shown[9:19, 32:52].max() == 0
    assert shown[:8, 32:52].min() == 255


def test_names_stand_above_and_at_the_left() -> None:
    pictures = [[torch.zeros(3, 8, 8)] * 2] * 3
    figure = show_grid(pictures, ["x", "y"], ["1", "2", "3"], mark=(1, 0))
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.texts] == ["x", "y", "1", "2", "3"]
    assert len(ax.patches) == 1
