"""Tells, without executing, whether the notebooks are those of the lessons."""

from __future__ import annotations

from nbformat import NotebookNode

from tools.building.assemble import assemble
from tools.building.project import VERSIONS, BuildError, Lesson, Project
from tools.notebook import cell_place, read


def stale(project: Project, lesson: Lesson) -> list[str]:
    """Return one message for each notebook that differs from its lesson."""
    try:
        expected = assemble(project, lesson)
    except BuildError as error:
        return [str(error)]
    messages = []
    for version in VERSIONS:
        path = lesson.notebook(version)
        difference = "is missing; it should be built"
        if path.exists():
            try:
                stored = read(path)
            except ValueError as error:
                messages.append(str(error))
                continue
            difference = _difference(expected[version], stored, lesson) or ""
        if difference:
            messages.append(
                f"{lesson.shown(path)} {difference}. Edit the .py, then run "
                f"`make lesson LESSON={lesson.number}`."
            )
    return messages


def orphans(project: Project) -> list[str]:
    """Return one message for each notebook that has no lesson."""
    lessons = {path.stem for path in (project.root / "lessons").glob("*.py")}
    folder = project.root / "notebooks"
    paths = sorted([*folder.glob("*.ipynb"), *folder.glob("solutions/*.ipynb")])
    return [
        f"{path.relative_to(project.root).as_posix()} has no lessons/{path.stem}.py; "
        "delete the notebook or restore its lesson"
        for path in paths
        if path.stem not in lessons
    ]


def _difference(want: NotebookNode, have: NotebookNode, lesson: Lesson) -> str | None:
    source = lesson.shown(lesson.source)
    for index, cell in enumerate(want.cells):
        if index >= len(have.cells):
            return f"differs from {source}: it lacks {cell_place(want, index)}"
        for key in ("cell_type", "source", "id", "metadata"):
            if cell.get(key) != have.cells[index].get(key):
                place = cell_place(have, index)
                return f"differs from {source} at {place}, in its {key}"
    if len(have.cells) > len(want.cells):
        place = cell_place(have, len(want.cells))
        return f"differs from {source}: it has {place} in addition"
    if (want.metadata, want.nbformat_minor) != (have.metadata, have.nbformat_minor):
        return f"differs from {source} in the notebook's metadata"
    return None
