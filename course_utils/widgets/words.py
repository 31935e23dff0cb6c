"""The sentences of the explorers, word for word those of ``js/words.js``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_MOST_NAMED: Final = 9  # numbers in a sentence


def format_number(value: float) -> str:
    """At most two decimals, a true minus sign, no trailing zeros: ``−0.5``."""
    if value == -math.inf:
        return "−∞"
    rounded = Decimal(abs(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    text = f"{rounded:f}".rstrip("0").rstrip(".")
    return f"−{text}" if value < 0 and text != "0" else text


def format_factor(value: float) -> str:
    """A number as a factor: negative ones in brackets."""
    text = format_number(value)
    return f"({text})" if text.startswith("−") else text


def _rounded(value: float) -> bool:
    return (
        math.isfinite(value) and abs(value * 100 - math.floor(value * 100 + 0.5)) > 1e-9
    )


def sum_text(values: Sequence[float], weights: Sequence[float], total: float) -> str:
    """``2·(−1) + 5·(−2) = −12``; ≈ where a written number is rounded."""
    terms = [
        f"{format_factor(value)}·{format_factor(weight)}"
        for value, weight in zip(values, weights, strict=True)
    ]
    sign = "≈" if any(map(_rounded, [*values, *weights, total])) else "="
    return f"{' + '.join(terms)} {sign} {format_number(total)}"


def conv_size_text(
    size: int, kernel_size: int, stride: int, padding: int, dilation: int, output: int
) -> str:
    """The shape formula of ``nn.Conv2d`` with its numbers filled in."""
    return (
        f"⌊({size} + 2·{padding} − {dilation}·({kernel_size}−1) − 1)/{stride}⌋ + 1 "
        f"= {output}"
    )


def pool_size_text(
    size: int, kernel_size: int, stride: int, padding: int, output: int
) -> str:
    """The shape formula of ``nn.MaxPool2d`` with its numbers filled in."""
    return f"⌊({size} + 2·{padding} − {kernel_size})/{stride}⌋ + 1 = {output}"


def list_text(items: Sequence[str]) -> str:
    """``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def axis_text(axis: str, indices: Sequence[int]) -> str:
    """``row 5``, ``rows −1 to 1`` or ``rows 0, 2 and 4``: padding is negative."""
    written = [format_number(index) for index in indices]
    if len(indices) == 1:
        return f"{axis} {written[0]}"
    gapless = indices[-1] - indices[0] == len(indices) - 1
    if gapless and len(indices) > 2:
        return f"{axis}s {written[0]} to {written[-1]}"
    if len(indices) <= 5:
        return f"{axis}s {list_text(written)}"
    return f"{len(indices)} {axis}s from {written[0]} to {written[-1]}"


def never_visited_text(
    rows: Sequence[int], cols: Sequence[int], height: int, width: int
) -> str:
    """Which input pixels no window touches, and why; empty when all are visited."""
    if not rows and not cols:
        return ""
    count = height * width - (height - len(rows)) * (width - len(cols))
    where = [axis_text(a, i) for a, i in (("row", rows), ("column", cols)) if i]
    trailing = list(rows) == list(range(height - len(rows), height)) and list(
        cols
    ) == list(range(width - len(cols), width))
    why = (
        "the next step would leave the input, and the size is rounded down"
        if trailing
        else "the stride or the dilation steps over them"
    )
    return (
        f"Never visited: {list_text(where)} of the input "
        f"({count} of {height * width} pixels); {why}."
    )


def padding_text(
    rows: Sequence[int], cols: Sequence[int], height: int, width: int
) -> str:
    """How many numbers under the window are padding; empty when none is."""
    total = len(rows) * len(cols)
    inside = sum(0 <= r < height for r in rows) * sum(0 <= c < width for c in cols)
    outside = total - inside
    if not outside:
        return ""
    verb = "is" if outside == 1 else "are"
    return f"; {outside} of its {total} numbers {verb} padding"


def conv_step_text(
    rows: Sequence[int],
    cols: Sequence[int],
    size: tuple[int, int],
    products: Sequence[float],
    total: float,
    position: tuple[int, int],
) -> str:
    """One step of a convolution in words; rows and columns count from 0."""
    written = [format_number(product) for product in products]
    named = f" {list_text(written)}" if len(products) <= _MOST_NAMED else ""
    adds = (
        f"The only product is {written[0]}"
        if len(products) == 1
        else f"The {len(products)} products{named} add up to {format_number(total)}"
    )
    return (
        f"The window covers {axis_text('row', rows)} and {axis_text('column', cols)}"
        f"{padding_text(rows, cols, *size)}. {adds}: "
        f"output row {position[0]}, column {position[1]}."
    )


def pool_step_text(
    rows: Sequence[int],
    cols: Sequence[int],
    size: tuple[int, int],
    values: Sequence[float],
    mode: str,
    result: float,
    position: tuple[int, int],
) -> str:
    """One step of a pooling in words; rows and columns count from 0."""
    written = list_text([format_number(value) for value in values])
    verb = "the largest is" if mode == "max" else "the average is"
    subject = f"The numbers are {written};"
    if len(values) == 1:
        subject = f"The only number is {written};"
    if len(values) > _MOST_NAMED:
        subject = f"Of {len(values)} numbers,"
    return (
        f"The window covers {axis_text('row', rows)} and {axis_text('column', cols)}"
        f"{padding_text(rows, cols, *size)}. {subject} {verb} {format_number(result)}: "
        f"output row {position[0]}, column {position[1]}."
    )


def pool_text(mode: str, values: Sequence[float], result: float) -> str:
    """``max(2, 5, 1, 3) = 5`` or ``(2 + 5 + 1 + 3)/4 = 2.75``."""
    if mode == "max":
        written = ", ".join(format_number(value) for value in values)
        return f"max({written}) = {format_number(result)}"
    sign = "≈" if any(map(_rounded, [*values, result])) else "="
    first, *others = values
    terms = [format_number(first), *(format_factor(value) for value in others)]
    return f"({' + '.join(terms)})/{len(values)} {sign} {format_number(result)}"


def shift_text(down: int, right: int) -> str:
    """Where the image was moved, and what entered at its border."""
    if down == 0 and right == 0:
        return "The image is not shifted."
    moves = []
    if right:
        moves.append(f"{_pixels(right)} to the {'right' if right > 0 else 'left'}")
    if down:
        moves.append(f"{_pixels(down)} {'down' if down > 0 else 'up'}")
    return (
        f"The image is shifted by {' and '.join(moves)}; "
        "the old border is repeated where new pixels enter."
    )


def _pixels(count: int) -> str:
    return f"{abs(count)} pixel{'' if abs(count) == 1 else 's'}"


def changed_text(count: int, total: int) -> str:
    """``5 of 9 values changed.``"""
    return f"{count} of {total} {'value' if total == 1 else 'values'} changed."
