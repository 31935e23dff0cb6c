"""How each of PyTorch's basic operations moves receptive fields.

Every layer and every function comes down to these operations, so branches, additions
and concatenations need no special care. What is not in the table is not guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from course_utils.network_fields import Axis, Field

Rule = Callable[[Sequence[Any], Field, Tensor], Field]
_ATEN: Final = torch.ops.aten


def field_after(
    operation: Any, arguments: Sequence[Any], fields: list[Field], output: Tensor
) -> Field:
    """The receptive fields of what a basic operation gives.

    Args:
        operation: The operation, such as ``torch.ops.aten.convolution.default``.
        arguments: Its positional arguments.
        fields: The fields of those of its inputs that depend on the network's input.
        output: What it gave.
    """
    field = reduce(Field.joined, fields)
    if field.axes is None:
        return field
    packet = operation.overloadpacket
    rule = _RULES.get(packet, _unfollowed)
    found = field if _is_pointwise(operation) else rule(arguments, field, output)
    lengths = tuple(output.shape[-2:]) if output.ndim >= 4 else (1, 1)
    if found.axes and tuple(len(axis.first) for axis in found.axes) == lengths:
        return found
    return Field(None, str(packet).removeprefix("aten."))


@cache
def _is_pointwise(operation: Any) -> bool:
    packet = operation.overloadpacket
    if torch.Tag.pointwise in operation.tags or packet in _UNMARKED:
        return True
    # some operations in place lack the tag that their namesakes carry
    namesake = getattr(_ATEN, packet.__name__.removesuffix("_"), packet)
    known = (getattr(namesake, name).tags for name in namesake.overloads())
    return any(torch.Tag.pointwise in tags for tags in known)


def _unfollowed(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    """One vector an image may depend on everything; more is not known."""
    return field.whole() if output.ndim == 2 else Field(None)


def _viewed(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    """Another shape of the same values keeps the positions, or is flattened."""
    before = arguments[0]
    kept = min(before.ndim, output.ndim) >= 4 and before.shape[-2:] == output.shape[-2:]
    if kept or (output.shape[-2:] == (1, 1) and output.ndim >= 4):
        return field
    one_each = output.ndim == 2 and output.shape[0] == before.shape[0]
    return field.whole() if one_each else Field(None)


def _moved(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    """Axes in another order keep the positions if the last two stay where they are."""
    before, *axes = arguments
    order = list(range(before.ndim))
    if len(axes) == 1:
        order = [axis % before.ndim for axis in axes[0]]
    else:
        first, second = (axis % before.ndim for axis in axes)
        order[first], order[second] = second, first
    last_two = [before.ndim - 2, before.ndim - 1]
    return field if before.ndim >= 4 and order[-2:] == last_two else Field(None)


def _along_channels(place: int) -> Rule:
    """The rule of an operation along one axis, which is argument number ``place``."""

    def rule(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
        axis = arguments[place] if len(arguments) > place else 0
        rank = output.ndim
        return field if rank < 4 or axis % rank < rank - 2 else Field(None)

    return rule


def _windowed(
    field: Field,
    output: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> Field:
    def along(place: int, axis: Axis) -> Axis:
        step, taps = _pick(stride, place), _pick(kernel, place)
        first = np.arange(output.shape[place - 2]) * step - _pick(padding, place)
        return axis.windows(first, first + _pick(dilation, place) * (taps - 1), step)

    return field.each(along)


def _pick(setting: Sequence[int], place: int) -> int:
    """A setting along the height (0) or the width (1); one number serves both."""
    return setting[place - 2] if len(setting) > 1 else setting[0]


def _convolution(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    _, weight, _, stride, padding, dilation, transposed, *_ = arguments
    if weight.ndim < 4:
        return Field(None)
    kernel = weight.shape[2:]
    if not transposed:
        return _windowed(field, output, kernel, stride, padding, dilation)

    def along(place: int, axis: Axis) -> Axis:
        step, span = _pick(stride, place), _pick(kernel, place) - 1
        reach = np.arange(output.shape[place - 2]) + _pick(padding, place)
        first = -((_pick(dilation, place) * span - reach) // step)
        return axis.windows(first, reach // step, 1 / step)

    return field.each(along)


def _max_pooling(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    _, kernel, *others = arguments
    stride, padding, dilation = [*others, *(None, [0], [1])[len(others) :]][:3]
    return _windowed(field, output, kernel, stride or kernel, padding, dilation)


def _average_pooling(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    _, kernel, *others = arguments
    stride, padding = [*others, *(None, [0])[len(others) :]][:2]
    return _windowed(field, output, kernel, stride or kernel, padding, [1])


def _adaptive(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    """Windows of PyTorch's adaptive pooling, which may differ by a pixel."""

    def along(place: int, axis: Axis) -> Axis:
        size, count = len(axis.first), output.shape[place - 2]
        first = np.arange(count) * size // count
        last = -(-(np.arange(count) + 1) * size // count) - 1
        return axis.windows(first, last, size / count)

    return field.each(along)


def _reduced(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    """Mean, sum or maximum over some axes."""
    before = arguments[0]
    dims = arguments[1] if len(arguments) > 1 else None
    if output.ndim < 4 or dims is None:
        return field.whole() if output.ndim <= 2 else Field(None)
    axes = [d % before.ndim for d in ([dims] if isinstance(dims, int) else dims)]
    return field.each(
        lambda place, axis: axis.whole() if before.ndim - 2 + place in axes else axis
    )


def _batch_norm(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    """Statistics of the batch itself mix all positions; running ones none."""
    trains = arguments[5]
    return _mixed(arguments, field, output) if trains else field


def _layer_norm(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    mixes_all = len(arguments[1]) >= output.ndim - 1
    return _mixed(arguments, field, output) if mixes_all else Field(None)


def _mixed(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    """Each position depends on what any position depends on."""
    return field.each(
        lambda _, axis: Axis(
            np.full_like(axis.first, axis.first.min()),
            np.full_like(axis.last, axis.last.max()),
            axis.jump,
        )
    )


def _padded(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    pads = [*arguments[1], 0, 0, 0]

    def along(place: int, axis: Axis) -> Axis:
        before = pads[2 * (1 - place)]
        positions = np.arange(output.shape[place - 2]) - before
        return axis.windows(positions, positions, 1)

    return field.each(along)


def _nearest(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    def along(place: int, axis: Axis) -> Axis:
        size, count = len(axis.first), output.shape[place - 2]
        positions = np.arange(count) * size // count
        return axis.windows(positions, positions, size / count)

    return field.each(along)


def _same(arguments: Sequence[Any], field: Field, output: Tensor) -> Field:
    return field


_UNMARKED: Final = {  # pointwise all the same
    _ATEN.dropout, _ATEN.alias, _ATEN.clone, _ATEN.detach, _ATEN.hardswish,
    _ATEN.hardswish_,
}  # fmt: skip
_RULES: Final[dict[Any, Rule]] = {
    _ATEN.convolution: _convolution,
    _ATEN.max_pool2d_with_indices: _max_pooling,
    _ATEN.avg_pool2d: _average_pooling,
    _ATEN.avg_pool3d: _average_pooling,
    _ATEN._adaptive_avg_pool2d: _adaptive,
    _ATEN.adaptive_max_pool2d: _adaptive,
    _ATEN.native_batch_norm: _batch_norm,
    _ATEN.native_group_norm: _mixed,
    _ATEN.native_layer_norm: _layer_norm,
    _ATEN.constant_pad_nd: _padded,
    _ATEN.reflection_pad2d: _padded,
    _ATEN.replication_pad2d: _padded,
    _ATEN.upsample_nearest2d: _nearest,
    **dict.fromkeys((_ATEN.mean, _ATEN.sum, _ATEN.amax, _ATEN.amin), _reduced),
    **dict.fromkeys((_ATEN.view, _ATEN._unsafe_view, _ATEN.unsqueeze), _viewed),
    **dict.fromkeys((_ATEN.squeeze, _ATEN.expand), _viewed),
    **dict.fromkeys((_ATEN.permute, _ATEN.transpose), _moved),
    **dict.fromkeys((_ATEN.cat, _ATEN.slice), _along_channels(1)),
    **dict.fromkeys((_ATEN._softmax, _ATEN._log_softmax), _along_channels(1)),
    _ATEN.split: _along_channels(2),
    **dict.fromkeys((_ATEN.channel_shuffle, _ATEN._prelu_kernel), _same),
}
