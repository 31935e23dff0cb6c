"""Lesson 02: the lectures' numbers against torch, and what its prose states."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.arithmetic import conv_output_size
from course_utils.checks import lesson02
from course_utils.checks.lesson02_kernels import (
    DUMOULIN_IMAGE,
    DUMOULIN_KERNEL,
    LECTURE_IMAGE,
    SOBEL_HORIZONTAL,
)
from course_utils.photos import photo
from course_utils.questions.lesson02 import quiz

SOBEL_RESULT = [
    [-11, -20, -25, -25],
    [6, 13, 11, -3],
    [-1, -1, 9, 14],
    [-7, -12, -6, 5],
]
AS_TRANSCRIBED = [[-11, -20, -45, -70], *SOBEL_RESULT[1:]]


def conv(image: Tensor, kernel: Tensor, **settings: object) -> Tensor:
    return F.conv2d(image[None, None], kernel[None, None], **settings)[0, 0]


def test_lecture_image_under_the_horizontal_sobel_kernel() -> None:
    assert conv(LECTURE_IMAGE, SOBEL_HORIZONTAL).tolist() == SOBEL_RESULT


def test_slide_has_two_wrong_numbers_and_both_are_running_sums() -> None:
    right = conv(LECTURE_IMAGE, SOBEL_HORIZONTAL)
    slide = torch.tensor(AS_TRANSCRIBED, dtype=torch.float32)
    assert (slide != right).nonzero().tolist() == [[0, 2], [0, 3]]
    assert slide[0, 2] == slide[0, 1] + right[0, 2]
    assert slide[0, 3] == slide[0, 2] + right[0, 3]


@pytest.mark.parametrize(
    ("column", "above", "below"), [(0, -20, 9), (1, -28, 8), (2, -31, 6), (3, -33, 8)]
)
def test_window_of_the_first_row_splits_as_the_prose_says(
    column: int, above: int, below: int
) -> None:
    products = LECTURE_IMAGE[0:3, column : column + 3] * SOBEL_HORIZONTAL
    assert products.sum(dim=1).tolist() == [above, 0, below]


def test_values_of_the_first_row_exercise_come_from_torch() -> None:
    wrong = {m.name: list(m.wrong) for m in lesson02.check_first_row.mistakes}
    row = conv(LECTURE_IMAGE, SOBEL_HORIZONTAL)[0]
    turned = conv(LECTURE_IMAGE, SOBEL_HORIZONTAL.flip(0, 1))[0]
    on_its_side = conv(LECTURE_IMAGE, SOBEL_HORIZONTAL.T)[0]
    assert list(lesson02.check_first_row.reference) == row.tolist()
    assert wrong["as_printed"] == AS_TRANSCRIBED[0]
    assert wrong["running_sum"] == row.cumsum(0).tolist()
    assert wrong["flipped_kernel"] == turned.tolist()
    assert wrong["kernel_transposed"] == on_its_side.tolist()
    assert wrong["second_row"] == SOBEL_RESULT[1]


@pytest.mark.parametrize(("pixel", "windows"), [((2, 2), 9), ((0, 0), 1)])
def test_pixel_lies_in_as_many_windows(pixel: tuple[int, int], windows: int) -> None:
    touched = torch.zeros(6, 6)
    touched[pixel] = 1
    assert (conv(touched, torch.ones(3, 3)) != 0).sum() == windows


def test_second_convolution_would_leave_two_by_two() -> None:
    once = conv(LECTURE_IMAGE, SOBEL_HORIZONTAL)
    assert conv(once, SOBEL_HORIZONTAL).shape == (2, 2)


@pytest.mark.parametrize(("kernel_size", "padding"), [(3, 1), (5, 2)])
def test_same_padding_of_odd_kernels(kernel_size: int, padding: int) -> None:
    kernel = torch.randn(kernel_size, kernel_size)
    same = conv(LECTURE_IMAGE, kernel, padding="same")
    torch.testing.assert_close(same, conv(LECTURE_IMAGE, kernel, padding=padding))


def test_zero_padding_makes_edges_of_28_and_21_on_an_even_wall() -> None:
    edges = conv(torch.full((5, 5), 7.0), SOBEL_HORIZONTAL, padding=1)
    assert edges[0].tolist() == [21, 28, 28, 28, 21]
    assert torch.equal(edges[4], -edges[0])
    assert not edges[1:4].any()


@pytest.mark.parametrize("padding_mode", ["reflect", "replicate", "circular"])
def test_other_padding_leaves_no_trace_on_an_even_wall(padding_mode: str) -> None:
    layer = nn.Conv2d(1, 1, 3, padding=1, padding_mode=padding_mode, bias=False)
    layer.weight.data = SOBEL_HORIZONTAL[None, None]
    assert not layer(torch.full((1, 1, 5, 5), 7.0)).any()


def test_dumoulin_example_with_padding_1_and_stride_2() -> None:
    result = conv(DUMOULIN_IMAGE, DUMOULIN_KERNEL, padding=1, stride=2)
    assert result.tolist() == [[6, 17, 3], [8, 17, 13], [6, 4, 4]]


def test_first_dumoulin_window_has_a_single_product_that_is_not_zero() -> None:
    products = F.pad(DUMOULIN_IMAGE, (1, 1, 1, 1))[0:3, 0:3] * DUMOULIN_KERNEL
    assert products[products != 0].tolist() == [6]
    assert products[1, 1] == 6


def test_size_that_does_not_divide_is_rounded_down() -> None:
    assert conv(LECTURE_IMAGE, SOBEL_HORIZONTAL, stride=2).shape == (2, 2)
    assert conv_output_size(6, 3, stride=2) == 2


def test_lecture_layer_has_15_000_weights_and_200_biases() -> None:
    layer = nn.Conv2d(3, 200, kernel_size=5, padding="same")
    assert (layer.weight.numel(), layer.bias.numel()) == (15_000, 200)
    assert lesson02.check_count_parameters.reference(3, 200, 5) == 15_200
    assert layer(torch.zeros(1, 3, 100, 100)).shape == (1, 200, 100, 100)


def test_dilation_2_spreads_nine_numbers_over_five_pixels() -> None:
    assert conv(torch.zeros(5, 5), torch.ones(3, 3), dilation=2).shape == (1, 1)


def test_separable_pair_saves_a_factor_of_eight_in_multiplications_too() -> None:
    standard = nn.Conv2d(64, 128, 3).weight.numel()  # multiplications a pixel
    depthwise = nn.Conv2d(64, 64, 3, groups=64).weight.numel()
    pointwise = nn.Conv2d(64, 128, 1).weight.numel()
    assert standard / (depthwise + pointwise) == pytest.approx(8.4, abs=0.05)


def test_four_stamps_meet_in_the_middle() -> None:
    stamp = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])
    small = torch.tensor([[1.0, 2], [3, 4]])
    assert lesson02.check_stamp_kernel.reference(small, stamp, 2)[2, 2] == 1 + 2 + 3 + 4


def test_kernel_size_that_the_stride_divides_stamps_evenly_inside() -> None:
    ones = torch.ones(1, 1, 4, 4)
    even = F.conv_transpose2d(ones, torch.ones(1, 1, 4, 4), stride=2)[0, 0, 2:-2, 2:-2]
    uneven = F.conv_transpose2d(ones, torch.ones(1, 1, 3, 3), stride=2)[
        0, 0, 2:-2, 2:-2
    ]
    assert even.unique().tolist() == [4]
    assert uneven.unique().tolist() == [1, 2, 4]


def test_weight_of_a_transposed_convolution_begins_with_in_channels() -> None:
    assert nn.ConvTranspose2d(3, 8, 5).weight.shape == (3, 8, 5, 5)


def _losses(x: Tensor, steps: int = 60) -> list[float]:
    y = F.conv2d(x, SOBEL_HORIZONTAL[None, None])
    weight = torch.zeros(1, 1, 3, 3, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = F.mse_loss(F.conv2d(x, weight), y)
        (gradient,) = torch.autograd.grad(loss, weight)
        weight = (weight - 0.1 * gradient).detach().requires_grad_()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_brings_the_loss_below_a_millionth_in_60_steps(seed: int) -> None:
    torch.manual_seed(seed)
    losses = _losses(torch.randn(1, 1, 32, 32))
    assert losses[-1] < 1e-6 * losses[0]


def test_photograph_leaves_more_than_half_of_the_loss_after_60_steps() -> None:
    losses = _losses(photo("camera", size=128, gray=True)[None])
    assert losses[-1] > 0.5 * losses[0]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (1, 112),
        (2, 13),
        (3, "It becomes another map."),
        (4, 13),
        (5, "`nn.Conv2d(64, 16, kernel_size=1)`"),
    ],
)
def test_quiz_answer_is_right(question: int, answer: object) -> None:
    assert quiz.answer(question, answer).verdict == "right"


def test_quiz_receptive_field_is_what_the_gradient_shows() -> None:
    pixels = torch.zeros(1, 1, 41, 41, requires_grad=True)
    ones = torch.ones(1, 1, 3, 3)
    x = F.conv2d(F.conv2d(F.conv2d(pixels, ones), ones, stride=2), ones, dilation=2)
    x[0, 0, 5, 5].backward()
    assert pixels.grad is not None
    rows = pixels.grad[0, 0].any(dim=1).nonzero()
    assert rows.max() - rows.min() + 1 == 13
