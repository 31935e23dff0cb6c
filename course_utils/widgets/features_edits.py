"""Changed kernels of a small network: a list that the browser reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final, TypedDict

import torch
from torch import Tensor, nn

from course_utils.widgets.kernels import Kernel, as_kernel

Place = tuple[str, int, int]  # a convolution's name, out_channel, in_channel

_LARGEST_WEIGHT: Final = 100.0  # trained ones are far below 10


class Edit(TypedDict):
    """One changed kernel."""

    layer: str
    out_channel: int
    in_channel: int
    kernel: Kernel


def with_kernel(
    edits: Sequence[Edit], model: nn.Module, place: Place, value: Any
) -> list[Edit]:
    """The edits with one kernel replaced, or without it where it is the given one.

    Raises:
        ValueError: If ``value`` is no kernel of that convolution.
    """
    layer, out_channel, in_channel = place
    given = weight_of(model, layer)[out_channel, in_channel]
    rows = as_kernel(value)
    kernel = torch.tensor(rows, dtype=torch.float64)
    _require_fits(kernel, given, layer)
    others = [edit for edit in edits if place_of(edit) != place]
    if torch.equal(kernel.to(given.dtype), given):
        return others
    edit = Edit(
        layer=layer, out_channel=out_channel, in_channel=in_channel, kernel=rows
    )
    return sorted([*others, edit], key=place_of)


def _require_fits(kernel: Tensor, given: Tensor, layer: str) -> None:
    if kernel.shape != given.shape:
        raise ValueError(
            f"kernel is {kernel.shape[0]}x{kernel.shape[1]}; the kernels of "
            f"{layer} are {given.shape[0]}x{given.shape[1]}"
        )
    most = float(kernel.abs().max())
    if most > _LARGEST_WEIGHT:
        raise ValueError(
            f"kernel holds a number of magnitude {most:g}; the explorer takes weights "
            f"from −{_LARGEST_WEIGHT:g} to {_LARGEST_WEIGHT:g}"
        )


def edited_copy(model: nn.Module, edits: Sequence[Edit]) -> nn.Module:
    """A copy of the model with the changed kernels."""
    copy = deepcopy(model)
    for edit in edits:
        layer, out_channel, in_channel = place_of(edit)
        kernel = torch.tensor(edit["kernel"], dtype=torch.float64)
        weight_of(copy, layer)[out_channel, in_channel] = kernel
    return copy


def place_of(edit: Edit) -> Place:
    """Where the kernel belongs."""
    return edit["layer"], edit["out_channel"], edit["in_channel"]


def weight_of(model: nn.Module, name: str) -> Tensor:
    """A convolution's weight, (out_channels, in_channels, height, width)."""
    weight: Any = model.get_submodule(name).weight
    return torch.as_tensor(weight.detach())
