"""Which tape belongs to which picture."""

from __future__ import annotations

from course_utils.drawn.tape import Tape

SPLITS = ("train", "validation", "test")
_KINDS = ("image", "labels", "scene")
_LIMIT = 2**48


def open_tape(kind: str, split: str, seed: int, index: int) -> Tape:
    """Return the tape of one picture; no two pictures of any split share one.

    Raises:
        ValueError: If the split is unknown, or index or seed is out of range.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; choose one of {', '.join(SPLITS)}")
    if not 0 <= index < _LIMIT:
        raise ValueError(f"index is {index}; give a whole number from 0")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed is {seed}; give a whole number from 0")
    stream = (_KINDS.index(kind) * len(SPLITS) + SPLITS.index(split)) * _LIMIT + index
    return Tape(seed, stream)
