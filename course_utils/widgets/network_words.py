"""The network explorer's sentences, word for word those of ``js/network_words``."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from course_utils.network_activations import STRONGEST, Page
from course_utils.network_anatomy import Box, LayerFacts
from course_utils.widgets.features_words import fixed
from course_utils.widgets.words import list_text

if TYPE_CHECKING:
    from course_utils.layer_words import Shape

FACTS: Final = (
    "Module",
    "Input",
    "Output",
    "How the size comes",
    "Parameters",
    "Multiply-adds",
    "Receptive field",
    "Distance of neighbours",
)


def facts_text(facts: LayerFacts) -> list[str]:
    """What is to be said about a layer, in the order of ``FACTS``."""
    return [
        facts.module,
        " and ".join(map(str, facts.input_shapes)),
        str(facts.output_shape),
        facts.formula or "not by a formula known here",
        f"{facts.parameters:,}; {facts.parameters_so_far:,} up to here",
        f"{facts.multiply_adds:,}; {facts.multiply_adds_so_far:,} up to here",
        _field_fact(facts),
        _jump_fact(facts),
    ]


def _field_fact(facts: LayerFacts) -> str:
    if facts.receptive_field is None:
        return f"not known: {facts.field.lost_at} cannot be followed"
    height, width = facts.receptive_field
    branches = len(facts.input_shapes)
    note = f", the largest over {branches} branches" if branches > 1 else ""
    return f"{height} × {width} pixels{note}"


def _jump_fact(facts: LayerFacts) -> str:
    if facts.jump is None:
        return "not known"
    if not facts.gives_maps or facts.output_shape[-2:] == (1, 1):
        return "none: there is a single position"
    down, across = (_plain(number) for number in facts.jump)
    jump = down if down == across else f"{down} down, {across} across"
    return f"{jump} pixel{'' if jump == '1' else 's'} of the image"


def _plain(number: float) -> str:
    return f"{number:g}"


def layer_text(place: int, count: int, name: str, shapes: Sequence[Shape]) -> str:
    """Which layer this is, and what it does to the shape.

    Args:
        place: Its place in the forward pass, counted from 0.
        count: Number of layers.
        name: Its name.
        shapes: Shapes of its inputs, and last that of its output.
    """
    given = " and ".join(map(str, shapes[:-1]))
    return f"Layer {place + 1} of {count}, {name}: {given} → {shapes[-1]}."


def field_text(
    position: tuple[int, int] | None, box: Box, size: tuple[int, int]
) -> str:
    """Which pixels of the image one output sees.

    Args:
        position: Row and column; ``None`` for a vector.
        box: Its receptive field.
        size: Height and width of the image.
    """
    rows = _inside(box.top, box.height, size[0])
    cols = _inside(box.left, box.width, size[1])
    field = f"{box.height} × {box.width} pixels"
    subject = "Each value"
    if position is not None:
        subject = f"Output row {position[0]}, column {position[1]}"
    if rows is None or cols is None:
        return f"{subject} sees nothing of the image: its {field} are all padding."
    whole = rows == (0, size[0] - 1) and cols == (0, size[1] - 1)
    sees = f"{_range('row', *rows)} and {_range('column', *cols)} of the image"
    text = f"{subject} sees {'the whole image' if whole else sees}; receptive field"
    over = [
        (_counted(-box.top, "row"), "above"),
        (_counted(box.top + box.height - size[0], "row"), "below"),
        (_counted(-box.left, "column"), "on the left"),
        (_counted(box.left + box.width - size[1], "column"), "on the right"),
    ]
    beyond = [f"{count} {where}" for count, where in over if count]
    if not beyond:
        return f"{text} {field}."
    return f"{text} {field}, cut off at the edge: {list_text(beyond)} are padding."


def _inside(first: int, count: int, size: int) -> tuple[int, int] | None:
    start, end = max(first, 0), min(first + count, size) - 1
    return (start, end) if start <= end else None


def _range(noun: str, first: int, last: int) -> str:
    return f"{noun} {first}" if first == last else f"{noun}s {first} to {last}"


def _counted(count: int, noun: str) -> str:
    if count <= 0:
        return ""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def unknown_text(operation: str) -> str:
    """Why there is no box on the image."""
    reason = f"{operation} cannot be followed"
    return f"The receptive field is not known from here on: {reason}."


def rounded(value: float, limit: float) -> str:
    """A value with as many decimals as the layer's largest magnitude deserves."""
    decimals = next(
        (n for n, least in enumerate((100, 10, 1, 0.1)) if limit >= least), 4
    )
    step = Decimal(1).scaleb(-decimals)
    text = f"{Decimal(abs(value)).quantize(step, ROUND_HALF_UP):f}"
    return f"−{text}" if value < 0 and float(text) != 0 else text


def range_text(page: Page, place: int) -> str:
    """Smallest and largest value of the map at this place of the page."""
    low, high = (
        rounded(values[place], page.limit) for values in (page.lowest, page.highest)
    )
    return f"{low} to {high}" if low != high else low


def value_at(page: Page, place: int, share: tuple[float, float]) -> float:
    """The value at a place of a map, to within a level.

    Args:
        page: The maps.
        place: Which of them.
        share: Where, as shares of height and width, each in [0, 1).
    """
    _, height, width = page.levels.shape
    row, col = int(share[0] * height), int(share[1] * width)
    level = int(page.levels[place, row, col])
    return (level - 127) / 127 * page.limit if page.signed else level / 255 * page.limit


def channel_text(
    page: Page,
    place: int,
    rank: int,
    count: int,
    order: str,
    here: float | None,
    class_name: str = "",
) -> str:
    """Which channel is shown enlarged, and its values.

    Args:
        page: The maps that are shown.
        place: Which of them is enlarged.
        rank: Its place among all channels, counted from 0.
        count: Number of channels.
        order: How the channels are ranked.
        here: The value at the chosen position; ``None`` for a vector.
        class_name: The class that the channel stands for, where it stands for one.
    """
    by_strength = f", number {rank + 1} in strength" if order == STRONGEST else ""
    named = f" ({class_name})" if class_name else ""
    text = f"Channel {page.channels[place]} of {count}{named}{by_strength}: "
    if here is None:
        return f"{text}{range_text(page, place)}."
    value = rounded(here, page.limit)
    return f"{text}values {range_text(page, place)}, about {value} at this position."


def answer_text(title: str, top: Sequence[tuple[str, float]]) -> str:
    """The most probable classes."""
    named = list_text([f"{name} {fixed(value)}" for name, value in top])
    return f"{title} says: {named}."
