"""Exercises 8.1 and 8.2: a head that slides, and the field of view of a chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Slide = Callable[[nn.Linear, int], Callable[[Tensor], Tensor]]
Layers = list[tuple[int, int, int]]


def _use_head(
    answer: Slide, weight: Tensor, bias: Tensor, kernel_size: int, features: Tensor
) -> Tensor:
    """Give the answer a linear layer; return what its convolution makes of features."""
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.weight.data, linear.bias.data = weight, bias
    return answer(linear, kernel_size)(features).detach()


def _loop(linear: nn.Linear, kernel_size: int) -> Callable[[Tensor], Tensor]:
    """Apply the linear layer to each window in turn, as the definition says."""

    def slide(features: Tensor) -> Tensor:
        height, width = (side - kernel_size + 1 for side in features.shape[-2:])
        rows = [
            torch.stack(
                [
                    linear(
                        features[
                            :, :, i : i + kernel_size, j : j + kernel_size
                        ].flatten(1)
                    )
                    for j in range(width)
                ],
                dim=-1,
            )
            for i in range(height)
        ]
        return torch.stack(rows, dim=-2)

    return slide


def _kernel(linear: nn.Linear, kernel_size: int) -> Tensor:
    return linear.weight.reshape(linear.out_features, -1, kernel_size, kernel_size)


def _convolving(
    *,
    change: Callable[[Tensor], Tensor] = lambda kernel: kernel,
    bias: bool = True,
    stride: bool = False,
    padding: bool = False,
    pooled: bool = False,
) -> Slide:
    """Return a wrong answer: a convolution with something amiss."""

    def convert(linear: nn.Linear, kernel_size: int) -> Callable[[Tensor], Tensor]:
        kernel = change(_kernel(linear, kernel_size))

        def slide(features: Tensor) -> Tensor:
            scores = F.conv2d(
                features,
                kernel,
                linear.bias if bias else None,
                stride=kernel_size if stride else 1,
                padding=kernel_size // 2 if padding else 0,
            )
            return scores.mean((2, 3)) if pooled else scores

        return slide

    return convert


def _channels_last(kernel: Tensor) -> Tensor:
    count, channels, side, _ = kernel.shape
    return kernel.reshape(count, side, side, channels).permute(0, 3, 1, 2)


def _random_head(generator: torch.Generator) -> tuple[Tensor, Tensor, int, Tensor]:
    low, high = torch.tensor([1, 2, 2, 4, 4]), torch.tensor([3, 4, 4, 7, 7])
    share = torch.rand(5, generator=generator)
    side, channels, classes, height, width = (
        (low + share * (high - low + 1)).long().tolist()
    )
    shape = (classes, channels * side * side)
    return (
        torch.randn(shape, generator=generator),
        torch.randn(classes, generator=generator),
        side,
        torch.randn(2, channels, height, width, generator=generator),
    )


_ONE: Final = torch.tensor([[1.0, -1.0], [0.5, 2.0], [0.0, 3.0]])
_TWO: Final = torch.arange(8.0)[None] - 2
_FEATURES: Final = torch.tensor([[[1.0, 0, 2], [0, 3, 1]], [[2.0, 1, 0], [1, 0, 4]]])

check_as_convolution = Exercise(
    title="8.1 · Let the head slide",
    reference=_loop,
    use=_use_head,
    cases=(
        Case(
            "a head of 2 features and 3 classes, on 2 × 3 positions",
            (_ONE, torch.tensor([0.5, -1.0, 2.0]), 1, _FEATURES[None]),
        ),
        Case(
            "a head that was made for 2 × 2 positions, on 2 × 3",
            (_TWO, torch.tensor([1.0]), 2, _FEATURES[None]),
        ),
        Case(
            "the very size that the head was made for",
            (_TWO, torch.tensor([1.0]), 2, _FEATURES[None, :, :, 1:]),
        ),
    ),
    draw=_random_head,
    mistakes=(
        Mistake(
            "no_bias",
            _convolving(bias=False),
            "The bias is missing: copy `linear.bias` too. Without it every position "
            "of a class is off by the same number.",
        ),
        Mistake(
            "channels_last",
            _convolving(change=_channels_last),
            "Your kernel reads the weights as (H, W, C). `flatten` wrote the features "
            "in the order C, H, W, so reshape to (out_features, C, kernel_size, "
            "kernel_size).",
        ),
        Mistake(
            "flipped",
            _convolving(change=lambda kernel: kernel.flip(-1, -2)),
            "You turned the kernel upside down, as a convolution in mathematics does. "
            "`nn.Conv2d` does not flip: copy the weights as they lie.",
        ),
        Mistake(
            "rows_and_columns",
            _convolving(change=lambda kernel: kernel.transpose(-1, -2)),
            "Rows and columns of your kernel are swapped: the last axis runs along "
            "the width.",
        ),
        Mistake(
            "stride",
            _convolving(stride=True),
            "Your windows do not overlap: the stride is the kernel size. The head "
            "slides by one position, stride 1.",
        ),
        Mistake(
            "padded",
            _convolving(padding=True),
            "You padded. The head has never seen zeros from outside; without padding "
            "there is one answer for each whole window.",
        ),
        Mistake(
            "pooled",
            _convolving(pooled=True),
            "You averaged over the positions at the end: that is the classifier again, "
            "one answer for the whole picture. Keep the map.",
        ),
    ),
    praise="No weight was changed and no weight was added: a classifier was a labeller "
    "of windows all along.",
)


def _backwards(layers: Layers) -> int:
    """Go from one output pixel back to the input, layer by layer."""
    field = 1
    for kernel_size, stride, dilation in reversed(layers):
        field = (field - 1) * stride + dilation * (kernel_size - 1) + 1
    return field


def _forwards(
    reach: Callable[[int, int], int], *, strides: bool = True, own: bool = False
) -> Callable[[Layers], int]:
    """Return a wrong answer: ``reach(kernel_size, dilation)`` pixels a layer."""

    def field_of_view(layers: Layers) -> int:
        field, jump = 1, 1
        for kernel_size, stride, dilation in layers:
            if own:
                jump *= stride
            field += reach(kernel_size, dilation) * (jump if strides else 1)
            if not own:
                jump *= stride
        return field

    return field_of_view


def _added_strides(layers: Layers) -> int:
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += dilation * (kernel_size - 1) * jump
        jump += stride - 1
    return field


def _random_chain(generator: torch.Generator) -> tuple[Layers]:
    count = int(torch.randint(2, 5, (), generator=generator))
    kernels = (2 * torch.randint(1, 4, (count,), generator=generator) + 1).tolist()
    strides = torch.randint(1, 4, (count,), generator=generator).tolist()
    dilations = torch.randint(1, 5, (count,), generator=generator).tolist()
    return (list(zip(kernels, strides, dilations, strict=True)),)


check_field_of_view = Exercise(
    title="8.2 · The field of view of a chain",
    reference=_backwards,
    cases=(
        Case("one 3 × 3 convolution", ([(3, 1, 1)],)),
        Case("one 3 × 3 convolution, dilation 2", ([(3, 1, 2)],)),
        Case("two of them, the second with dilation 4", ([(3, 1, 2), (3, 1, 4)],)),
        Case("stride 2 first, then dilation 2", ([(3, 2, 1), (3, 1, 2)],)),
        Case("three layers of stride 2", ([(3, 2, 1), (3, 2, 1), (3, 2, 1)],)),
    ),
    draw=_random_chain,
    mistakes=(
        Mistake(
            "dilation_ignored",
            _forwards(lambda k, _: k - 1),
            "Dilation does not reach your result: with dilation d the k taps lie d "
            "pixels apart, and the last is d · (k − 1) pixels from the first.",
        ),
        Mistake(
            "stride_ignored",
            _forwards(lambda k, d: d * (k - 1), strides=False),
            "The strides do not reach your result. After a layer of stride 2, "
            "neighbours are 2 input pixels apart, and whatever a later layer reaches "
            "counts twice.",
        ),
        Mistake(
            "own_stride",
            _forwards(lambda k, d: d * (k - 1), own=True),
            "You multiplied by a layer's own stride before you added its reach. Its "
            "window lies on its *input*; its stride counts from the next layer on.",
        ),
        Mistake(
            "strides_added",
            _added_strides,
            "You added the strides up. They multiply: three of stride 2 make 8, not 4.",
        ),
        Mistake(
            "taps",
            _forwards(lambda k, d: d * k),
            "You added d · k a layer. Between k taps there are only k − 1 gaps.",
        ),
        Mistake(
            "holes",
            _forwards(lambda k, d: k - 1 + d - 1),
            "You added d − 1 holes once a layer. There are d − 1 between *every* two "
            "neighbouring taps: (k − 1) · (d − 1) in all.",
        ),
        Mistake(
            "from_zero",
            lambda layers: _backwards(layers) - 1,
            "You are one short: without any layer a pixel already sees itself, so "
            "begin with 1.",
        ),
    ),
    praise="Weights grow with the square of a kernel; with dilation the view grows and "
    "the weights stay nine.",
)
