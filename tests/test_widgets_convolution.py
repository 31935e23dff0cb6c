"""The Python side of the convolution explorer, without a browser."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from course_utils.arithmetic import conv_output_size
from course_utils.widgets import ConvolutionExplorer
from course_utils.widgets.images import LECTURE

SOBEL = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]


@pytest.mark.parametrize("padding_mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("stride", [1, 2])
def test_output_is_that_of_conv2d(padding_mode: str, stride: int) -> None:
    layer = nn.Conv2d(
        1, 1, 3, stride, padding=2, padding_mode=padding_mode, bias=False, dilation=2
    )
    layer.weight.data[0, 0] = torch.tensor(SOBEL)
    explorer = ConvolutionExplorer(
        stride=stride, padding=2, padding_mode=padding_mode, dilation=2
    )
    expected = layer(LECTURE[None, None].float())[0, 0].detach()
    assert torch.equal(explorer.output, expected)


def test_kernel_reads_as_it_is_written() -> None:
    assert ConvolutionExplorer().kernel == SOBEL
    assert str(ConvolutionExplorer(kernel=torch.eye(2)).kernel) == "[[1, 0], [0, 1]]"


def test_kernel_can_be_set_by_name_list_and_tensor() -> None:
    explorer = ConvolutionExplorer()
    explorer.kernel = "laplacian"
    assert explorer.kernel[1] == [1, -4, 1]
    explorer.kernel = [[1, -1]]
    assert explorer.output.shape == (6, 5)
    explorer.kernel = nn.Parameter(torch.full((2, 2), 0.25))
    assert explorer.kernel == [[0.25, 0.25], [0.25, 0.25]]


@pytest.mark.parametrize(
    ("kernel", "says"),
    [
        ("sobel", "kernel is 'sobel'; choose one of identity, sobel_horizontal"),
        ([[1, 2], [3]], "give rows of equal length"),
        ([1, 2, 3], r"kernel has shape \(3,\); expected \(H, W\)"),
        (torch.zeros(1, 1, 3, 3), r"layer.weight\[0, 0\]"),
        (torch.zeros(7, 7), "kernel is 7x7; the explorer edits kernels from 1x1 to"),
        ([[float("nan")]], "kernel holds NaN or infinity; give finite numbers"),
        ([["a"]], "kernel is not a matrix of numbers"),
        (None, "kernel is not a matrix of numbers"),
    ],
)
def test_a_wrong_kernel_is_refused_and_the_old_one_kept(kernel: Any, says: str) -> None:
    explorer = ConvolutionExplorer()
    with pytest.raises(ValueError, match=says):
        explorer.kernel = kernel
    assert explorer.kernel == SOBEL


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("stride", 0, "stride is 0; it must be at least 1"),
        ("stride", 1.5, "stride is 1.5; give a whole number from 1 to 32"),
        ("padding", -1, "padding is -1; it must be at least 0"),
        ("padding", 99, "padding is 99; the explorer shows at most 32"),
        ("dilation", True, "dilation is True; give a whole number"),
        (
            "padding_mode",
            "same",
            "padding_mode is 'same'; choose one of zeros, reflect",
        ),
        ("position", (4, 0), r"position is \(4, 0\), outside the output of 4x4"),
        ("position", 3, "position is 3; give two whole numbers such as"),
        ("image", "cat", "image is 'cat'; choose one of lecture"),
        ("image", torch.zeros(3, 8, 8), "take one channel"),
        ("image", torch.zeros(300, 8), "at most 256x256"),
        ("image", torch.tensor([[torch.inf]]), "image holds NaN or infinity"),
        ("image", [[1], [1, 2]], "image is not a tensor of numbers"),
    ],
)
def test_a_wrong_state_is_refused_with_what_to_do(
    name: str, value: Any, says: str
) -> None:
    explorer = ConvolutionExplorer()
    with pytest.raises(ValueError, match=says):
        setattr(explorer, name, value)


def test_a_misfit_is_allowed_and_output_says_why() -> None:
    explorer = ConvolutionExplorer(dilation=4)
    with pytest.raises(ValueError, match="kernel spans 9 pixels") as error:
        _ = explorer.output
    with pytest.raises(ValueError, match="kernel spans 9 pixels") as library:
        conv_output_size(6, 3, dilation=4)
    assert str(error.value) == str(library.value)
    assert repr(explorer).endswith("dilation=4, output=does not fit)")


@pytest.mark.parametrize(
    ("mode", "padding", "says"),
    [
        ("reflect", 6, "reflect padding can mirror at most 5"),
        ("circular", 7, "circular padding can wrap at most 6"),
    ],
)
def test_padding_modes_refuse_what_conv2d_refuses(
    mode: str, padding: int, says: str
) -> None:
    layer = nn.Conv2d(1, 1, 3, padding=padding, padding_mode=mode)
    with pytest.raises(RuntimeError):
        layer(torch.zeros(1, 1, 6, 6))
    explorer = ConvolutionExplorer(padding=padding, padding_mode=mode)
    with pytest.raises(ValueError, match=says):
        _ = explorer.output


def test_the_window_stays_inside_when_the_output_shrinks() -> None:
    explorer = ConvolutionExplorer()
    explorer.position = (3, 2)
    explorer.stride = 3
    assert explorer.position == (1, 1)


def test_a_tensor_becomes_the_image() -> None:
    explorer = ConvolutionExplorer(torch.arange(12.0).reshape(1, 3, 4), "identity")
    assert explorer.image == "custom"
    assert torch.equal(explorer.output, torch.tensor([[5.0, 6.0]]))


def test_a_photograph_has_whole_grey_levels() -> None:
    explorer = ConvolutionExplorer("coffee")
    assert explorer.pixels.shape == (128, 128)
    assert torch.equal(explorer.pixels, explorer.pixels.round())
    assert 200 < float(explorer.pixels.max()) <= 255


def test_a_photograph_is_sent_once_as_bytes() -> None:
    data = ConvolutionExplorer("camera")._images["camera"]["data"]
    assert isinstance(data, bytes)
    assert len(data) == 128 * 128


def test_repr_is_stable_and_has_no_address() -> None:
    assert repr(ConvolutionExplorer(padding=1)) == (
        "ConvolutionExplorer(image='lecture', kernel_size=3x3, stride=1, padding=1, "
        "padding_mode='zeros', dilation=1, output=6x6)"
    )


def test_one_step_in_numbers_and_words() -> None:
    step = ConvolutionExplorer().step((0, 0))
    assert step.numbers() == (
        "2·(−1) + 5·(−2) + 8·(−1) + 1·0 + 3·0 + 4·0 + 0·1 + 4·2 + 1·1 = −11"
    )
    assert step.in_words() == (
        "The window covers rows 0 to 2 and columns 0 to 2. "
        "The 9 products −2, −10, −8, 0, 0, 0, 0, 8 and 1 add up to −11: "
        "output row 0, column 0."
    )


def test_padding_under_the_window_is_counted() -> None:
    words = ConvolutionExplorer(padding=1).step((0, 0)).in_words()
    assert "rows −1 to 1" in words
    assert "5 of its 9 numbers are padding" in words
