"""A network, a photograph and a few maps as the browser receives them."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from course_utils.network_anatomy import LayerFacts
from course_utils.network_fields import Axis
from course_utils.widgets.network_reading import Reading, View
from course_utils.widgets.network_subject import Subject
from course_utils.widgets.network_words import facts_text, range_text


def network_data(subject: Subject) -> dict[str, Any]:
    """Every layer's facts in words, its receptive fields, and the lists to choose."""
    return {
        "name": subject.name,
        "title": subject.title,
        "size": list(subject.input_shape[-2:]),
        "stages": [
            {
                "title": stage.title,
                "blocks": [
                    {"name": block.name, "layers": list(block.layers)}
                    for block in stage.blocks
                ],
            }
            for stage in subject.stages
        ],
        "layers": [_layer(facts) for facts in subject.rows],
    }


def _layer(facts: LayerFacts) -> dict[str, Any]:
    axes = facts.field.axes
    return {
        "name": facts.name,
        "kind": facts.kind,
        "shapes": [str(shape) for shape in (*facts.input_shapes, facts.output_shape)],
        "output": list(facts.output_shape),
        "facts": facts_text(facts),
        "axes": None if axes is None else [_axis(axis) for axis in axes],
        "lost_at": facts.field.lost_at,
    }


def _axis(axis: Axis) -> list[Any]:
    """First pixel, jump, size and number; or first and last pixels, one by one."""
    steps, sizes = np.diff(axis.first), axis.last - axis.first
    if (steps == (steps[0] if len(steps) else 0)).all() and (sizes == sizes[0]).all():
        step = int(steps[0]) if len(steps) else 0
        return [int(axis.first[0]), step, int(sizes[0]) + 1, len(axis.first)]
    return [axis.first.tolist(), axis.last.tolist()]


def photo_data(label: str, pixels: Tensor) -> dict[str, Any]:
    """The photograph in one byte a value."""
    levels = (pixels * 255).round().byte().contiguous()
    shape = list(levels.shape)
    return {"label": label, "shape": shape, "data": levels.numpy().tobytes()}


def answer_data(reading: Reading) -> dict[str, Any]:
    """Which weights these are, and what the network says."""
    return {"top": [list(pair) for pair in reading.top], "lines": reading.lines()}


def page_data(reading: Reading, view: View) -> dict[str, Any]:
    """The maps that are shown beside each other, none without weights."""
    page = reading.page(view)
    if page is None:
        return {"channels": []}
    return {
        "channels": list(page.channels),
        "shape": list(page.levels.shape),
        "data": page.levels.contiguous().numpy().tobytes(),
        "limit": page.limit,
        "brightest": page.brightest,
        "signed": page.signed,
        "classes": reading.channel_classes(view.layer, page.channels),
        "ranges": [range_text(page, place) for place in range(len(page.channels))],
    }
