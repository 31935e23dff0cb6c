"""The numbers that lesson 03 states in its prose, its hints and its quiz."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.lesson03_pooling import LECTURE_IMAGE, SMALL_IMAGE
from course_utils.photos import photo
from course_utils.questions import lesson03 as questions
from course_utils.widgets.compute import shift

MAX_POOLED = torch.tensor([[5.0, 8, 9], [4, 8, 5], [5, 7, 9]])
DIRECTIONS = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}
SIZES = (1, 2, 4, 8, 16, 32)


def max_pool(image: Tensor, *settings: int) -> Tensor:
    return F.max_pool2d(image[None], *settings)[0]


def average_pool(image: Tensor, *settings: int) -> Tensor:
    return F.avg_pool2d(image[None], *settings)[0]


@pytest.fixture(scope="module")
def features() -> Tensor:
    """The photograph's horizontal edges, (H, W), as the lesson makes them."""
    sobel = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])
    picture = photo("chelsea", size=256, gray=True)
    return F.conv2d(picture[None], sobel[None, None])[0, 0].clamp(min=0)


def active_share(still: Tensor, moved: Tensor) -> float:
    active = (still > 0) | (moved > 0)
    return (still == moved)[active].float().mean().item()


def relative_change(still: Tensor, moved: Tensor) -> float:
    return ((still - moved).norm() / still.norm()).item()


# the lectures' tables


def test_lecture_one_max_pooling_is_right() -> None:
    assert torch.equal(max_pool(LECTURE_IMAGE, 2, 2), MAX_POOLED)


def test_lecture_two_max_pooling_is_right_with_stride_1() -> None:
    expected = torch.tensor([[3.0, 3, 3], [3, 3, 3], [3, 2, 3]])
    assert torch.equal(max_pool(SMALL_IMAGE, 3, 1), expected)


def test_lecture_two_average_pooling_is_right_to_one_decimal() -> None:
    expected = torch.tensor([[1.7, 1.7, 1.7], [1.0, 1.2, 1.8], [1.1, 0.8, 1.3]])
    averages = average_pool(SMALL_IMAGE, 3, 1)
    torch.testing.assert_close(averages.round(decimals=1), expected)
    assert averages[0, 0].item() == pytest.approx(15 / 9)


def test_lecture_one_network_has_384_features_before_its_linear_layer() -> None:
    conv = {"kernel_size": 3, "padding": 1}
    blocks = (nn.Conv2d(3, 6, **conv), nn.MaxPool2d(2), nn.Conv2d(6, 6, **conv))
    sides, output = [], torch.zeros(1, 3, 32, 32)
    for layer in (*blocks, nn.MaxPool2d(2)):
        output = layer(output)
        sides.append(output.shape[-1])
    assert sides == [32, 16, 16, 8]
    assert output[0].numel() == 6 * 8 * 8 == 384


def test_lecture_two_flattening_gives_32_rows_of_25() -> None:
    batch = torch.randn(32, 1, 5, 5)
    assert nn.Flatten()(batch).shape == batch.view(-1, 25).shape == (32, 25)


# windows, size, padding


@pytest.mark.parametrize(
    ("row", "column", "values"),
    [(0, 0, [2, 5, 1, 3]), (0, 2, [8, 7, 4, 2]), (4, 4, [9, 2, 4, 8])],
)
def test_windows_named_in_the_text(row: int, column: int, values: list[int]) -> None:
    window = LECTURE_IMAGE[row : row + 2, column : column + 2]
    assert window.flatten().tolist() == values


def test_default_stride_is_the_kernel_size() -> None:
    assert max_pool(SMALL_IMAGE, 3).shape == (1, 1)
    assert nn.MaxPool2d(3).stride == nn.AvgPool2d(3).stride == 3
    assert nn.Conv2d(1, 1, 3).stride == (1, 1)


