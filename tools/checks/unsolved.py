"""What a student's notebook shows: the same as the worked one, but for the exercises.

So the worked notebook's proof holds for both, and the student's can be run with other
parameters instead of the same ones once more.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from tools.notebook import cell_place

_CHECK = "checks.check_"
_UNDECIDED = "NOT ATTEMPTED"


def unequal_outputs(worked: NotebookNode, student: NotebookNode) -> list[str]:
    """Name each cell of the student's notebook that shows other words than it should.

    The cells of an exercise and its check may, and those that are excused from the
    comparison with a fresh run; pictures are left to the eye.
    """
    solved = {cell.id: cell for cell in worked.cells if cell.cell_type == "code"}
    faults = []
    for index, cell in enumerate(student.cells):
        twin = solved.get(cell.id)
        if cell.cell_type != "code" or _may_differ(cell, twin):
            continue
        if _words(cell) != _words(twin):
            place = cell_place(student, index)
            faults.append(
                f"{place} shows something else than in the worked notebook. Does it "
                "depend on an exercise? Give the lesson a version of its own to go on."
            )
    return faults


def judged_checks(executed: NotebookNode) -> list[str]:
    """Name each check in an unsolved notebook that does not say NOT ATTEMPTED."""
    return [
        f"{cell_place(executed, index)}: a check of an exercise that nobody has solved "
        f"should say {_UNDECIDED}"
        for index, cell in enumerate(executed.cells)
        if cell.cell_type == "code" and _CHECK in cell.source
        if _UNDECIDED not in str(_words(cell))
    ]


def _may_differ(cell: NotebookNode, twin: NotebookNode | None) -> bool:
    if twin is None or cell.source != twin.source or _CHECK in cell.source:
        return True
    return "nbval-ignore-output" in cell.metadata.get("tags", [])


def _words(cell: NotebookNode | None) -> list[dict[str, Any]]:
    """The outputs of a cell without pictures and without the number of its run."""
    outputs = [dict(output) for output in cell.outputs] if cell else []
    for output in outputs:
        output.pop("execution_count", None)
        output.pop("metadata", None)
        if "data" in output:
            data = dict(output["data"])
            output["data"] = {k: v for k, v in data.items() if k != "image/png"}
    return outputs
