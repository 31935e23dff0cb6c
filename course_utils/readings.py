"""Read what a student types: numbers, and lists of numbers, however they are written.

Typed answers come with true minus signs, decimal commas, thousands in groups, as
fractions, with brackets or without.
Nothing here raises: what cannot be read is ``None``.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

Number = int | float

_TYPED: Final = str.maketrans(
    {"−": "-", "–": "-", "‒": "-", "\u00a0": " ", "\u202f": " "}
)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}([ ,'_]\d{3})+(\.\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d*,\d+")
_LONGEST: Final = 10_000  # characters: more is a slip of the clipboard


def read_number(text: str) -> Number | None:
    """Return the number that a text stands for, or ``None``.

    Such as ``-45``, ``−45``, ``0.5``, ``0,5``, ``1/9``, ``10 000 000``, ``10,000,000``.
    """
    plain = _plain(text)
    above, slash, below = plain.partition("/")
    if slash:
        numerator, denominator = read_number(above), read_number(below)
        return (
            numerator / denominator if numerator is not None and denominator else None
        )
    if _GROUPED.fullmatch(plain):
        plain = re.sub(r"[ ,'_]", "", plain)
    elif _DECIMAL_COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    plain = re.sub(r"^([+-])\s+", r"\1", plain)
    if not _NUMBER.fullmatch(plain):
        return None
    whole = re.fullmatch(r"[+-]?\d{1,300}", plain)
    return int(plain) if whole else float(plain)


def read_list(text: str) -> list[Any] | None:
    """Return the list, nested or flat, that a text stands for, or ``None``.

    Such as ``[1, 2]``, ``(1, 3, 32, 32)``, ``1 2 3``, ``6 × 6``,
    ``[[1, 2], [3, 4]]``, ``torch.Size([1, 3])``.
    """
    plain = _plain(text)
    called = re.fullmatch(r"[a-z_.]+\((.*)\)", plain, re.IGNORECASE | re.DOTALL)
    if called:
        return read_list(called[1])
    nested = _read_nested(plain)
    if nested is not None:
        return nested
    words = [word for word in re.split(r"[\s,;x×\[\]()]+", plain) if word]
    numbers = [number for word in words if (number := read_number(word)) is not None]
    bracketed = plain[:1] in ("[", "(")
    enough = len(numbers) > 1 or (bracketed and len(numbers) == 1)
    return numbers if enough and len(numbers) == len(words) else None


def flat(values: Any) -> list[Any]:
    """Return the leaves of nested lists in order; of anything else, itself alone."""
    if not isinstance(values, list):
        return [values]
    return [leaf for value in values for leaf in flat(value)]


def is_number(value: object) -> bool:
    """Tell whether a value is a number; ``True`` and ``False`` are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain(text: str) -> str:
    return text[:_LONGEST].translate(_TYPED).strip()


def _read_nested(plain: str) -> list[Any] | None:
    try:
        value = json.loads(plain.replace("(", "[").replace(")", "]"))
        leaves = flat(value)
    except (ValueError, RecursionError):  # not written that way: other readings follow
        return None
    return value if isinstance(value, list) and all(map(is_number, leaves)) else None
