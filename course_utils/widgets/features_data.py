"""A small network and its images as the browser receives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.widgets.features_chain import Chain

_WEIGHTED = ("convolution", "linear")


def network_data(chain: Chain, model: nn.Module) -> dict[str, Any]:
    """The layers in order, and the weights of each as float32 bytes."""
    layers = [
        {
            "label": link.label,
            "name": link.name,
            "shape": list(link.shape),
            **link.facts,
        }
        for link in chain.links
    ]
    names = {link.name for link in chain.links if link.facts["kind"] in _WEIGHTED}
    weights = {name: _weights(model.get_submodule(name)) for name in sorted(names)}
    return {"layers": layers, "weights": weights}


def _weights(layer: Any) -> dict[str, Any]:
    bias = layer.bias
    return {
        "shape": list(layer.weight.shape),
        "weight": _bytes(layer.weight, torch.float32),
        "bias": None if bias is None else _bytes(bias, torch.float32),
    }


def pictures_data(
    images: Tensor, labels: Sequence[int], mean: list[float], std: list[float]
) -> dict[str, Any]:
    """The images in one byte a value, and what the network normalises them with."""
    return {
        "shape": list(images.shape),
        "data": _bytes(images, torch.uint8),
        "labels": list(labels),
        "mean": mean,
        "std": std,
    }


def _bytes(values: Tensor, dtype: torch.dtype) -> bytes:
    return bytes(values.detach().cpu().to(dtype).contiguous().numpy().tobytes())
