"""Sizes, parameter counts and receptive fields of layers, as plain integers.

One axis at a time, PyTorch's conventions throughout: ``padding`` is per side, sizes are
in pixels, and a division that does not come out even is rounded down.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import nn

    from course_utils.trace import ShapeTrace


def conv_output_size(
    size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return the output length of a convolution along one axis.

    Args:
        size: Input length, in pixels.
        kernel_size: Kernel length, in pixels.
        stride: Step between two kernel positions, in pixels.
        padding: Pixels added on *each* side.
        dilation: Distance between two kernel taps, in pixels.

    Raises:
        ValueError: If an argument is out of range, or if the dilated kernel does not
            fit in the padded input.

    Source: the shape formula of ``torch.nn.Conv2d``.
    """
    _require_at_least("size", size, 1)
    _require_at_least("kernel_size", kernel_size, 1)
    _require_at_least("stride", stride, 1)
    _require_at_least("padding", padding, 0)
    _require_at_least("dilation", dilation, 1)
    return _room(size, kernel_size, padding, dilation) // stride + 1


def pool_output_size(
    size: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Return the output length of a pooling along one axis.

    Args:
        size: Input length, in pixels.
        kernel_size: Window length, in pixels.
        stride: Step between two windows, in pixels; ``None`` means ``kernel_size``.
        padding: Pixels added on *each* side, at most half of ``kernel_size``.
        dilation: Distance between two pixels of a window, in pixels.
        ceil_mode: Round up instead of down, unless the last window would then start
            in the padding on the far side.

    Raises:
        ValueError: If an argument is out of range, or if the dilated window does not
            fit in the padded input.

    Source: the shape formula of ``torch.nn.MaxPool2d``.
    """
    stride = kernel_size if stride is None else stride
    _require_at_least("size", size, 1)
    _require_at_least("kernel_size", kernel_size, 1)
    _require_at_least("stride", stride, 1)
    _require_at_least("padding", padding, 0)
    _require_at_least("dilation", dilation, 1)
    if padding > kernel_size // 2:
        raise ValueError(
            f"padding is {padding}; a pooling allows at most half of kernel_size, "
            f"{kernel_size // 2} for kernel_size {kernel_size}: lower padding"
        )
    # rounded up, one window may reach over the far edge
    overhang = stride - 1 if ceil_mode else 0
    room = _room(size, kernel_size, padding, dilation, overhang)
    output_size = room // stride + 1
    if ceil_mode and (output_size - 1) * stride >= size + padding:
        return output_size - 1
    return output_size


def transposed_output_size(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """Return the output length of a transposed convolution along one axis.

    Args:
        size: Input length, in pixels.
        kernel_size: Kernel length, in pixels.
        stride: Distance between the places of two neighbouring inputs, in pixels.
        padding: Pixels *cut off* on each side of the output.
        output_padding: Pixels added to one side of the output; less than ``stride`` or
            less than ``dilation``.
        dilation: Distance between two kernel taps, in pixels.

    Raises:
        ValueError: If an argument is out of range, or if nothing is left of the output.

    Source: the shape formula of ``torch.nn.ConvTranspose2d``.
    """
    _require_at_least("size", size, 1)
    _require_at_least("kernel_size", kernel_size, 1)
    _require_at_least("stride", stride, 1)
    _require_at_least("padding", padding, 0)
    _require_at_least("output_padding", output_padding, 0)
    _require_at_least("dilation", dilation, 1)
    if output_padding >= max(stride, dilation):
        raise ValueError(
            f"output_padding is {output_padding}; it must be less than stride "
            f"({stride}) or less than dilation ({dilation})"
        )
    spread = (size - 1) * stride + dilation * (kernel_size - 1) + 1 + output_padding
    if spread <= 2 * padding:
        raise ValueError(
            f"the output has {spread} pixels and padding cuts off {2 * padding}; "
            "lower padding, or raise kernel_size or stride"
        )
    return spread - 2 * padding


def conv_parameters(
    in_channels: int,
    out_channels: int,
    kernel_size: int | Sequence[int],
    bias: bool = True,
    groups: int = 1,
) -> int:
    """Return the number of weights and biases of a convolution over images.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output, one kernel each.
        kernel_size: Side of a square kernel, or ``(height, width)``, in pixels.
        bias: Whether each output channel adds a number of its own.
        groups: Parts that the channels are split into; each kernel sees one part.

    Raises:
        ValueError: If an argument is out of range, or if ``groups`` does not divide
            both numbers of channels.

    Source: the shape of ``torch.nn.Conv2d.weight``,
    (out_channels, in_channels / groups, height, width).
    """
    _require_at_least("in_channels", in_channels, 1)
    _require_at_least("out_channels", out_channels, 1)
    _require_at_least("groups", groups, 1)
    sides = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    for side in sides:
        _require_at_least("kernel_size", side, 1)
    for name, channels in (
        ("in_channels", in_channels),
        ("out_channels", out_channels),
    ):
        if channels % groups:
            raise ValueError(f"{name} is {channels}; groups ({groups}) must divide it")
    kernel_weights = in_channels // groups * prod(sides)
    return out_channels * (kernel_weights + int(bias))


def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    """Return the number of weights and biases of a fully connected layer.

    Raises:
        ValueError: If a number of features is below 1.

    Source: the shape of ``torch.nn.Linear.weight``, (out_features, in_features).
    """
    _require_at_least("in_features", in_features, 1)
    _require_at_least("out_features", out_features, 1)
    return out_features * (in_features + int(bias))


def receptive_field(layers: Iterable[tuple[int, int, int]]) -> int:
    """Return how many input pixels, along one axis, one output pixel depends on.

    Args:
        layers: ``(kernel_size, stride, dilation)`` of each convolution or pooling, in
            the order in which the image passes them.

    Raises:
        ValueError: If a number is below 1.

    Source: Araujo, Norris and Sim (2019), "Computing Receptive Fields of Convolutional
    Neural Networks", Distill, equation 2.
    """
    field, jump = 1, 1  # jump: input pixels between two neighbouring outputs
    for kernel_size, stride, dilation in layers:
        _require_at_least("kernel_size", kernel_size, 1)
        _require_at_least("stride", stride, 1)
        _require_at_least("dilation", dilation, 1)
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field


def trace_shapes(model: nn.Module, input_shape: Sequence[int]) -> ShapeTrace:
    """Follow an input through a model, layer by layer, with each formula filled in.

    See :func:`course_utils.trace.trace_shapes`, which this calls.
    """
    from course_utils import trace  # imports torch, which the arithmetic can do without

    return trace.trace_shapes(model, input_shape)


def _room(
    size: int, kernel_size: int, padding: int, dilation: int, overhang: int = 0
) -> int:
    """Return how far the dilated kernel can move along the padded input, in pixels."""
    span = dilation * (kernel_size - 1) + 1  # pixels the dilated kernel covers
    padded = size + 2 * padding
    if padded + overhang < span:
        raise ValueError(
            f"kernel spans {span} pixels but the padded input has only {padded}; "
            "lower kernel_size or dilation, or raise padding"
        )
    return padded + overhang - span


def _require_at_least(name: str, value: int, minimum: int) -> None:
    if value < minimum:
        raise ValueError(f"{name} is {value}; it must be at least {minimum}")
