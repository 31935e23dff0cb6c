"""Files with the names of official weights, small, and random where that matters."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import torch
from torch import Tensor
from torchvision.models import get_model, get_model_weights


def official_name(network: str) -> str:
    """The file name of a network's recommended weights."""
    return PurePosixPath(get_model_weights(network).DEFAULT.url).name


def random_state(network: str) -> dict[str, Tensor]:
    """Random weights that fit; alike along all dimensions but the first.

    Such a tensor is stored as its first column, so that a network of 500 MB takes
    some kilobytes.
    """
    detector = network.endswith("_fpn")
    options = (
        {} if not (detector or "deeplab" in network) else {"weights_backbone": None}
    )
    if "deeplab" in network:
        options["aux_loss"] = True
    with torch.device("meta"):
        state = get_model(network, weights=None, **options).state_dict()
    generator = torch.Generator().manual_seed(0)
    return {
        key: _random(key, value, generator)
        for key, value in state.items()
        # the frozen normalisation of detectors does not count its batches
        if not (detector and key.endswith("num_batches_tracked"))
    }


def _random(key: str, like: Tensor, generator: torch.Generator) -> Tensor:
    if not like.is_floating_point():
        return torch.zeros(like.shape, dtype=like.dtype)
    column = torch.rand(len(like), generator=generator) + 0.5
    if not key.endswith("running_var"):  # averages with either sign stay finite
        inputs = like[0].numel()
        column = (column - 1) / inputs
    return column.view(-1, *[1] * (like.ndim - 1)).expand(like.shape)


def put(network: str, folder: Path) -> Path:
    """Write random weights under the official name; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / official_name(network)
    torch.save(random_state(network), path)
    return path
