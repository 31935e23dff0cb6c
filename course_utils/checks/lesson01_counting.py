"""Lesson 01: how many parameters a layer has, and how far apart pictures are."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake


def _parameters(height: int, width: int, channels: int, neurons: int) -> int:
    """Ask torch; on the meta device a layer has shapes but no memory."""
    layer = nn.Linear(height * width * channels, neurons, device="meta")
    return sum(parameter.numel() for parameter in layer.parameters())


def _draw_sizes(generator: torch.Generator) -> tuple[int, int, int, int]:
    height, width, neurons = torch.randint(4, 60, (3,), generator=generator).tolist()
    return int(height), int(width), 3, int(neurons)


check_count_parameters = Exercise(
    title="1.6 · Find the mistake on the slide",
    reference=_parameters,
    cases=(
        Case("the lecture's layer, 100 × 100 grey, 1000 neurons", (100, 100, 1, 1000)),
        Case("a colour picture, 4 × 6 pixels, 5 neurons", (4, 6, 3, 5)),
        Case("a grey picture, 28 × 28 pixels, 10 neurons", (28, 28, 1, 10)),
    ),
    draw=_draw_sizes,
    mistakes=(
        Mistake(
            "no_bias_no_channels",
            lambda height, width, channels, neurons: height * width * neurons,
            "That is still the slide's count: one weight for each pixel and neuron. "
            "The biases are missing, and so are the channels.",
        ),
        Mistake(
            "no_bias",
            lambda height, width, channels, neurons: (
                height * width * channels * neurons
            ),
            "Those are the weights alone, as on the slide. Each neuron also has one "
            "bias: 10 000 000 + 1000 = 10 001 000.",
        ),
        Mistake(
            "no_channels",
            lambda height, width, channels, neurons: (height * width + 1) * neurons,
            "Right for grey pictures. A colour picture has three numbers a pixel, and "
            "each of them gets its own weight.",
        ),
        Mistake(
            "bias_per_input",
            lambda height, width, channels, neurons: (
                height * width * channels * (neurons + 1)
            ),
            "You gave each input a bias: 10 010 000. A bias belongs to a neuron of the "
            "layer, so there are `neurons` of them.",
        ),
        Mistake(
            "one_bias",
            lambda height, width, channels, neurons: (
                height * width * channels * neurons + 1
            ),
            "You counted one bias for the whole layer: 10 000 001. Each of the 1000 "
            "neurons has its own.",
        ),
        Mistake(
            "bias_per_channel",
            lambda height, width, channels, neurons: (
                (height * width + 1) * channels * neurons
            ),
            "You counted a bias for each channel of each neuron. A neuron adds up all "
            "its inputs and then adds one bias.",
        ),
        Mistake(
            "height_plus_width",
            lambda height, width, channels, neurons: (
                ((height + width) * channels + 1) * neurons
            ),
            "You added height and width. A picture of 100 × 100 pixels has 10 000 of "
            "them, not 200.",
        ),
    ),
    praise="(inputs + 1) · neurons: the + 1 is the bias.",
)


def _rms(a: Tensor, b: Tensor) -> float:
    return math.sqrt(float(nn.functional.mse_loss(a, b)))


def _draw_pair(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    pair = torch.rand(2, 3, 4, 5, generator=generator)
    return pair[0], pair[1]


_black, _white = torch.zeros(3, 4, 4), torch.ones(3, 4, 4)
_half_white = torch.cat([torch.zeros(3, 2, 4), torch.ones(3, 2, 4)], dim=1)

check_rms_distance = Exercise(
    title="1.7 · How far apart are two pictures?",
    reference=_rms,
    cases=(
        Case("a white picture and a black one", (_white, _black)),
        Case("a black picture and one that is half white", (_black, _half_white)),
        Case(
            "a half white picture and the same upside down",
            (_half_white, 1 - _half_white),
        ),
        Case("a picture and itself", (_half_white, _half_white)),
    ),
    draw=_draw_pair,
    mistakes=(
        Mistake(
            "no_root",
            lambda a, b: float(((a - b) ** 2).mean()),
            "That is the mean square. Take the root of it: √0.25 = 0.5.",
        ),
        Mistake(
            "mean_before_square",
            lambda a, b: float((a - b).mean().square().sqrt()),
            "You took the mean before squaring, so brighter and darker places cancel. "
            "Square first, then take the mean, then the root.",
        ),
        Mistake(
            "signed_mean",
            lambda a, b: float((a - b).mean()),
            "You took the mean of the differences as they are, so +1 and −1 cancel to "
            "0. Square them first.",
        ),
        Mistake(
            "mean_absolute",
            lambda a, b: float((a - b).abs().mean()),
            "That is the mean absolute difference: also a distance, but not this one. "
            "Square, mean, root.",
        ),
        Mistake(
            "sum_for_mean",
            lambda a, b: float(((a - b) ** 2).sum().sqrt()),
            "You added the squares up where the mean is asked, so a larger picture "
            "would be farther away just for its size.",
        ),
        Mistake(
            "largest_difference",
            lambda a, b: float((a - b).abs().max()),
            "You took the largest difference: one odd pixel would decide alone.",
        ),
        Mistake(
            "standard_deviation",
            lambda a, b: float((a - b).std()),
            "`std` takes the mean difference away first, so black and white, which "
            "differ by 1 everywhere, would be at distance 0.",
        ),
    ),
    praise="0 for the same picture, 1 for black against white: photographs lie "
    "between.",
)
