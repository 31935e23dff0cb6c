"""Regions over pictures: told by hatching, outline and name as well as by colour."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from torch import Tensor

from course_utils.overlays import class_style, legend_handles, show_segmentation

NAMES = ("background", "cat", "ship", "a class with a long name")
IMAGE = torch.full((3, 40, 60), 0.5)


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def regions(**areas: tuple[int, int, int, int]) -> Tensor:
    labels = torch.zeros(40, 60, dtype=torch.int64)
    for name, (top, left, height, width) in areas.items():
        index = int(name.removeprefix("class_"))
        labels[top : top + height, left : left + width] = index
    return labels


def hatches(ax: Axes) -> list[str]:
    sets = [c for c in ax.collections if isinstance(c, QuadContourSet)]
    return [hatch for c in sets for hatch in c.hatches if hatch]


def names_written(ax: Axes) -> dict[str, tuple[float, float]]:
    return {text.get_text(): text.get_position() for text in ax.texts}


def test_vocs_twenty_classes_have_twenty_looks() -> None:
    assert len({class_style(index) for index in range(1, 21)}) == 20


def test_background_has_no_look() -> None:
    with pytest.raises(ValueError, match="index is 0"):
        class_style(0)


def test_each_class_is_hatched_as_well_as_coloured(ax: Axes) -> None:
    labels = regions(class_1=(2, 2, 15, 15), class_2=(20, 30, 15, 25))
    show_segmentation(IMAGE, labels, NAMES, ax)
    assert hatches(ax) == [class_style(1)[1], class_style(2)[1]]


def test_background_stays_as_it_was(ax: Axes) -> None:
    show_segmentation(IMAGE, regions(), NAMES, ax)
    assert len(ax.images) == 1  # the picture alone
    assert not ax.collections
    assert ax.get_legend() is None


def test_name_stands_inside_its_region(ax: Axes) -> None:
    labels = regions(class_1=(2, 2, 15, 15), class_2=(20, 30, 15, 25))
    show_segmentation(IMAGE, labels, NAMES, ax)
    written = names_written(ax)
    assert set(written) == {"cat", "ship"}
    for index, name in ((1, "cat"), (2, "ship")):
        column, row = written[name]
        assert labels[round(row), round(column)] == index


def test_name_of_a_frame_stands_on_the_frame_and_not_in_its_middle(ax: Axes) -> None:
    labels = regions(class_1=(0, 0, 40, 60), class_0=(8, 8, 20, 44))
    show_segmentation(IMAGE, labels, NAMES, ax)
    column, row = names_written(ax)["cat"]
    assert labels[round(row), round(column)] == 1


def test_sliver_has_no_name_but_stands_in_the_legend(ax: Axes) -> None:
    show_segmentation(IMAGE, regions(class_2=(5, 5, 1, 30)), NAMES, ax)
    assert not ax.texts
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["ship"]


def test_ignored_pixels_are_said_not_to_count(ax: Axes) -> None:
    labels = regions(class_1=(2, 2, 15, 15), class_255=(20, 0, 20, 60))
    show_segmentation(IMAGE, labels, NAMES, ax)
    assert set(names_written(ax)) == {"cat"}
    handles = legend_handles([labels], NAMES)
    assert [handle.get_label() for handle in handles] == ["cat", "not counted"]


def test_shared_legend_names_each_class_once(ax: Axes) -> None:
    pictures = [regions(class_2=(0, 0, 9, 9)), regions(class_1=(0, 0, 9, 9))]
    handles = legend_handles([*pictures, pictures[0]], NAMES)
    assert [handle.get_label() for handle in handles] == ["cat", "ship"]
    assert [handle.get_hatch() for handle in handles] == [
        class_style(1)[1],
        class_style(2)[1],
    ]


def test_labels_of_another_size_are_refused(ax: Axes) -> None:
    with pytest.raises(ValueError, match=r"\(20, 30\).*40 × 60"):
        show_segmentation(IMAGE, torch.zeros(20, 30, dtype=torch.int64), NAMES, ax)


def test_class_without_a_name_is_refused(ax: Axes) -> None:
    with pytest.raises(ValueError, match="class 7, but class_names has 4"):
        show_segmentation(IMAGE, regions(class_7=(0, 0, 5, 5)), NAMES, ax)


def test_scores_instead_of_classes_are_refused(ax: Axes) -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        show_segmentation(IMAGE, torch.rand(40, 60), NAMES, ax)
