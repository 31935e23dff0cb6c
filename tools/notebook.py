"""Notebook files: reading, writing, making cells, and naming a cell in a message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

_KERNEL = {
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
    "name": "python3",
}


def read(path: Path) -> NotebookNode:
    """Read a notebook as it stands, without converting or repairing it."""
    text = path.read_text("utf-8")
    try:
        notebook: NotebookNode = nbformat.reads(text, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    except nbformat.reader.NotJSONError as error:
        raise ValueError(f"{path} is not a notebook; build its lesson again") from error
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """Return the text of a notebook file; the same notebook gives the same text."""
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return text.rstrip("\n") + "\n"


def new_notebook(cells: Sequence[NotebookNode]) -> NotebookNode:
    """Make a notebook for the Python kernel."""
    notebook: NotebookNode = v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=list(cells), metadata={"kernelspec": dict(_KERNEL)}
    )
    notebook.nbformat_minor = 5  # the first version whose cells have ids
    nbformat.validate(notebook)
    return notebook


def new_cell(
    kind: str, source: str, identity: str, tags: Sequence[str] = ()
) -> NotebookNode:
    """Make a markdown or code cell without outputs."""
    make = v4.new_code_cell if kind == "code" else v4.new_markdown_cell
    metadata = {"tags": list(tags)} if tags else {}
    cell: NotebookNode = make(source, id=identity, metadata=metadata)  # type: ignore[no-untyped-call]
    return cell


def cell_place(notebook: NotebookNode, index: int) -> str:
    """Name a cell for messages: position, id and first line."""
    cell = notebook.cells[index]
    first = (cell.source.strip().splitlines() or ["(empty)"])[0]
    first = first if len(first) <= 60 else f"{first[:60]}…"
    number = f"cell {index + 1} of {len(notebook.cells)}"
    return f"{number} (id {cell.get('id', '?')}, `{first}`)"