def test_rest_at_the_edge_is_dropped_unless_ceil_mode() -> None:
    corner = SMALL_IMAGE.clone()
    corner[:, -1] = corner[-1] = 99
    assert max_pool(corner, 2).max() == 3
    assert F.max_pool2d(corner[None], 2, ceil_mode=True).shape == (1, 3, 3)


def test_padding_is_at_most_half_a_window() -> None:
    F.max_pool2d(SMALL_IMAGE[None], 3, padding=1)
    with pytest.raises(RuntimeError, match="at most half"):
        F.max_pool2d(SMALL_IMAGE[None], 3, padding=2)


def test_corner_of_padded_pooling() -> None:
    assert SMALL_IMAGE[:2, :2].tolist() == [[3, 3], [0, 0]]
    assert max_pool(SMALL_IMAGE - 9, 3, 2, 1)[0, 0] == -6
    assert average_pool(SMALL_IMAGE, 3, 2, 1)[0, 0].item() == pytest.approx(6 / 9)
    real = F.avg_pool2d(SMALL_IMAGE[None], 3, 2, 1, count_include_pad=False)
    assert real[0, 0, 0] == 1.5


def test_numbers_in_the_hints_on_max_and_average() -> None:
    assert average_pool(LECTURE_IMAGE, 2)[0, 0] == 2.75
    assert 9 * average_pool(SMALL_IMAGE, 3, 1)[0, 0] == pytest.approx(15)
    assert max_pool(LECTURE_IMAGE, 2, 1).shape == (5, 5)


# gradients


def test_one_pixel_wins_three_of_nine_overlapping_windows() -> None:
    pixels = SMALL_IMAGE.clone().requires_grad_()
    max_pool(pixels, 3, 1).sum().backward()
    assert pixels.grad is not None
    assert pixels[1, 3] == 3
    assert pixels.grad[1, 3] == pixels.grad.max() == 3


def test_of_two_equal_maxima_the_first_gets_the_gradient() -> None:
    tied = torch.zeros(2, 2, requires_grad=True)
    max_pool(tied, 2).sum().backward()
    assert tied.grad is not None
    assert tied.grad.tolist() == [[1, 0], [0, 0]]


# adaptive pooling


