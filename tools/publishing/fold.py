"""One reading order for a lesson: the student's cells, each answer folded away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from tools import markdown

_EXERCISE = re.compile(r"(exercise \d+\.\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"\d[\d.,]*")
_MAY_DIFFER = "nbval-ignore-output"


@dataclass(frozen=True)
class Open:
    """A cell that everyone sees."""

    cell: NotebookNode


@dataclass(frozen=True)
class Folded:
    """What belongs to an answer: solution, verdict, explanation, in this order."""

    title: str
    cells: tuple[NotebookNode, ...]


def reading_order(
    student: Sequence[NotebookNode], worked: Sequence[NotebookNode]
) -> Iterator[Open | Folded]:
    """Yield the student's cells, and after each exercise its worked solution.

    The two notebooks share their cells' ids; the worked one has every cell. A cell that
    is another one there, by its source or by its outputs, is shown as students have it,
    without outputs, and as it is worked within the fold.

    Args:
        student: The cells of the notebook with stubs, executed.
        worked: The cells of the notebook with solutions, executed.
    """
    students = {cell.id: cell for cell in student}
    title = "Solution"
    waiting: list[NotebookNode] = []
    for cell in worked:
        own = students.get(cell.id)
        if own is not None and _agree(own, cell, after_answer=bool(waiting)):
            if waiting:
                yield Folded(title, tuple(waiting))
                waiting = []
            title = _title(own, title)
            yield Open(own)
            continue
        if own is None:
            waiting.append(cell)
            continue
        yield Open(_without_outputs(own))
        # a cell that asks the same of another answer is not printed twice
        waiting.append(cell if own.source != cell.source else _outputs_only(cell))
    if waiting:
        yield Folded(title, tuple(waiting))


def _agree(own: NotebookNode, worked: NotebookNode, *, after_answer: bool) -> bool:
    if own.cell_type == "markdown":
        return True  # the two differ only in where their links start from
    if own.source != worked.source:
        return False
    if own.outputs == worked.outputs:
        return True
    if after_answer or _MAY_DIFFER not in own.metadata.get("tags", []):
        return False
    return _words(own) == _words(worked)  # another timing is not another answer


def _words(cell: NotebookNode) -> list[str]:
    texts = [o.get("text") or o.get("data", {}).get("text/plain") for o in cell.outputs]
    return [_NUMBER.sub("0", text or "") for text in texts]


def _without_outputs(cell: NotebookNode) -> NotebookNode:
    shown = NotebookNode(cell)  # type: ignore[no-untyped-call]
    if cell.cell_type == "code":
        shown.outputs = []
    return shown


def _outputs_only(cell: NotebookNode) -> NotebookNode:
    shown = NotebookNode(cell)  # type: ignore[no-untyped-call]
    shown.source = ""
    return shown


def _title(cell: NotebookNode, title: str) -> str:
    """The title of the folds below the last heading of a cell."""
    if cell.cell_type != "markdown":
        return title
    for _, words in markdown.headings(cell.source):
        exercise = _EXERCISE.match(words)
        title = f"Solution of {exercise[1].lower()}" if exercise else "Solution"
    return title
