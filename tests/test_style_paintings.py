"""Our own paintings: of any size, always the same, in colours."""

import pytest
import torch

from course_utils.style import PAINTINGS, painting

every_painting = pytest.mark.parametrize("name", PAINTINGS)


@every_painting
def test_is_a_picture_of_the_wanted_size(name: str) -> None:
    picture = painting(name, 100)
    assert (picture.shape, picture.dtype) == ((3, 100, 100), torch.float32)
    assert picture.is_contiguous()
    assert 0 <= picture.min() < 0.2
    assert 0.8 < picture.max() <= 1


@every_painting
def test_small_one_is_the_middle_of_the_large_one(name: str) -> None:
    assert torch.equal(painting(name, 60), painting(name, 320)[:, 130:190, 130:190])


@every_painting
def test_is_colourful_all_over(name: str) -> None:
    quarters = painting(name, 128).unfold(1, 64, 64).unfold(2, 64, 64)
    assert (quarters.std(dim=(3, 4)) > 0.08).all()


def test_the_two_differ_in_style() -> None:
    strokes, mosaic = (painting(name, 128) for name in PAINTINGS)
    assert strokes[2].mean() > strokes[0].mean()  # more blue than red
    assert mosaic[0].mean() > mosaic[2].mean()


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no painting 'monet'.*strokes, mosaic"):
        painting("monet", 64)


@pytest.mark.parametrize("size", [0, -3, 321])
def test_size_beyond_the_canvas_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"size is {size}.*choose 1 to 320"):
        painting("strokes", size)
