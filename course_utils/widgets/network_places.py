"""Positions of one layer and the same places of another, as ``js/network_core``."""

from __future__ import annotations

import numpy as np

from course_utils.network_anatomy import LayerFacts
from course_utils.network_fields import Axis


def size_of(facts: LayerFacts) -> tuple[int, int]:
    """Height and width of a layer's output; a vector has one position."""
    shape = facts.output_shape
    return (shape[-2], shape[-1]) if facts.gives_maps else (1, 1)


def channels_of(facts: LayerFacts) -> int:
    """Channels of a layer's maps, or features of a vector."""
    return facts.output_shape[1] if len(facts.output_shape) in (2, 4) else 0


def middle(facts: LayerFacts) -> tuple[int, int]:
    """The position in the middle of a layer's output."""
    height, width = size_of(facts)
    return height // 2, width // 2


def moved(
    before: LayerFacts, position: tuple[int, int], after: LayerFacts
) -> tuple[int, int]:
    """The position of another layer that lies at the same place of the image."""
    old, new = before.field.axes, after.field.axes
    if old is None or new is None:
        return middle(after)
    return (
        _nearest(old[0], position[0], new[0]),
        _nearest(old[1], position[1], new[1]),
    )


def _nearest(old: Axis, place: int, new: Axis) -> int:
    """The first of the positions whose centres are nearest."""
    centre = int(old.first[place] + old.last[place])  # twice the centre: whole numbers
    return int(np.abs(new.first + new.last - centre).argmin())
