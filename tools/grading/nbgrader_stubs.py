"""nbgrader's step that takes solutions out, with our stubs in place of its own.

nbgrader would put ``raise NotImplementedError()`` wherever an answer was. Our stubs
keep the names of values (``first_row = ...``), so that an unanswered notebook runs.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from tools.building.markers import find_regions
from tools.building.stubs import cell_stub, with_stubs


class WorkbookStubs(NbGraderPreprocessor):  # type: ignore[misc]
    """Replaces solutions by stubs, and drops worked explanations."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook as students get it."""
        nb.cells = [cell for cell in nb.cells if not _is_explanation(cell)]
        for cell in nb.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = _stub(cell)
        return nb, resources


def _stub(cell: NotebookNode) -> str:
    """The source of an answer's cell without the answer; it loses its tag."""
    tags = cell.metadata.get("tags", [])
    if "solution" in tags:
        cell.metadata.tags = [tag for tag in tags if tag != "solution"]
        return cell_stub(cell.source)
    regions = find_regions(cell.source, lambda line: f"line {line + 1}")
    return with_stubs(cell.source, regions)


def _is_explanation(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and "solution" in cell.metadata.get("tags", [])
