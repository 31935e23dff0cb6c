"""Sizes, counts and receptive fields, compared with torch itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.arithmetic import (
    conv_output_size,
    conv_parameters,
    linear_parameters,
    pool_output_size,
    receptive_field,
    transposed_output_size,
)

Attempt = Callable[[], int]


def outcome(attempt: Attempt, error: type[Exception]) -> int | str:
    """Return the size, or "error" where the settings are refused."""
    try:
        return attempt()
    except error:
        return "error"


def column(length: int) -> Tensor:
    return torch.zeros(1, 1, length, 1)


def test_conv_output_size_equals_torch_errors_included() -> None:
    for size, kernel, stride, padding, dilation in product(
        range(1, 8), range(1, 6), range(1, 4), range(4), range(1, 4)
    ):
        settings = ((stride, 1), (padding, 0), (dilation, 1))

        def by_torch(
            size: int = size, kernel: int = kernel, settings: tuple = settings
        ) -> int:
            return F.conv2d(column(size), column(kernel), None, *settings).shape[2]

        ours = outcome(
            lambda a=(size, kernel, stride, padding, dilation): conv_output_size(*a),
            ValueError,
        )
        assert ours == outcome(by_torch, RuntimeError), (size, kernel, settings)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pool_output_size_equals_torch_errors_included(ceil_mode: bool) -> None:
    for size, kernel, stride, padding, dilation in product(
        range(1, 8), range(1, 6), range(1, 5), range(4), range(1, 4)
    ):
        arguments = (size, kernel, stride, padding, dilation, ceil_mode)

        def by_torch(arguments: tuple = arguments) -> int:
            size, kernel, stride, padding, dilation, ceil_mode = arguments
            return F.max_pool2d(
                column(size),
                (kernel, 1),
                (stride, 1),
                (padding, 0),
                (dilation, 1),
                ceil_mode,
            ).shape[2]

        ours = outcome(lambda a=arguments: pool_output_size(*a), ValueError)
        assert ours == outcome(by_torch, RuntimeError), arguments


def test_transposed_output_size_equals_torch_errors_included() -> None:
    for arguments in product(
        range(1, 6), range(1, 5), range(1, 4), range(4), range(4), range(1, 4)
    ):

        def by_torch(arguments: tuple = arguments) -> int:
            size, kernel, stride, padding, output_padding, dilation = arguments
            return F.conv_transpose2d(
                column(size),
                column(kernel),
                None,
                (stride, 1),
                (padding, 0),
                (output_padding, 0),
                1,
                (dilation, 1),
            ).shape[2]

        ours = outcome(lambda a=arguments: transposed_output_size(*a), ValueError)
        assert ours == outcome(by_torch, RuntimeError), arguments


def test_pool_stride_is_the_kernel_size_unless_given() -> None:
    assert pool_output_size(32, 2) == pool_output_size(32, 2, stride=2) == 16


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "kernel_size", "bias", "groups"),
    [
        (3, 200, 5, True, 1),
        (3, 6, (3, 5), True, 1),
        (6, 6, 3, False, 6),
        (8, 4, 1, True, 2),
    ],
)
def test_conv_parameters_equal_those_of_the_layer(
    in_channels: int,
    out_channels: int,
    kernel_size: int | tuple[int, int],
    bias: bool,
    groups: int,
) -> None:
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, bias=bias, groups=groups)
    expected = sum(parameter.numel() for parameter in layer.parameters())
    found = conv_parameters(in_channels, out_channels, kernel_size, bias, groups)
    assert found == expected


def test_conv_parameters_of_the_lecture() -> None:
    assert conv_parameters(3, 200, 5) == (5 * 5 * 3 + 1) * 200 == 15_200


def test_linear_parameters_of_the_lecture() -> None:
    assert linear_parameters(100 * 100, 1000, bias=False) == 10_000_000
    assert linear_parameters(100 * 100, 1000) == 10_001_000


def test_linear_parameters_equal_those_of_the_layer() -> None:
    layer = nn.Linear(7, 5)
    expected = sum(parameter.numel() for parameter in layer.parameters())
    assert linear_parameters(7, 5) == expected


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [(3, 1, 1)],
        [(3, 1, 1), (3, 1, 1)],
        [(3, 1, 1), (2, 2, 1), (3, 1, 1)],
        [(3, 2, 2), (5, 1, 1), (2, 2, 1)],
        [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
    ],
)
def test_receptive_field_is_where_the_gradient_reaches(
    layers: list[tuple[int, int, int]],
) -> None:
    image = torch.zeros(1, 1, 101, requires_grad=True)
    value: Tensor = image
    for kernel_size, stride, dilation in layers:
        kernel = torch.ones(1, 1, kernel_size)
        value = F.conv1d(value, kernel, stride=stride, dilation=dilation)
    value[0, 0, value.shape[-1] // 2].backward()
    assert image.grad is not None
    touched = image.grad[0, 0].nonzero()
    reach = int(touched.max() - touched.min()) + 1
    assert receptive_field(layers) == reach


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: conv_output_size(0, 3), "size is 0; it must be at least 1"),
        (
            lambda: conv_output_size(5, 3, stride=0),
            "stride is 0; it must be at least 1",
        ),
        (
            lambda: conv_output_size(4, 3, dilation=2),
            "kernel spans 5 pixels but the padded input has only 4; "
            "lower kernel_size or dilation, or raise padding",
        ),
        (
            lambda: pool_output_size(8, 3, padding=2),
            "padding is 2; a pooling allows at most half of kernel_size, 1 for "
            "kernel_size 3: lower padding",
        ),
        (
            lambda: transposed_output_size(4, 3, stride=2, output_padding=2),
            "output_padding is 2; it must be less than stride (2) or less than "
            "dilation (1)",
        ),
        (
            lambda: transposed_output_size(1, 3, padding=2),
            "the output has 3 pixels and padding cuts off 4; lower padding, or raise "
            "kernel_size or stride",
        ),
        (
            lambda: conv_parameters(3, 6, 3, groups=2),
            "in_channels is 3; groups (2) must divide it",
        ),
        (lambda: linear_parameters(0, 10), "in_features is 0; it must be at least 1"),
        (
            lambda: receptive_field([(0, 1, 1)]),
            "kernel_size is 0; it must be at least 1",
        ),
    ],
)
def test_error_says_what_was_found_and_what_to_do(
    attempt: Attempt, message: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        attempt()
    assert str(caught.value) == message


def test_arithmetic_does_without_torch() -> None:
    program = (
        "import sys, course_utils.arithmetic\n"
        "print({'torch', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
