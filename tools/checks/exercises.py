"""The exercises of a notebook: their checks, and whether each card is whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from tools import markdown

_CARD = {
    "difficulty n of 5": re.compile(r"difficulty\W+[1-5] of 5", re.IGNORECASE),
    "importance n of 5": re.compile(r"importance\W+[1-5] of 5", re.IGNORECASE),
    "about n minutes": re.compile(r"about \d+(\W\d+)? minutes?", re.IGNORECASE),
    "a hint in <details>": re.compile("<details"),
}


def checks_in(source: str) -> list[str]:
    """Return the names of the checks that a cell calls, such as ``check_padding``."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []  # another rule reports it
    calls = [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)]
    names = [call.rpartition(".")[2] for call in calls]
    return [name for name in names if name.startswith("check_")]


def exercises(notebook: NotebookNode) -> set[str]:
    """Return the different checks that a notebook calls: its exercises."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return {name for source in sources for name in checks_in(source)}


def card_faults(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield each check that has no complete card between it and its heading."""
    card = ""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            card = cell.source if markdown.headings(cell.source) else card + cell.source
            continue
        for name in checks_in(cell.source):
            words = card.replace("*", "")
            missing = [part for part, form in _CARD.items() if not form.search(words)]
            if missing:
                yield (
                    index,
                    (
                        f"{name} stands under an exercise card without "
                        f"{', '.join(missing)}; add it below the heading"
                    ),
                )
