"""Boxes and masks over pictures: told apart without colour, bad input refused."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course_utils.boxes import outline, show_boxes, show_masks

IMAGE = torch.full((3, 40, 60), 0.5)
BOX = torch.tensor([[10.0, 5, 30, 25]])


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def rectangles(ax: Axes) -> list[Rectangle]:
    """The lines themselves, without the white ones beneath."""
    found = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    return found[1::2]


def test_box_follows_the_edges_of_its_pixels(ax: Axes) -> None:
    show_boxes(IMAGE, BOX, ax)
    (drawn,) = rectangles(ax)
    assert drawn.get_xy() == (9.5, 4.5)  # pixel 10 is drawn from 9.5 to 10.5
    assert (drawn.get_width(), drawn.get_height()) == (20, 20)


def test_each_kind_has_its_own_line_style_on_a_white_line(ax: Axes) -> None:
    show_boxes(IMAGE, BOX, ax)
    outline(ax, BOX, kind="true")
    outline(ax, BOX, kind="faint")
    assert len({str(drawn.get_linestyle()) for drawn in rectangles(ax)}) >= 2
    assert len({drawn.get_linewidth() for drawn in rectangles(ax)}) >= 2
    beneath = [patch for patch in ax.patches if isinstance(patch, Rectangle)][::2]
    assert {patch.get_edgecolor() for patch in beneath} == {(1.0, 1.0, 1.0, 1.0)}


def test_texts_stand_in_their_boxes(ax: Axes) -> None:
    show_boxes(IMAGE, BOX, ax, texts=["cat 0.90"], title="found")
    (text,) = ax.texts
    assert text.get_text() == "cat 0.90"
    assert text.get_position() == (10, 5)
    assert ax.get_title() == "found"


def test_text_of_a_second_box_avoids_that_of_the_first(ax: Axes) -> None:
    show_boxes(IMAGE, BOX.repeat(2, 1), ax, texts=["cat 0.90", "dog 0.50"])
    first, second = (text.get_position() for text in ax.texts)
    assert first != second


def test_text_at_the_right_edge_stays_in_the_picture(ax: Axes) -> None:
    show_boxes(IMAGE, torch.tensor([[50.0, 5, 58, 25]]), ax, texts=["automobile 0.90"])
    (text,) = ax.texts
    assert text.get_horizontalalignment() == "right"


def test_no_boxes_leave_the_picture_alone(ax: Axes) -> None:
    show_boxes(IMAGE, torch.zeros(0, 4), ax)
    assert not ax.patches
    assert len(ax.images) == 1


def test_box_without_area_is_named(ax: Axes) -> None:
    as_size = torch.tensor([[1.0, 1, 5, 5], [10, 5, 8, 25]])
    with pytest.raises(ValueError, match=r"box 1 is \[10.0, 5.0, 8.0, 25.0\].*left <"):
        show_boxes(IMAGE, as_size, ax)


def test_single_box_without_its_list_is_refused(ax: Axes) -> None:
    with pytest.raises(ValueError, match=r"shape \(4,\); expected \(K, 4\).*box\[None"):
        show_boxes(IMAGE, BOX[0], ax)


def test_missing_text_is_refused(ax: Axes) -> None:
    with pytest.raises(ValueError, match="1 texts for 2 boxes"):
        show_boxes(IMAGE, BOX.repeat(2, 1), ax, texts=["cat"])


def test_unknown_kind_is_refused(ax: Axes) -> None:
    with pytest.raises(ValueError, match="kind is 'wavy'; choose one of found, true"):
        outline(ax, BOX, kind="wavy")  # type: ignore[arg-type]


def masks() -> torch.Tensor:
    planes = torch.zeros(2, 40, 60, dtype=torch.bool)
    planes[0, 5:15, 5:25] = True
    planes[1, 20:40, 30:60] = True  # reaches the edge of the picture
    return planes


def test_masks_differ_in_line_style_and_hatching(ax: Axes) -> None:
    show_masks(IMAGE, masks(), ax, texts=["cat", "dog"])
    hatches = [c.hatches for c in ax.collections if getattr(c, "hatches", [None])[0]]
    assert len(hatches) == 2
    assert hatches[0] != hatches[1]
    assert [text.get_text() for text in ax.texts] == ["cat", "dog"]
    assert ax.texts[0].get_position() == (14.5, 9.5)


def test_masks_leave_the_picture_its_frame(ax: Axes) -> None:
    show_masks(IMAGE, masks(), ax)
    assert ax.get_xlim() == (-0.5, 59.5)
    assert ax.get_ylim() == (39.5, -0.5)


def test_probabilities_are_no_masks(ax: Axes) -> None:
    with pytest.raises(ValueError, match=r"float32 of shape \(2, 40, 60\).*threshold"):
        show_masks(IMAGE, masks().float(), ax)


def test_empty_mask_is_passed_over(ax: Axes) -> None:
    nothing = torch.zeros(1, 40, 60, dtype=torch.bool)
    show_masks(IMAGE, nothing, ax, texts=["nobody"])
    assert not ax.texts
