"""What may be chosen in the network explorer, and how the rest is refused."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from course_utils.network_activations import ORDERS
from course_utils.network_anatomy import LayerFacts, require_inside
from course_utils.network_zoo import ARCHITECTURES
from course_utils.widgets.network_places import channels_of, middle, size_of
from course_utils.widgets.network_subject import Subject, named_subject
from course_utils.widgets.settings import whole_number

_MOST_NAMED: Final = 12  # layers in a sentence
_MOST: Final = 1_000_000  # rows, columns and channels: how many there are comes after


def architecture(name: Any, own: Iterable[str]) -> Subject:
    """Open a network by name.

    Raises:
        ValueError: If there is none of this name.
    """
    if name not in ARCHITECTURES:
        raise ValueError(
            f"architecture is {name!r}; choose one of "
            f"{', '.join([*own, *ARCHITECTURES])}, or open a module of your own: "
            "NetworkExplorer(model, input_shape=(1, 3, 32, 32))"
        )
    return named_subject(name)


def layer(subject: Subject, name: Any) -> str:
    """Return the name of a layer.

    Raises:
        ValueError: If there is none of this name; the message names similar ones.
    """
    known = subject.layers
    if name in known:
        return str(name)
    similar = get_close_matches(str(name), known, n=3, cutoff=0.5)
    hint = f"explorer.layers names all {len(known)}"
    if len(known) <= _MOST_NAMED:
        hint = f"choose one of {', '.join(known)}"
    elif similar:
        hint = f"similar names are {', '.join(similar)}; {hint}"
    raise ValueError(f"layer is {name!r}, which {subject.title} does not have; {hint}")


def position(facts: LayerFacts, value: Any) -> tuple[int, int]:
    """Return row and column of a layer's output.

    Raises:
        ValueError: If they are no two whole numbers, or outside the output.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(
            f"position is {value!r}; give two whole numbers such as (3, 5): row, column"
        )
    row, col = (whole_number("position", number, 0, _MOST) for number in value)
    require_inside((row, col), size_of(facts))
    return row, col


def channel(facts: LayerFacts, value: Any, name: str = "channel") -> int:
    """Return the number of a channel.

    Raises:
        ValueError: If the layer has no such channel.
    """
    number = whole_number(name, value, 0, _MOST)
    count = channels_of(facts)
    if number >= max(count, 1):
        raise ValueError(
            f"{name} is {number}, but {facts.name} has {count}; choose 0 to {count - 1}"
        )
    return number


def order(value: Any) -> str:
    """Return how channels are ranked.

    Raises:
        ValueError: If there is no such ranking.
    """
    if value not in ORDERS:
        raise ValueError(f"order is {value!r}; choose one of {', '.join(ORDERS)}")
    return str(value)


def where(subject: Subject, value: Any) -> dict[str, Any]:
    """Return layer, position and rank as they come from the page.

    Raises:
        ValueError: If one of them does not exist.
    """
    facts = subject.facts(layer(subject, value.get("layer")))
    return {
        "layer": facts.name,
        "position": list(position(facts, value.get("position"))),
        "rank": channel(facts, value.get("rank"), "rank"),
    }


def start(subject: Subject) -> dict[str, Any]:
    """The first layer, in the middle, with the first of its channels."""
    facts = subject.rows[0]
    return {"layer": facts.name, "position": list(middle(facts)), "rank": 0}
