"""Makes an assignment from a lesson: nbgrader's source and release, and own numbers.

The source holds the solutions between markers, and below each check a hidden variant of
it: the same check on random cases that only the course's secret begins. The release is
what students get; it opens in any Jupyter.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tools.building.assemble import assemble
from tools.building.project import ROOT, Lesson, Project
from tools.building.source import read_cells
from tools.grading.collect import Student
from tools.grading.outline import Outline, Task, read_outline
from tools.grading.results import file_name
from tools.grading.seeds import course_secret, hidden_seeds, own_seeds
from tools.notebook import new_cell, new_notebook, read, to_text

_CONFIG = '''\
"""Settings of nbgrader for this course; written by `make assignment`."""

import sys

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions

sys.path.insert(0, {root!r})
from tools.grading.nbgrader_stubs import WorkbookStubs

c = get_config()
c.CourseDirectory.course_id = "cnn-workbook"
c.GenerateAssignment.preprocessors = [
    WorkbookStubs if step is ClearSolutions else step
    for step in GenerateAssignment.preprocessors.default_args[0]
]
'''
_HIDDEN = """\
{check}
### BEGIN HIDDEN TESTS
import dataclasses

from course_utils.checks import lesson{number} as pristine

hidden = dataclasses.replace(pristine.{name}, seed={seed})({answer})
assert hidden.passed, hidden
### END HIDDEN TESTS"""


class AssignmentError(Exception):
    """nbgrader refused; the message is its own."""


def make_assignment(
    project: Project, lesson: Lesson, course: Path, roster: Sequence[Student] = ()
) -> list[Path]:
    """Write source and release of a lesson, and return the paths of what goes out.

    Args:
        project: The workbook.
        lesson: The lesson.
        course: Folder of the course: secret, source, release, results.
        roster: Students who get a notebook with numbers of their own.

    Raises:
        AssignmentError: If nbgrader cannot make the release.
    """
    outline = read_outline(project, lesson)
    secret = course_secret(course)
    source = course / "source" / lesson.name / f"{lesson.name}.ipynb"
    source.parent.mkdir(parents=True, exist_ok=True)
    notebook = source_notebook(project, lesson, outline, hidden_seeds(secret, outline))
    source.write_text(to_text(notebook), "utf-8")
    (course / "nbgrader_config.py").write_text(_CONFIG.format(root=str(ROOT)), "utf-8")
    done = nbgrader(course, "generate_assignment", lesson.name, "--force", "--create")
    if done.returncode != 0:
        raise AssignmentError(f"nbgrader: {done.stderr[-2000:].strip()}")
    release = course / "release" / lesson.name / f"{lesson.name}.ipynb"
    personal = [
        _personal(release, course, outline, student, secret) for student in roster
    ]
    if roster:
        write_answers(course / f"answers_{lesson.number}.csv", outline, roster, secret)
    return [release, *personal]


def source_notebook(
    project: Project, lesson: Lesson, outline: Outline, seeds: dict[str, int]
) -> NotebookNode:
    """The teacher's notebook: solutions between markers, hidden tests, metadata."""
    books = assemble(project, lesson)
    student = {cell.id: cell for cell in books["student"].cells}
    written = iter(read_cells(lesson))
    setup = books["worked"].cells[1].id  # the builder's own second cell
    tasks = {task.cell: task for task in outline.tasks}
    cells = []
    for worked in books["worked"].cells:
        cell = worked if worked.id == setup else next(written)
        source = cell.source
        if worked.cell_type == "markdown":
            source = student.get(worked.id, worked).source
        tags = list(worked.metadata.get("tags", []))
        made = new_cell(worked.cell_type, source, worked.id, tags)
        if worked.id in tasks:
            _make_test(made, tasks[worked.id], lesson, seeds)
        elif worked.id in student and source != student[worked.id].source:
            made.metadata["nbgrader"] = _marks(f"solution-{worked.id}", solution=True)
        cells.append(made)
    return new_notebook(cells)


def _make_test(
    cell: NotebookNode, task: Task, lesson: Lesson, seeds: dict[str, int]
) -> None:
    cell.metadata["nbgrader"] = _marks(task.check, points=task.points)
    cell.source = _HIDDEN.format(
        check=cell.source,
        number=lesson.number,
        name=task.check,
        answer=task.answer,
        seed=seeds[task.check],
    )


def _marks(identity: str, *, solution: bool = False, points: int = 0) -> dict[str, Any]:
    marks: dict[str, Any] = {"schema_version": 3, "grade_id": identity, "task": False}
    marks |= {"solution": solution, "grade": bool(points), "locked": bool(points)}
    return marks | ({"points": points} if points else {})


def _personal(
    release: Path, course: Path, outline: Outline, student: Student, secret: str
) -> Path:
    """Write the notebook of one student, with the numbers drawn for them."""
    notebook = read(release)
    exercises = outline.exercises()
    tasks = {task.check: task for task in outline.tasks}
    for check, seed in own_seeds(secret, outline, student.id).items():
        task, own = tasks[check], exercises[check].redrawn(seed)
        index = next(i for i, c in enumerate(notebook.cells) if c.id == task.cell)
        notebook.cells[index].source = f"checks.{check}.redrawn({seed})({task.answer})"
        notebook.cells[index].metadata.pop("nbgrader", None)
        text = f"**Your own numbers** ({student.name}). {own.task}"
        stub = next(
            i for i in reversed(range(index)) if task.answer in notebook.cells[i].source
        )
        notebook.cells.insert(stub, new_cell("markdown", text, f"own-{task.cell}"))
    path = personal_path(course, outline.lesson, student.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_text(notebook), "utf-8")
    return path


def personal_path(course: Path, lesson: str, student: str) -> Path:
    """Where a student's own notebook lies; they have own numbers if it is there."""
    return course / "personal" / file_name(student) / f"{lesson}.ipynb"


def write_answers(
    path: Path, outline: Outline, roster: Sequence[Student], secret: str
) -> None:
    """Write the teacher's answer sheet: each student's numbers and right answers."""
    exercises = outline.exercises()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "exercise", "right answer", "task"])
        for student in roster:
            for check, seed in own_seeds(secret, outline, student.id).items():
                own = exercises[check].redrawn(seed)
                row = [student.id, student.name, own.title, own.reference, own.task]
                writer.writerow(row)


def nbgrader(
    course: Path, *arguments: str, environment: Mapping[str, str] = os.environ
) -> subprocess.CompletedProcess[str]:
    """Run nbgrader's own command in a course's folder."""
    # it calls programs that are installed beside it, in an environment not activated
    path = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env={**environment, "PATH": path},
        capture_output=True,
        text=True,
    )
