"""Sizes, parameter counts and receptive fields of layers, as plain integers.

One axis at a time, PyTorch's conventions throughout: ``padding`` is per side, sizes are
in pixels, and a division that does not come out even is rounded down.
"""

from __future__ import annotations


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
    span = dilation * (kernel_size - 1) + 1  # pixels the dilated kernel covers
    padded = size + 2 * padding
    if padded < span:
        raise ValueError(
            f"kernel spans {span} pixels but the padded input has only {padded}; "
            "lower kernel_size or dilation, or raise padding"
        )
    return (padded - span) // stride + 1


def _require_at_least(name: str, value: int, minimum: int) -> None:
    if value < minimum:
        raise ValueError(f"{name} is {value}; it must be at least {minimum}")
