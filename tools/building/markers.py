"""Finds the solution regions of a cell and refuses every marker that is not exact.

A marker that is misspelt would publish the answer without a word. So a comment that
merely resembles a marker is an error too.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from tools.building.project import BuildError

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
_EXPECTED = f"expected exactly `{BEGIN}` or `{END}` on a line of its own"


@dataclass(frozen=True)
class Region:
    """A solution region: the two lines (from 0, in the cell) that hold its markers."""

    begin: int
    end: int


def find_regions(source: str, place: Callable[[int], str]) -> list[Region]:
    """Return the regions of a code cell, in order.

    Args:
        source: The cell's source, valid Python.
        place: Turns a line of the cell (from 0) into "file:line" for messages.

    Raises:
        BuildError: If a marker is misspelt, nested or without its partner.
    """
    regions = []
    opened: int | None = None
    for line, text in _markers(source, place):
        if text == BEGIN and opened is not None:
            raise BuildError(
                f"{place(line)}: `{BEGIN}` inside the region that begins at "
                f"{place(opened)}; close that one first, regions do not nest"
            )
        if text == END and opened is None:
            raise BuildError(f"{place(line)}: `{END}` without `{BEGIN}` before it")
        if text == BEGIN:
            opened = line
        elif opened is not None:
            regions.append(Region(opened, line))
            opened = None
    if opened is not None:
        raise BuildError(
            f"{place(opened)}: `{BEGIN}` without `{END}` in the same cell; "
            "a region ends where its cell ends at the latest"
        )
    return regions


def refuse_markers_in_prose(source: str, place: Callable[[int], str]) -> None:
    """Refuse a markdown cell with a line that is, or resembles, a marker."""
    for line, text in enumerate(source.splitlines()):
        words = _words(text)
        if len(words) <= 3 and _resembles_marker(words):
            raise BuildError(
                f"{place(line)}: `{text.strip()}` looks like a solution marker in a "
                "markdown cell; move it into the code, or tag the cell `solution`"
            )


def _markers(source: str, place: Callable[[int], str]) -> Iterator[tuple[int, str]]:
    """Yield (line, marker) of each exact marker; refuse those that are nearly one."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, text = token.start[0] - 1, token.string.rstrip()
        alone = not token.line[: token.start[1]].strip()
        if text in (BEGIN, END) and alone:
            yield line, text
        elif text in (BEGIN, END) or _is_near_miss(text):
            raise BuildError(
                f"{place(line)}: `{text}` looks like a solution marker; {_EXPECTED}"
            )


def _is_near_miss(comment: str) -> bool:
    words = _words(comment)
    if comment.startswith("###"):
        return True  # three hashes are kept for markers
    only_solution = len(words) <= 2 and any(_alike(w, "solution") for w in words)
    return only_solution or (len(words) <= 3 and _resembles_marker(words))


def _resembles_marker(words: list[str]) -> bool:
    joined = "".join(words)
    # closer than `solution` alone is to `endsolution`
    if any(_alike(joined, m, 0.88) for m in ("beginsolution", "endsolution")):
        return True
    verbs = ("begin", "end", "start", "stop")
    has_verb = any(_alike(word, verb) for word in words for verb in verbs)
    return has_verb and any(_alike(word, "solution") for word in words)


def _alike(word: str, wanted: str, least: float = 0.78) -> bool:
    return SequenceMatcher(None, word, wanted).ratio() >= least


def _words(text: str) -> list[str]:
    return re.findall("[a-z]+", text.lower())
