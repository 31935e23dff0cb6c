"""The feature-map explorer's sentences, word for word those of ``js/feature_words``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Final

from torch import Tensor

from course_utils.widgets.words import format_number, list_text

_MOST_NAMED: Final = 3  # channels in a sentence


def fixed(value: float) -> str:
    """Two decimals always, a true minus sign: numbers of a column stand in line."""
    text = f"{Decimal(abs(value)).quantize(Decimal('0.01'), ROUND_HALF_UP):f}"
    return f"−{text}" if value < 0 and text != "0.00" else text


def map_text(label: str, channel: int, values: Tensor) -> str:
    """What one feature map, (H, W), holds."""
    height, width = values.shape
    low, high = float(values.min()), float(values.max())
    above = int((values > 0).sum())
    percent = math.floor(100 * above / values.numel() + 0.5)
    return (
        f"Channel {channel} of {label}: {height} × {width} values from "
        f"{format_number(low)} to {format_number(high)}, "
        f"{percent} % of them above 0."
    )


def prediction_text(
    probabilities: Sequence[float], label: int, names: Sequence[str]
) -> str:
    """What the network says, and whether it is right."""
    best = first_largest(probabilities)
    says = f"Prediction: {names[best]}, probability {fixed(probabilities[best])}"
    if best == label:
        return f"{says}. That is right."
    truth = f"{names[label]}, probability {fixed(probabilities[label])}"
    return f"{says}. That is wrong: the true class is {truth}."


def change_text(
    changed: Sequence[tuple[str, int]],
    before: Sequence[float],
    now: Sequence[float],
    names: Sequence[str],
) -> str:
    """Which channels have a changed kernel, and what became of the prediction.

    Args:
        changed: Names of convolutions and their out_channels, in order, each once.
        before: Probabilities of the network as it was given.
        now: Probabilities of the changed network.
        names: Names of the classes.
    """
    if not changed:
        return "No kernel is changed: this is the network as it was given."
    channels = [f"channel {channel} of {layer}" for layer, channel in changed]
    if len(channels) > _MOST_NAMED:
        channels = [f"{len(channels)} channels"]
    subject = list_text(channels)
    return (
        f"{subject[0].upper()}{subject[1:]} changed; prediction "
        f"{_move_text(before, now, names)}."
    )


def _move_text(
    before: Sequence[float], now: Sequence[float], names: Sequence[str]
) -> str:
    old, new = first_largest(before), first_largest(now)
    if old == new:
        return f"still {names[new]}, {fixed(before[old])} → {fixed(now[new])}"
    return f"{names[old]} {fixed(before[old])} → {names[new]} {fixed(now[new])}"


def spread_text(counts: Sequence[tuple[str, int, int]]) -> str:
    """How many maps of each layer differ from those of the given network.

    Args:
        counts: Each layer's label, number of changed maps and number of maps.
    """
    parts = []
    for (count, total), group in groupby(counts, key=lambda item: item[1:]):
        labels = list_text([label for label, _, _ in group])
        parts.append(f"{count} of {total} in {labels}")
    return f"Changed maps: {'; '.join(parts)}."


def first_largest(values: Sequence[float]) -> int:
    """The index of the largest value, the first of equal ones."""
    return max(range(len(values)), key=lambda i: (values[i], -i))
