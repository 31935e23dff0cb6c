"""States of a widget that refuse a wrong value with a ``ValueError`` that says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import traitlets

if TYPE_CHECKING:
    _Number = traitlets.TraitType[int, int]
    _Word = traitlets.TraitType[str, str]
    _Numbers = traitlets.TraitType[tuple[int, int], tuple[int, int]]
    _Value = traitlets.TraitType[Any, Any]
else:  # the traitlets of Colab know no such parameters
    _Number = _Word = _Numbers = _Value = traitlets.TraitType


class WholeNumber(_Number):
    """A whole number within limits."""

    def __init__(self, default: int, minimum: int, maximum: int) -> None:
        super().__init__(default)
        self.minimum = minimum
        self.maximum = maximum

    def validate(self, obj: Any, value: Any) -> int:
        """Return ``value`` as ``int``, or raise ``ValueError``."""
        return whole_number(str(self.name), value, self.minimum, self.maximum)


class OneOf(_Word):
    """One of a few words."""

    def __init__(self, default: str, words: Sequence[str]) -> None:
        super().__init__(default)
        self.words = tuple(words)

    def validate(self, obj: Any, value: Any) -> str:
        """Return ``value``, or raise ``ValueError``."""
        if value not in self.words:
            raise ValueError(
                f"{self.name} is {value!r}; choose one of {', '.join(self.words)}"
            )
        return str(value)


class Pair(_Numbers):
    """Two whole numbers within limits: rows (down), columns (right)."""

    def __init__(
        self, default: tuple[int, int], minimum: int, maximum: int, example: str
    ) -> None:
        super().__init__(default)
        self.minimum = minimum
        self.maximum = maximum
        self.example = example

    def validate(self, obj: Any, value: Any) -> tuple[int, int]:
        """Return ``value`` as a tuple, or raise ``ValueError``."""
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise ValueError(
                f"{self.name} is {value!r}; give two whole numbers such as "
                f"{self.example}"
            )
        first, second = (
            whole_number(str(self.name), number, self.minimum, self.maximum)
            for number in value
        )
        return first, second


class Checked(_Value):
    """A value that a function checks and puts into its final form."""

    def __init__(self, default: Any, check: Callable[[Any], Any]) -> None:
        super().__init__(default)
        self.check = check

    def validate(self, obj: Any, value: Any) -> Any:
        """Return what the function makes of ``value``; it may raise ``ValueError``."""
        return self.check(value)


def whole_number(name: str, value: Any, minimum: int, maximum: int) -> int:
    """Return ``value`` as ``int``.

    Raises:
        ValueError: If it is no whole number from ``minimum`` to ``maximum``.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(
            f"{name} is {value!r}; give a whole number from {minimum} to {maximum}"
        )
    number = int(value)
    if number < minimum:
        raise ValueError(f"{name} is {number}; it must be at least {minimum}")
    if number > maximum:
        raise ValueError(
            f"{name} is {number}; the explorer shows at most {maximum}, so lower it"
        )
    return number
