"""A tape of random numbers that is the same on every machine, and a sine table.

The numbers are BLAKE2b hashes of a counter: fixed by a standard, in every Python, and
ten times quicker to start than a generator of NumPy's. All else is plain ``+ - * /``
on Python floats, which IEEE 754 fixes to the last bit; sines are read from a table
because mathematics libraries differ in their last bit.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from itertools import count
from struct import Struct
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Choice = TypeVar("Choice")

TURN = 1024  # angles are whole numbers; this many make a full turn
_SINE = [round(math.sin(2 * math.pi * k / TURN), 6) for k in range(TURN)]
_KEY = Struct("<QQ")
_NUMBERS = Struct("<32H")  # one hash is 64 bytes, read as 32 numbers of 16 bits


def sine(angle: int) -> float:
    """Return the sine of ``angle``, in 1/1024 of a turn."""
    return _SINE[angle % TURN]


def cosine(angle: int) -> float:
    """Return the cosine of ``angle``, in 1/1024 of a turn."""
    return _SINE[(angle + TURN // 4) % TURN]


class Tape:
    """Random numbers read one after the other; equal keys give equal tapes.

    Args:
        seed: First half of the key, 0 to 2⁶⁴ − 1.
        stream: Second half of the key, 0 to 2⁶⁴ − 1.
    """

    def __init__(self, seed: int, stream: int) -> None:
        self._next = _numbers(_KEY.pack(seed, stream)).__next__

    def uniform(self, low: float, high: float) -> float:
        """Return a number from ``low`` (included) to ``high`` (excluded)."""
        return low + (high - low) * (self._next() / 65536)

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + (self._next() * (high - low + 1) >> 16)

    def chance(self, probability: float) -> bool:
        """Return true with the given probability."""
        return self._next() < probability * 65536

    def pick(self, choices: Sequence[Choice]) -> Choice:
        """Return one of ``choices``, all equally likely."""
        return choices[self._next() * len(choices) >> 16]

    def weighted(self, choices: Sequence[tuple[Choice, int]]) -> Choice:
        """Return one of ``choices``, pairs of a value and its whole-number weight."""
        rest = self._next() * sum(weight for _, weight in choices) >> 16
        for value, weight in choices:
            rest -= weight
            if rest < 0:
                return value
        raise ValueError(f"the weights of {choices!r} are not positive whole numbers")

    def word(self) -> int:
        """Return a whole number of 48 bits, to start another tape."""
        return self._next() << 32 | self._next() << 16 | self._next()


def _numbers(key: bytes) -> Iterator[int]:
    for counter in count():
        block = blake2b(counter.to_bytes(4, "little"), key=key)
        yield from _NUMBERS.unpack(block.digest())
