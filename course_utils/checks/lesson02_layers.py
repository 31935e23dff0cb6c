"""Lesson 02, whole layers: their channels and their parameters."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.lesson02_kernels import whole_numbers

# --- 2.8 add up the channels ----------------------------------------------------------


def _layer(image: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.conv2d(image[None], weight, bias)[0]


def _draw_layer(generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    image = torch.randn(3, 4, 5, generator=generator)
    weight = torch.randn(2, 3, 3, 2, generator=generator)
    return image, weight, torch.randn(2, generator=generator)


check_add_channels = Exercise(
    title="2.8 · Add up the channels",
    reference=_layer,
    cases=(
        # a single channel: nothing but the bias is new
        Case(
            "one channel in, one map out, bias 10",
            (whole_numbers(1, 3, 3), whole_numbers(1, 1, 2, 2), torch.tensor([10.0])),
        ),
        # no bias: nothing but the sum over channels is new
        Case(
            "two channels in, one map out, bias 0",
            (whole_numbers(2, 3, 3), whole_numbers(1, 2, 2, 2), torch.zeros(1)),
        ),
        Case(
            "three channels in, two maps out",
            (
                whole_numbers(3, 4, 4),
                whole_numbers(2, 3, 3, 3),
                torch.tensor([1.0, -2.0]),
            ),
        ),
    ),
    draw=_draw_layer,
    mistakes=(
        Mistake(
            "first_channel_only",
            lambda image, weight, bias: _layer(image[:1], weight[:, :1], bias),
            "Only the first channel counts. Each output map adds up what all input "
            "channels give.",
        ),
        Mistake(
            "last_channel_only",
            lambda image, weight, bias: _layer(image[-1:], weight[:, -1:], bias),
            "Only the last channel is left: each one overwrites the one before. Add "
            "with `+=`.",
        ),
        Mistake(
            "bias_forgotten",
            lambda image, weight, bias: _layer(image, weight, None),
            "The bias is missing: one number is added to each output map.",
        ),
        Mistake(
            "bias_per_channel",
            lambda image, weight, bias: _layer(image, weight, bias * len(image)),
            "You added the bias once for each input channel. It comes in once for each "
            "output map, after the sum.",
        ),
        Mistake(
            "channels_averaged",
            lambda image, weight, bias: _layer(image, weight / len(image), bias),
            "You took the mean over the channels; the formula has a sum.",
        ),
        Mistake(
            "one_kernel_for_all_channels",
            lambda image, weight, bias: _layer(
                image, weight[:, :1].expand_as(weight), bias
            ),
            "You used `weight[j, 0]` for every channel. Channel k has a kernel of its "
            "own, `weight[j, k]`.",
        ),
        Mistake(
            "one_filter_for_all_maps",
            lambda image, weight, bias: _layer(
                image, weight[:1].expand_as(weight), bias
            ),
            "All your maps come from `weight[0]`. Map j has its own kernels, "
            "`weight[j]`.",
        ),
        Mistake(
            "first_bias_for_all_maps",
            lambda image, weight, bias: _layer(image, weight, bias[:1].expand_as(bias)),
            "Every map got `bias[0]`; map j has its own, `bias[j]`.",
        ),
    ),
    praise="One kernel for each pair of input and output channel, one bias a map.",
)


# --- 2.9 count the parameters ---------------------------------------------------------


def _torch_count(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    bias: bool = True,
    groups: int = 1,
) -> int:
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, bias=bias, groups=groups)
    return sum(parameter.numel() for parameter in layer.parameters())


check_count_parameters = Exercise(
    title="2.9 · Count the parameters",
    reference=_torch_count,
    cases=(
        Case("the lecture's layer, 5 × 5, 3 → 200", (3, 200, 5)),
        Case("3 × 3, 3 → 6, without bias", (3, 6, 3, False)),
        Case("1 × 1, 64 → 128", (64, 128, 1)),
        Case("two groups, 3 × 3, 4 → 8", (4, 8, 3, True, 2)),
        Case("depthwise, 3 × 3, 8 → 8, 8 groups", (8, 8, 3, True, 8)),
    ),
    mistakes=(
        Mistake(
            "bias_forgotten",
            lambda i, o, k, bias=True, groups=1: k * k * i // groups * o,
            "The biases are missing: one for each output channel when `bias` is True.",
        ),
        Mistake(
            "bias_always",
            lambda i, o, k, bias=True, groups=1: (k * k * i // groups + 1) * o,
            "You counted the biases also where `bias` is False.",
        ),
        Mistake(
            "one_bias",
            lambda i, o, k, bias=True, groups=1: k * k * i // groups * o + bias,
            "You counted a single bias. Every output channel has one.",
        ),
        Mistake(
            "bias_per_kernel",
            lambda i, o, k, bias=True, groups=1: (k * k + bias) * (i // groups) * o,
            "You counted a bias for each pair of input and output channel. It comes "
            "after the sum over the channels: one for each output channel.",
        ),
        Mistake(
            "kernel_not_squared",
            lambda i, o, k, bias=True, groups=1: (k * i // groups + bias) * o,
            "A kernel of size 5 has 5 · 5 weights, not 5.",
        ),
        Mistake(
            "in_channels_forgotten",
            lambda i, o, k, bias=True, groups=1: (k * k + bias) * o,
            "You left out `in_channels`: each output channel has one kernel for each "
            "input channel that it sees.",
        ),
        Mistake(
            "out_channels_forgotten",
            lambda i, o, k, bias=True, groups=1: k * k * i // groups + bias,
            "That is one output channel. There are `out_channels` of them.",
        ),
        Mistake(
            "groups_ignored",
            lambda i, o, k, bias=True, groups=1: (k * k * i + bias) * o,
            "You left out `groups`: an output channel sees `in_channels // groups` "
            "input channels only.",
        ),
        Mistake(
            "groups_divided_twice",
            lambda i, o, k, bias=True, groups=1: (
                k * k * (i // groups) * (o // groups) + bias * o
            ),
            "That is one group. Each output channel still needs its kernels; only the "
            "number of input channels that it sees is divided by `groups`.",
        ),
    ),
    praise="The height and width of the image do not come in: that is what shared "
    "weights buy.",
)