def test_five_pixels_into_three_windows() -> None:
    windows = [(i * 5 // 3, -(-(i + 1) * 5 // 3)) for i in range(3)]
    assert windows == [(0, 2), (1, 4), (3, 5)]
    line = torch.randn(5)
    expected = torch.stack([line[start:end].mean() for start, end in windows])
    torch.testing.assert_close(F.adaptive_avg_pool1d(line[None], 3)[0], expected)


# moved by a pixel


@pytest.mark.parametrize("border", ["zeros", "repeated", "wrapped"])
def test_14_of_36_outputs_stay_whatever_enters_at_the_border(border: str) -> None:
    def moved(down: int, right: int) -> Tensor:
        if border == "wrapped":
            return LECTURE_IMAGE.roll((down, right), (0, 1))
        if border == "repeated":
            return shift(LECTURE_IMAGE, down, right)
        return F.pad(LECTURE_IMAGE, (right, -right, down, -down))

    stays = {
        name: int((max_pool(moved(*step), 2) == MAX_POOLED).sum())
        for name, step in DIRECTIONS.items()
    }
    assert stays == {"right": 5, "left": 0, "down": 5, "up": 4}
    assert sum(stays.values()) == 14


def test_hints_on_the_moved_image() -> None:
    right = F.pad(LECTURE_IMAGE, (1, -1))
    assert right[0].tolist() == [0, 2, 5, 8, 7, 9]
    left = F.pad(LECTURE_IMAGE, (-1, 1))
    assert left[:2, :2].flatten().tolist() == [5, 8, 3, 4]


def test_edges_have_254_pixels_a_side(features: Tensor) -> None:
    assert features.shape == (254, 254)


def test_about_a_third_stays_and_about_a_fifth_of_the_active(features: Tensor) -> None:
    still, moved = (max_pool(f, 2) for f in (features[:, 1:], features[:, :-1]))
    assert (still == moved).float().mean().item() == pytest.approx(1 / 3, abs=0.03)
    assert active_share(still, moved) == pytest.approx(0.2, abs=0.02)


def test_stride_hardly_matters_and_averages_hardly_stay(features: Tensor) -> None:
    crops = features[:, 1:], features[:, :-1]
    share_1, share_2 = (
        active_share(*(max_pool(c, 2, s) for c in crops)) for s in (1, 2)
    )
    assert share_1 == pytest.approx(share_2, abs=0.01)
    assert active_share(*(average_pool(c, 2) for c in crops)) < 0.02


@pytest.mark.parametrize("size", [2, 3, 4])
def test_of_noise_k_minus_1_in_k_plus_1_stay(size: int) -> None:
    noise = torch.rand(1200, 1201, generator=torch.Generator().manual_seed(0))
    still, moved = max_pool(noise[:, 1:], size), max_pool(noise[:, :-1], size)
    share = (still == moved).float().mean().item()
    assert share == pytest.approx((size - 1) / (size + 1), abs=0.01)


def test_larger_windows_forget_more_as_the_figure_says(features: Tensor) -> None:
    crops = features[:, 1:], features[:, :-1]
    shares = [active_share(*(max_pool(c, size) for c in crops)) for size in SIZES]
    assert shares == sorted(shares)
    assert shares[0] < 0.015
    assert shares[-1] > 0.9
    assert shares[-1] == pytest.approx(31 / 33, abs=0.02)
    maxima = [relative_change(*(max_pool(c, size) for c in crops)) for size in SIZES]
    means = [relative_change(*(average_pool(c, size) for c in crops)) for size in SIZES]
    assert maxima == sorted(maxima, reverse=True)
    assert maxima[0] == pytest.approx(0.5, abs=0.05)
    assert maxima[-1] < 0.05
    assert all(mean <= most for mean, most in zip(means, maxima, strict=True))


def test_poolings_in_a_row_are_one_larger_pooling(features: Tensor) -> None:
    assert torch.equal(max_pool(max_pool(features, 2), 2), max_pool(features, 4))


def test_move_by_the_stride_moves_the_outputs_along(features: Tensor) -> None:
    still, moved = max_pool(features[:, 2:], 2), max_pool(features[:, :-2], 2)
    assert torch.equal(still[:, :-1], moved[:, 1:])


# ReLU


def test_relu_and_pooling_in_both_orders() -> None:
    window = torch.tensor([[-4.0, 2], [1, -3]])
    assert average_pool(window, 2).item() == -1
    assert average_pool(window.relu(), 2).item() == 0.75
    values = torch.randn(40, 40)
    assert torch.equal(max_pool(values.relu(), 2), max_pool(values, 2).relu())


# flattening


def test_view_cuts_images_of_two_channels_in_two() -> None:
    batch = torch.randn(32, 2, 5, 5)
    assert batch.numel() == 32 * 50
    assert batch.view(-1, 25).shape[0] == 64


# the quiz


def test_quiz_answers() -> None:
    answers = [question.correct for question in questions.quiz.questions]
    assert answers == ["(8, 16, 10, 10)", 64, "Global average pooling", 48, 256]


def test_quiz_question_on_overlapping_windows() -> None:
    pooled = max_pool(LECTURE_IMAGE, 3, 2, 1)
    assert pooled.tolist() == [[5, 8, 9], [4, 8, 8], [5, 8, 9]]
    assert questions.overlapping_sum(padding=0) == 34
    assert MAX_POOLED.sum() == 60


def test_quiz_question_on_bricks_names_the_wrong_settings() -> None:
    assert questions.brick_share(2) == 38
    assert questions.brick_share(8) == 58
    assert questions.brick_share(4, F.avg_pool2d) == 5
    assert 100 - questions.brick_share() == 52


@pytest.mark.parametrize(("size", "features"), [(28, 256), (32, 400)])
def test_quiz_question_on_in_features(size: int, features: int) -> None:
    layers = nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2)
    )
    assert layers(torch.zeros(1, 1, size, size)).numel() == features
