"""What a layer does to a shape, in words: its formula filled in, or why it fails."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Any, Final

from torch import nn

from course_utils.arithmetic import (
    conv_output_size,
    pool_output_size,
    transposed_output_size,
)

Shape = tuple[int, ...]

_CONVOLUTIONS: Final = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED: Final = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_MAX_POOLINGS: Final = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
_POOLINGS: Final = (*_MAX_POOLINGS, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_ADAPTIVE: Final = (
    nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveAvgPool3d,
    nn.AdaptiveMaxPool1d,
    nn.AdaptiveMaxPool2d,
    nn.AdaptiveMaxPool3d,
)
_BATCH_NORMS: Final = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_SPATIAL: Final = (*_CONVOLUTIONS, *_TRANSPOSED, *_POOLINGS, *_ADAPTIVE)
_AXES: Final = {
    1: ("length",),
    2: ("height", "width"),
    3: ("depth", "height", "width"),
}
_LETTERS: Final = {1: "N, C, L", 2: "N, C, H, W", 3: "N, C, D, H, W"}


def formula(layer: nn.Module, before: Shape, after: Shape) -> str:
    """Return how the output shape follows from the input shape, numbers filled in.

    Args:
        layer: The layer that was called.
        before: Shape of its input.
        after: Shape of its output.

    Returns:
        Such as ``⌊(32 + 2·1 − 1·(3−1) − 1)/1⌋ + 1 = 32``; ``same shape`` for a layer
        that keeps it; nothing for a layer that this module does not know.
    """
    if isinstance(layer, nn.Linear):
        return f"{layer.in_features} features → {layer.out_features}"
    if isinstance(layer, nn.Flatten):
        return flattened(before, after, layer.start_dim % len(before))
    if isinstance(layer, _SPATIAL):
        names = _AXES[_rank(layer)]
        sizes = before[-len(names) :]
        steps = [_along(layer, axis, size) for axis, size in enumerate(sizes)]
        if tuple(length for length, _ in steps) != after[-len(names) :]:
            return ""  # its forward does more than its class says
        lines = [text for _, text in steps]
        if all(first == second for first, second in pairwise(lines)):
            return lines[0]
        return "; ".join(map(" ".join, zip(names, lines, strict=True)))
    return "same shape" if before == after else ""


def flattened(before: Shape, after: Shape, start: int) -> str:
    """Return the product that flattening ``before`` from axis ``start`` makes."""
    merged = before[start : len(before) - (len(after) - start - 1)]
    return f"{'·'.join(map(str, merged))} = {prod(merged)}"


def obstacle(layer: nn.Module, before: Shape) -> str | None:
    """Return why a layer cannot take an input, and what to write; ``None`` if it can.

    Args:
        layer: The layer about to be called.
        before: Shape of its input.
    """
    if isinstance(layer, nn.Linear):
        return _linear_obstacle(layer, before)
    if isinstance(layer, (*_SPATIAL, *_BATCH_NORMS)):
        return _axes_obstacle(layer, before) or _channel_obstacle(layer, before)
    return None


def _linear_obstacle(layer: nn.Linear, before: Shape) -> str | None:
    features, wanted = before[-1], layer.in_features
    if features == wanted:
        return None
    if len(before) <= 2:
        return (
            f"got {_counted(features, 'feature')} but in_features is {wanted}; "
            f"in_features must be {features}: "
            f"write nn.Linear({features}, {layer.out_features})"
        )
    flat = prod(before[1:])
    remedy = "put nn.Flatten() before it"
    if flat != wanted:
        remedy += f" and write nn.Linear({flat}, {layer.out_features})"
    return (
        f"got shape {before}, whose last axis has {features} values, but in_features "
        f"is {wanted}; in_features must be the length of the last axis: {remedy}"
    )


def _axes_obstacle(layer: nn.Module, before: Shape) -> str | None:
    rank = _rank(layer)
    fitting = {rank + 1, rank + 2}  # one axis fewer: a single image, or BatchNorm1d
    if isinstance(layer, (nn.BatchNorm2d, nn.BatchNorm3d)):
        fitting = {rank + 2}
    if len(before) in fitting:
        return None
    return (
        f"got {len(before)} axes, shape {before}, but {type(layer).__name__} needs "
        f"{rank + 2}, ({_LETTERS[rank]}): put it where the image still has its height "
        "and width, before anything that flattens it"
    )


def _channel_obstacle(layer: nn.Module, before: Shape) -> str | None:
    if isinstance(layer, _BATCH_NORMS):
        channels, wanted, name = before[1], layer.num_features, "num_features"
        remedy = f"nn.{type(layer).__name__}({channels})"
    else:
        channels = before[-_rank(layer) - 1]
        if not isinstance(layer, (*_CONVOLUTIONS, *_TRANSPOSED)):
            return _size_obstacle(layer, before)
        wanted, name = layer.in_channels, "in_channels"
        kind, sides = type(layer).__name__, layer.kernel_size
        side = sides[0] if len(set(sides)) == 1 else sides
        remedy = f"nn.{kind}({channels}, {layer.out_channels}, kernel_size={side}, …)"
    if channels == wanted:
        return None if name == "num_features" else _size_obstacle(layer, before)
    return (
        f"got {_counted(channels, 'channel')}, shape {before}, but {name} is {wanted}; "
        f"{name} must be {channels}: write {remedy}"
    )


def _size_obstacle(layer: nn.Module, before: Shape) -> str | None:
    names = _AXES[_rank(layer)]
    for axis, (name, size) in enumerate(zip(names, before[-len(names) :], strict=True)):
        try:
            _along(layer, axis, size)
        except ValueError as error:
            return f"got shape {before}; along the {name}, {error}"
    return None


def _along(layer: Any, axis: int, size: int) -> tuple[int, str]:
    """Return length and formula along one axis; ``ValueError`` where it cannot work."""
    if isinstance(layer, _ADAPTIVE):
        fixed = _pick(layer.output_size, axis)
        if fixed is None:
            return size, f"size kept: {size}"
        return fixed, f"set by output_size: {fixed}"
    if isinstance(layer, _POOLINGS):
        return _pooling(layer, axis, size)
    kernel, stride = layer.kernel_size[axis], layer.stride[axis]
    dilation = layer.dilation[axis]
    if layer.padding == "same":
        return size, f'padding="same" keeps {size}'
    padding = 0 if layer.padding == "valid" else layer.padding[axis]
    if isinstance(layer, _TRANSPOSED):
        extra = layer.output_padding[axis]
        length = transposed_output_size(size, kernel, stride, padding, extra, dilation)
        spread = f"({size}−1)·{stride} − 2·{padding} + {dilation}·({kernel}−1)"
        return length, f"{spread} + {extra} + 1 = {length}"
    length = conv_output_size(size, kernel, stride, padding, dilation)
    steps = _steps(size, kernel, stride, padding, dilation)
    return length, f"⌊{steps}⌋ + 1 = {length}"


def _pooling(layer: Any, axis: int, size: int) -> tuple[int, str]:
    kernel, stride = _pick(layer.kernel_size, axis), _pick(layer.stride, axis)
    padding = _pick(layer.padding, axis)
    dilation = _pick(getattr(layer, "dilation", 1), axis)
    length = pool_output_size(size, kernel, stride, padding, dilation, layer.ceil_mode)
    steps = _steps(size, kernel, stride, padding, dilation)
    if not layer.ceil_mode:
        return length, f"⌊{steps}⌋ + 1 = {length}"
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if -(-room // stride) + 1 == length:
        return length, f"⌈{steps}⌉ + 1 = {length}"
    return length, f"⌈{steps}⌉ = {length} (one more window would start in the padding)"


def _steps(size: int, kernel: int, stride: int, padding: int, dilation: int) -> str:
    return f"({size} + 2·{padding} − {dilation}·({kernel}−1) − 1)/{stride}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _pick(setting: Any, axis: int) -> Any:
    """Return a setting along one axis, be it given once for all or for each."""
    return setting[axis] if isinstance(setting, (tuple, list)) else setting


def _rank(layer: nn.Module) -> int:
    """Return over how many axes a layer works, such as 2 for ``Conv2d``."""
    names = (kind.__name__ for kind in type(layer).__mro__)
    return next(int(name[-2]) for name in names if name[-2:] in ("1d", "2d", "3d"))
