"""Writes notebooks for another tag without running them: badges and set-up cell."""

from __future__ import annotations

from nbformat import NotebookNode

from tools.building.assemble import assemble
from tools.building.project import BuildError, Lesson, Project
from tools.notebook import read, to_text

_OF_THE_TAG = 2  # the first cell holds the badge, the second is the set-up


def write_for_tag(project: Project, lesson: Lesson) -> None:
    """Write a lesson's notebooks for the project's tag; their outputs stay.

    Raises:
        BuildError: If a notebook is not the one of its lesson, so that its outputs are
            not known to hold. Then nothing is written.
    """
    notebooks = assemble(project, lesson)
    for version, notebook in notebooks.items():
        path = lesson.notebook(version)
        stored = read(path) if path.exists() else None
        if stored is None or _sources(notebook) != _sources(stored):
            raise BuildError(
                f"{lesson.shown(path)} was not built from {lesson.shown(lesson.source)}"
                f" as it is now. Run `make lesson LESSON={lesson.number}` first."
            )
        for cell, before in zip(notebook.cells, stored.cells, strict=True):
            if cell.cell_type == "code":
                cell.outputs = before.outputs
                cell.execution_count = before.execution_count
    for version, notebook in notebooks.items():
        lesson.notebook(version).write_text(to_text(notebook), "utf-8", newline="\n")


def _sources(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells[_OF_THE_TAG:]]
