"""The shared drawings: what stands in them, that it is legible, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

mpl.use("Agg")

import matplotlib.pyplot as plt

from course_utils.plots import (
    show_feature_map,
    show_gray,
    show_numbers,
    show_rgb,
    use_style,
)


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def luminance(colour: tuple[float, float, float]) -> float:
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour
    ]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(first: str, second: np.ndarray) -> float:
    light, dark = sorted((luminance(to_rgb(first)), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_numbers_stand_in_reading_order(ax: Axes) -> None:
    show_numbers([[1, 2, 3], [4, 5, 6]], ax)
    assert texts(ax) == ["1", "2", "3", "4", "5", "6"]
    assert [text.get_position() for text in ax.texts][2:4] == [(2, 0), (0, 1)]


def test_negative_numbers_have_a_minus_sign(ax: Axes) -> None:
    show_numbers([[-45.0, 0.0]], ax)
    assert texts(ax) == ["−45", "0"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[1.7, 1.0]], ["1.7", "1.0"]),
        ([[0.25, -0.125]], ["0.25", "−0.12"]),
        ([[-0.001, 1 / 3]], ["0.00", "0.33"]),
        ([[float("nan"), float("-inf")]], ["NaN", "−∞"]),
    ],
)
def test_decimals_are_as_few_as_needed(
    ax: Axes, values: list[list[float]], expected: list[str]
) -> None:
    show_numbers(values, ax)
    assert texts(ax) == expected


@pytest.mark.parametrize("signed", [False, True])
def test_every_number_is_legible_on_its_ground(ax: Axes, signed: bool) -> None:
    show_numbers(np.linspace(-50, 50, 100).reshape(10, 10), ax, signed=signed)
    ground = np.asarray(ax.images[0].get_array())
    for text in ax.texts:
        column, row = text.get_position()
        colour = ground[round(row), round(column)]
        assert contrast(str(text.get_color()), colour) >= 4.5


def test_every_number_fits_its_cell() -> None:
    figure, ax = plt.subplots(figsize=(4, 4))
    show_numbers(np.full((8, 8), -123.45), ax)
    figure.canvas.draw()
    cell = ax.get_window_extent().width / 8
    widest = max(text.get_window_extent().width for text in ax.texts)
    plt.close(figure)
    assert widest < cell


def test_signed_tint_is_white_at_zero_and_differs_by_sign(ax: Axes) -> None:
    show_numbers([[-2, 0, 2]], ax, signed=True)
    blue, white, red = np.asarray(ax.images[0].get_array())[0]
    assert white.min() > 0.95
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_window_is_a_thick_dashed_frame_round_its_cells(ax: Axes) -> None:
    show_numbers(np.zeros((6, 6)), ax, window=(1, 2, 3, 3))
    frame = ax.patches[-1]
    assert isinstance(frame, Rectangle)
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((1.5, 0.5), 3, 3)
    assert frame.get_linewidth() >= 3
    assert frame.get_linestyle() not in ("-", "solid")


def test_window_may_reach_over_the_edge(ax: Axes) -> None:
    show_numbers(np.zeros((6, 6)), ax, window=(-1, -1, 3, 3))
    assert ax.patches[-1].get_xy() == (-1.5, -1.5)


@pytest.mark.parametrize("window", [(6, 0, 3, 3), (0, -3, 3, 3), (0, 0, 0, 3)])
def test_window_off_the_grid_is_refused(
    ax: Axes, window: tuple[int, int, int, int]
) -> None:
    with pytest.raises(ValueError, match="expected \\(row, col, height, width\\)"):
        show_numbers(np.zeros((6, 6)), ax, window=window)


def test_highlight_frames_only_the_true_cells(ax: Axes) -> None:
    show_numbers(np.zeros((3, 3)), ax, highlight=torch.eye(3, dtype=torch.bool))
    framed = {(round(patch.get_x()), round(patch.get_y())) for patch in ax.patches}
    assert framed == {(0, 0), (1, 1), (2, 2)}


def test_highlight_of_another_shape_is_refused(ax: Axes) -> None:
    with pytest.raises(ValueError, match=r"highlight has shape \(2, 2\)"):
        show_numbers(np.zeros((3, 3)), ax, highlight=np.eye(2))


def test_tensors_that_record_gradients_can_be_drawn(ax: Axes) -> None:
    show_numbers(torch.ones(1, 1, 2, 2, requires_grad=True), ax, title="Kernel")
    assert texts(ax) == ["1"] * 4
    assert ax.get_title() == "Kernel"


@pytest.mark.parametrize("shape", [(3,), (2, 3, 3), (0, 3), ()])
def test_what_is_no_matrix_is_refused(ax: Axes, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="values has shape"):
        show_numbers(np.zeros(shape), ax)


def test_illegibly_many_numbers_are_refused(ax: Axes) -> None:
    with pytest.raises(ValueError, match="legible up to 32"):
        show_numbers(np.zeros((33, 4)), ax)


@pytest.mark.parametrize(
    ("image", "limits"),
    [
        (torch.rand(1, 4, 5), (0, 1)),
        (torch.zeros(4, 5, dtype=torch.uint8), (0, 255)),
    ],
)
def test_gray_has_a_fixed_scale(
    ax: Axes, image: torch.Tensor, limits: tuple[float, float]
) -> None:
    show_gray(image, ax, "Camera")
    assert ax.images[0].get_clim() == limits
    assert ax.get_title() == "Camera"


def test_gray_takes_other_limits_when_told(ax: Axes) -> None:
    show_gray([[-1.0, 4.0]], ax, limits=(-1, 4))
    assert ax.images[0].get_clim() == (-1, 4)


def test_gray_refuses_values_off_its_scale(ax: Axes) -> None:
    with pytest.raises(
        ValueError, match=r"from -1 to 4; expected 0 to 1 .* divide by 255"
    ):
        show_gray([[-1.0, 4.0]], ax)


def test_rgb_is_drawn_with_channels_moved_last(ax: Axes) -> None:
    image = torch.rand(3, 4, 5)
    show_rgb(image, ax)
    drawn = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(drawn, image.permute(1, 2, 0))


def test_rgb_of_bytes_equals_rgb_of_floats(ax: Axes) -> None:
    show_rgb(torch.full((3, 2, 2), 51, dtype=torch.uint8), ax)
    np.testing.assert_allclose(np.asarray(ax.images[0].get_array()), 0.2)


def test_rgb_with_channels_last_is_refused_with_the_remedy(ax: Axes) -> None:
    with pytest.raises(ValueError, match=r"\(4, 5, 3\).*permute\(2, 0, 1\)"):
        show_rgb(torch.rand(4, 5, 3), ax)


def test_feature_map_has_zero_in_the_middle_and_a_scale(ax: Axes) -> None:
    show_feature_map([[-70.0, 14.0]], ax)
    assert ax.images[0].get_clim() == (-70, 70)
    assert ax.images[0].get_cmap().name == "RdBu_r"
    assert [other.get_ylabel() for other in ax.figure.axes] == ["", "activation"]


def test_feature_map_of_zeros_can_be_drawn(ax: Axes) -> None:
    show_feature_map(torch.zeros(3, 3), ax)
    assert ax.images[0].get_clim() == (-1, 1)


def test_style_uses_colours_that_colour_blind_readers_tell_apart() -> None:
    with plt.rc_context():
        use_style()
        cycle = [entry["color"].lower() for entry in plt.rcParams["axes.prop_cycle"]]
        assert cycle[:2] == ["#006ba4", "#ff800e"]
        assert plt.rcParams["figure.facecolor"] == "white"
