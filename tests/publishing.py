"""Lessons whose notebooks are written as they are, for tests of the site."""

import nbformat
from nbformat import NotebookNode

from tests.tiny_workbook import code, notebook, prose
from tools.building.project import Lesson, Project


def write_lesson(
    project: Project, *student: NotebookNode, worked: tuple[NotebookNode, ...] = ()
) -> Lesson:
    """Write both notebooks of the only lesson, below title and set-up."""
    (lesson,) = project.lessons()
    for path, cells in (
        (lesson.notebook("student"), student),
        (lesson.notebook("worked"), worked or student),
    ):
        nbformat.write(notebook(prose("# 2 · Toy"), code("import x"), *cells), path)
    return lesson
