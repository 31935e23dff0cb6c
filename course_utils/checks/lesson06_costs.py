"""Exercises 6.4 and 6.5: receptive fields and costs in whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch import nn

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.filled import count

Costs = Callable[[int, int], tuple[int, int, int]]


def _stack(layers: int, channels: int, bias: bool = True) -> tuple[int, int, int]:
    side = 2 * layers + 1
    with torch.device("meta"):
        small = [nn.Conv2d(channels, channels, 3, bias=bias) for _ in range(layers)]
        large = nn.Conv2d(channels, channels, side, bias=bias)
        # a map of `side` pixels shrinks to a single one: it sees them all
        seen = nn.Sequential(*small)(torch.empty(1, channels, side, side))
    assert seen.shape[-1] == 1
    return side, sum(map(count, small)), count(large)


def _stack_with(
    field: Callable[[int], int] = lambda layers: 2 * layers + 1,
    small: Callable[[int, int], int] = lambda n, c: _stack(n, c)[1],
    large: Callable[[int, int], int] = lambda n, c: _stack(n, c)[2],
) -> Costs:
    return lambda layers, channels: (
        field(layers),
        small(layers, channels),
        large(layers, channels),
    )


def _draw_stack(generator: torch.Generator) -> tuple[int, int]:
    layers, channels = torch.randint(2, 6, (2,), generator=generator).tolist()
    return layers, 8 * channels


check_stack_of_3x3 = Exercise(
    title="6.4 · What a stack of 3 × 3 saves",
    reference=_stack,
    cases=(
        Case("two layers, 64 channels", (2, 64)),
        Case("three layers, 512 channels", (3, 512)),
        Case("one layer, 10 channels", (1, 10)),
    ),
    mistakes=(
        Mistake(
            "no_biases",
            lambda layers, channels: _stack(layers, channels, bias=False),
            "The biases are missing: each convolution has one for each of its output "
            "channels.",
        ),
        Mistake(
            "bias_per_weight_map",
            _stack_with(
                lambda n: 2 * n + 1,
                lambda n, c: n * c * c * 10,
                lambda n, c: c * c * ((2 * n + 1) ** 2 + 1),
            ),
            "You counted a bias for each *pair* of channels. There is one for each "
            "output channel: C · (C · 9 + 1).",
        ),
        Mistake(
            "one_bias_a_layer",
            _stack_with(
                small=lambda n, c: n * (9 * c * c + 1),
                large=lambda n, c: (2 * n + 1) ** 2 * c * c + 1,
            ),
            "You counted one bias a layer. There is one for each output channel.",
        ),
        Mistake(
            "fields_added",
            _stack_with(
                field=lambda n: 3 * n,
                large=lambda n, c: c * (c * (3 * n) ** 2 + 1),
            ),
            "You added the kernels up: 3 + 3 = 6. They overlap. Each further 3 × 3 "
            "adds one pixel on either side: 3, 5, 7.",
        ),
        Mistake(
            "fields_multiplied",
            _stack_with(
                field=lambda n: 3**n,
                large=lambda n, c: c * (c * 9**n + 1),
            ),
            "You multiplied the kernels: 3 · 3 = 9. With stride 1 each further 3 × 3 "
            "adds one pixel on either side: 3, 5, 7.",
        ),
        Mistake(
            "channels_once",
            _stack_with(
                small=lambda n, c: n * (9 * c + c),
                large=lambda n, c: (2 * n + 1) ** 2 * c + c,
            ),
            "You counted one kernel of a single channel for each output. Each of the C "
            "output channels looks at all C input channels: C · C · 9 weights.",
        ),
        Mistake(
            "side_not_squared",
            _stack_with(
                small=lambda n, c: n * c * (3 * c + 1),
                large=lambda n, c: c * ((2 * n + 1) * c + 1),
            ),
            "A kernel is a square: 3 × 3 = 9 weights for each pair of channels, not 3.",
        ),
        Mistake(
            "one_layer_only",
            _stack_with(small=lambda n, c: _stack(1, c)[1]),
            "Those are the parameters of one of the small layers. The stack has "
            "`layers` of them.",
        ),
    ),
    draw=_draw_stack,
    praise="Three 3 × 3 layers see 7 × 7 pixels with 27 C² weights instead of 49 C², "
    "with three ReLUs instead of one.",
)


def _multiply_adds(*convolutions: tuple[int, int, int, int]) -> int:
    """Sum up (side, in_channels, out_channels, kernel_size) of padded convolutions."""
    return sum(side**2 * c_in * c_out * k**2 for side, c_in, c_out, k in convolutions)


def _bottleneck(
    side: int, in_channels: int, reduced: int, out_channels: int, kernel_size: int
) -> tuple[int, int]:
    maps = torch.empty(1, in_channels, side, side, device="meta")

    def cost(*convolutions: nn.Conv2d) -> int:
        total, x = 0, maps
        for convolution in convolutions:
            x = convolution(x)
            total += prod(x.shape[2:]) * convolution.weight.numel()
        return total

    with torch.device("meta"):
        half = kernel_size // 2
        direct = nn.Conv2d(in_channels, out_channels, kernel_size, padding=half)
        reduce = nn.Conv2d(in_channels, reduced, 1)
        widen = nn.Conv2d(reduced, out_channels, kernel_size, padding=half)
    return cost(direct), cost(reduce, widen)


def _draw_bottleneck(generator: torch.Generator) -> tuple[int, int, int, int, int]:
    side, wide, narrow, out, half = torch.randint(
        1, 9, (5,), generator=generator
    ).tolist()
    return side + 2, 16 * wide, 2 * narrow, 8 * out, 2 * (half % 3) + 3


check_bottleneck = Exercise(
    title="6.5 · Squeeze first, then look",
    reference=_bottleneck,
    cases=(
        Case("GoogLeNet's first 5 × 5 branch", (28, 192, 16, 32, 5)),
        Case("its 3 × 3 branch", (28, 192, 96, 128, 3)),
        Case("a single position", (1, 64, 8, 64, 3)),
        Case("a 1 × 1 kernel: nothing to save", (4, 8, 8, 8, 1)),
    ),
    mistakes=(
        Mistake(
            "squeeze_is_free",
            lambda s, i, r, o, k: (
                _multiply_adds((s, i, o, k)),
                _multiply_adds((s, r, o, k)),
            ),
            "The 1 × 1 convolution itself is missing from the second number: it costs "
            "side² · in_channels · reduced.",
        ),
        Mistake(
            "not_narrower",
            lambda s, i, r, o, k: (
                _multiply_adds((s, i, o, k)),
                _multiply_adds((s, i, r, 1), (s, i, o, k)),
            ),
            "Your large kernel still reads all `in_channels`. After the 1 × 1 there "
            "are `reduced` channels only: that is the whole point.",
        ),
        Mistake(
            "weights_only",
            lambda s, i, r, o, k: (
                _multiply_adds((1, i, o, k)),
                _multiply_adds((1, i, r, 1), (1, r, o, k)),
            ),
            "Those are the weights. Each weight is used once at every position: times "
            "side².",
        ),
        Mistake(
            "one_row",
            lambda s, i, r, o, k: (
                _multiply_adds((s, i, o, k)) // s,
                _multiply_adds((s, i, r, 1), (s, r, o, k)) // s,
            ),
            "You counted one row of positions. A map has side × side of them.",
        ),
        Mistake(
            "kernel_not_squared",
            lambda s, i, r, o, k: (s * s * i * o * k, s * s * (i * r + r * o * k)),
            "A kernel of size 5 has 25 weights for each pair of channels, not 5.",
        ),
        Mistake(
            "map_shrinks",
            lambda s, i, r, o, k: (
                _multiply_adds((max(s - k + 1, 0), i, o, k)),
                _multiply_adds((s, i, r, 1), (max(s - k + 1, 0), r, o, k)),
            ),
            "You let the map shrink. These convolutions are padded, so that the "
            "branches fit together: side stays side.",
        ),
        Mistake(
            "in_the_other_order",
            lambda s, i, r, o, k: (
                _multiply_adds((s, i, o, k)),
                _multiply_adds((s, i, r, k), (s, r, o, 1)),
            ),
            "Your large kernel comes first and reads all `in_channels`. The 1 × 1 "
            "comes first.",
        ),
        Mistake(
            "counted_as_two",
            lambda s, i, r, o, k: (
                2 * _multiply_adds((s, i, o, k)),
                2 * _multiply_adds((s, i, r, 1), (s, r, o, k)),
            ),
            "You counted a multiplication and an addition as two. Both count, as one "
            "multiply–add.",
        ),
    ),
    draw=_draw_bottleneck,
    praise="120 million multiply–adds become 12 million: GoogLeNet's way to 22 layers.",
)
