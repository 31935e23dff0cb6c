"""Exercise 10.2: output size, parameters and multiplications of a 3-D convolution."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, prod
from typing import Any

import torch
from torch import nn

from course_utils.checks.engine import Case, Exercise, Mistake

Size = tuple[int, int, int]
Bill = tuple[Size, int, int]


def conv3d_bill(
    size: Size,
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
) -> Bill:
    """Ask PyTorch for the sizes and the parameters; nothing is computed."""
    layer = nn.Conv3d(
        in_channels, out_channels, kernel_size, stride, padding, device="meta"
    )
    output = layer(torch.empty(1, in_channels, *size, device="meta"))
    depth, height, width = output.shape[2:]
    parameters = sum(p.numel() for p in layer.parameters())
    return (depth, height, width), parameters, layer.weight[0].numel() * output.numel()


def _bill(
    *,
    length: Callable[[int, int, int, int], int] | None = None,
    weights: Callable[[int, int], int] = lambda k, c: k**3 * c,
    biases: Callable[[int], int] = lambda out: out,
    work: Callable[[int, int, int, int], int] = lambda w, out, new, old: w * out * new,
) -> Callable[..., Bill]:
    """Return a bill with one entry computed otherwise.

    Args:
        length: Output length from size, kernel_size, stride and padding.
        weights: Weights of one kernel, from kernel_size and in_channels.
        biases: Number of biases, from out_channels.
        work: Multiplications, from the weights of one kernel, out_channels, and the
            numbers of output and of input positions.
    """

    def bill(
        size: Size, inner: int, outer: int, k: int, stride: int = 1, padding: int = 0
    ) -> Any:
        usual = conv3d_bill(size, inner, outer, k, stride, padding)[0]
        new = tuple(length(n, k, stride, padding) for n in size) if length else usual
        one = weights(k, inner)
        total = one * outer + biases(outer)
        return new, total, work(one, outer, prod(new), prod(size))

    return bill


def _draw(generator: torch.Generator) -> tuple[Any, ...]:
    def pick(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator))

    size = (pick(7, 20), pick(7, 20), pick(7, 20))
    return size, pick(1, 8), pick(2, 16), pick(2, 5), pick(1, 3), pick(0, 2)


check_conv3d_bill = Exercise(
    title="10.2 · The bill for a third axis",
    reference=conv3d_bill,
    cases=(
        Case("the first layer of the page", ((12, 12, 12), 4, 16, 3, 2, 1)),
        Case("Ragoza's grid, 48³ voxels and 34 channels", ((48, 48, 48), 34, 32, 3)),
        Case("a volume with three different sides", ((9, 16, 20), 2, 8, 5, 1, 1)),
        Case("a stride that does not fit", ((10, 11, 12), 3, 4, 4, 3)),
    ),
    mistakes=(
        Mistake(
            "no_bias",
            _bill(biases=lambda out: 0),
            "Sizes and multiplications are right. Each of the out_channels kernels "
            "has a bias, too: that many parameters more.",
        ),
        Mistake(
            "one_bias",
            _bill(biases=lambda out: 1),
            "You counted one bias for the layer; there is one for each output channel.",
        ),
        Mistake(
            "flat_kernel",
            _bill(weights=lambda k, c: k**2 * c),
            "Your kernel is flat, kernel_size². In a volume it is a cube: "
            "kernel_size³ weights for each input channel.",
        ),
        Mistake(
            "in_channels_forgotten",
            _bill(weights=lambda k, c: k**3),
            "Each kernel reads *all* input channels: kernel_size³ · in_channels "
            "weights.",
        ),
        Mistake(
            "padding_on_one_side",
            _bill(length=lambda n, k, s, p: (n + p - k) // s + 1),
            "Padding is added on both sides of each axis: 2 · padding.",
        ),
        Mistake(
            "last_position_forgotten",
            _bill(length=lambda n, k, s, p: (n + 2 * p - k) // s),
            "The + 1 at the end of the size is missing: the kernel's first position "
            "counts, too.",
        ),
        Mistake(
            "rounded_up",
            _bill(length=lambda n, k, s, p: ceil((n + 2 * p - k) / s) + 1),
            "You rounded up. A convolution drops what does not fit: `//` rounds down.",
        ),
        Mistake(
            "one_output_channel",
            _bill(work=lambda w, out, new, old: w * new),
            "These are the multiplications of one output channel; there are "
            "out_channels of them.",
        ),
        Mistake(
            "input_positions",
            _bill(work=lambda w, out, new, old: w * out * old),
            "You counted a kernel's work at every *input* voxel. It is done once for "
            "every *output* value.",
        ),
    ),
    draw=_draw,
    praise="A third axis multiplies everything: that is why voxel grids are coarse.",
)
