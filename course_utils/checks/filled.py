"""Networks with weights that follow from their shapes, so that two can be compared."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def fill(model: nn.Module) -> None:
    """Give each parameter values that follow from its shape alone.

    So two networks of the same layers get the same weights, whatever they call them
    and in whichever order they make them.
    """
    for parameter in model.parameters():
        shape = tuple(parameter.shape)
        generator = torch.Generator().manual_seed(zlib.crc32(repr(shape).encode()))
        values = torch.randn(shape, generator=generator)
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 4
        parameter.data.copy_(values * (2 / fan_in) ** 0.5)


def count(model: nn.Module) -> int:
    """Return the number of weights and biases of a module."""
    return sum(parameter.numel() for parameter in model.parameters())


def logits_of(
    model_class: Callable[..., nn.Module], arguments: dict[str, int], images: Tensor
) -> dict[str, Any]:
    """Make a network, fill it and use it once."""
    model = model_class(**arguments)
    fill(model)
    with torch.no_grad():
        return {"parameters": count(model), "logits": model(images)}


def in_both_modes(
    block_class: Callable[..., nn.Module], arguments: dict[str, int], maps: Tensor
) -> dict[str, Any]:
    """Make a block, fill it, use it on a batch in training and then in evaluation."""
    block = block_class(**arguments)
    fill(block)
    with torch.no_grad():
        training = block.train()(maps)
        return {
            "parameters": count(block),
            "the output in training": training,
            "the output in evaluation": block.eval()(maps),
        }
