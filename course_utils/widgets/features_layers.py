"""Layers that the feature-map explorer computes, as numbers that the browser reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor, nn

from course_utils.widgets.kernels import MOST_TAPS

Facts = dict[str, Any]


def layer_facts(name: str, layer: nn.Module) -> Facts:
    """What the browser must know to compute ``layer``, weights apart.

    Raises:
        ValueError: If the explorer cannot compute this layer or this setting of it.
    """
    # not isinstance: a subclass may compute something else
    describe = _FACTS.get(type(layer))
    if describe is None:
        raise ValueError(
            f"{name} is {type(layer).__name__}, which the explorer does not compute; "
            f"it computes {', '.join(kind.__name__ for kind in _FACTS)}, called one "
            "after another, and the model returns logits"
        )
    return describe(name, layer)


def _convolution(name: str, layer: Any) -> Facts:
    if max(layer.kernel_size) > MOST_TAPS:
        height, width = layer.kernel_size
        raise ValueError(
            f"{name} has kernels of {height}x{width}; the explorer edits kernels up to "
            f"{MOST_TAPS}x{MOST_TAPS}"
        )
    return {
        "kind": "convolution",
        "stride": list(layer.stride),
        "dilation": list(layer.dilation),
        "pads": _pads(layer),
        "padding_mode": layer.padding_mode,
        "groups": layer.groups,
    }


def _pads(layer: Any) -> list[int]:
    """Pixels added above, below, on the left and on the right."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    if layer.padding == "same":  # an odd pixel goes below or to the right
        sides = []
        for taps, dilation in zip(layer.kernel_size, layer.dilation, strict=True):
            total = dilation * (taps - 1)
            sides += [total // 2, total - total // 2]
        return sides
    height, width = _pair(layer.padding)
    return [height, height, width, width]


def _max_pooling(name: str, layer: Any) -> Facts:
    return {**_pooling(name, layer), "kind": "max", "dilation": _pair(layer.dilation)}


def _average_pooling(name: str, layer: Any) -> Facts:
    if layer.divisor_override is not None:
        raise ValueError(f"{name} has a divisor_override, which is not supported")
    counts = layer.count_include_pad
    return {**_pooling(name, layer), "kind": "average", "count_include_pad": counts}


def _pooling(name: str, layer: Any) -> Facts:
    if layer.ceil_mode:
        raise ValueError(f"{name} has ceil_mode=True; the explorer rounds sizes down")
    return {
        "kernel_size": _pair(layer.kernel_size),
        "stride": _pair(layer.stride),
        "pads": _pads(layer),
    }


def _batch_norm(name: str, layer: Any) -> Facts:
    if layer.running_mean is None:
        raise ValueError(
            f"{name} keeps no running statistics, so its result depends on the batch; "
            "use track_running_stats=True"
        )
    scale, shift = scale_and_shift(layer)
    return {"kind": "scale", "scale": scale.tolist(), "shift": shift.tolist()}


def scale_and_shift(layer: Any) -> tuple[Tensor, Tensor]:
    """What batch normalisation in evaluation multiplies by and adds, (C,) each."""
    scale = (layer.running_var.double() + layer.eps).rsqrt()
    if layer.weight is not None:
        scale = scale * layer.weight.detach().double()
    shift = -layer.running_mean.double() * scale
    if layer.bias is not None:
        shift = shift + layer.bias.detach().double()
    return scale, shift


def _kind(kind: str) -> Callable[[str, Any], Facts]:
    return lambda name, layer: {"kind": kind}


def _pair(value: Any) -> list[int]:
    return list(value) if isinstance(value, (tuple, list)) else [value, value]


# dropout does nothing in evaluation
_FACTS: Final[dict[type[nn.Module], Callable[[str, Any], Facts]]] = {
    nn.Conv2d: _convolution,
    nn.BatchNorm2d: _batch_norm,
    nn.ReLU: _kind("relu"),
    nn.MaxPool2d: _max_pooling,
    nn.AvgPool2d: _average_pooling,
    nn.Flatten: _kind("flatten"),
    nn.Linear: _kind("linear"),
    nn.Dropout: _kind("same"),
    nn.Dropout2d: _kind("same"),
    nn.Identity: _kind("same"),
}


def multiply_adds(layer: nn.Module, shape: tuple[int, ...]) -> int:
    """How often a layer with this output shape (no N) multiplies and adds."""
    if not isinstance(layer, (nn.Conv2d, nn.Linear)):
        return 0
    each = layer.weight[0].numel()
    return each * int(torch.Size(shape).numel())
