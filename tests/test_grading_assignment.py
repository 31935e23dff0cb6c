"""The release: made from the lesson, with hidden tests, readable by any Jupyter."""

import csv
from pathlib import Path

import nbformat
import pytest

from tools.bench.grading import hand_in
from tools.building.assemble import assemble
from tools.building.markers import BEGIN
from tools.building.project import Project
from tools.grading.assignment import make_assignment, source_notebook
from tools.grading.collect import Student, Submission
from tools.grading.outline import Outline, read_outline
from tools.grading.seeds import hidden_seeds
from tools.notebook import read, to_text

PROJECT = Project.load()
LESSON = PROJECT.lessons(["02"])[0]
ROSTER = [Student("ada", "Ada Lovelace"), Student("bob", "Bob Moses")]


@pytest.fixture(scope="module")
def outline() -> Outline:
    return read_outline(PROJECT, LESSON)


@pytest.fixture(scope="module")
def source(outline: Outline) -> nbformat.NotebookNode:
    return source_notebook(PROJECT, LESSON, outline, hidden_seeds("s", outline))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = tmp_path_factory.mktemp("course")
    make_assignment(PROJECT, LESSON, course, ROSTER)
    return course


def _release(course: Path) -> nbformat.NotebookNode:
    return read(course / "release" / LESSON.name / f"{LESSON.name}.ipynb")


def _personal(course: Path, student: str) -> nbformat.NotebookNode:
    return read(course / "personal" / student / f"{LESSON.name}.ipynb")


def _sources(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def test_points_are_the_importance_on_the_cards(outline: Outline) -> None:
    points = {task.check: task.points for task in outline.tasks}
    assert (points["check_slide_kernel"], points["check_first_row"]) == (5, 3)
    assert len(points) == 11


def test_source_marks_every_exercise(
    outline: Outline, source: nbformat.NotebookNode
) -> None:
    marks = [c.metadata.get("nbgrader", {}) for c in source.cells]
    tests = {m["grade_id"]: m["points"] for m in marks if m.get("grade")}
    assert tests == {task.check: task.points for task in outline.tasks}
    assert sum(bool(m.get("solution")) for m in marks) == len(outline.tasks)


def test_source_holds_solutions_between_markers(source: nbformat.NotebookNode) -> None:
    cells = [cell for cell in source.cells if BEGIN in cell.source]
    assert all(cell.metadata.nbgrader.solution for cell in cells)


def test_each_check_has_its_hidden_variant(
    outline: Outline, source: nbformat.NotebookNode
) -> None:
    for task in outline.tasks:
        (cell,) = [cell for cell in source.cells if cell.id == task.cell]
        seed = hidden_seeds("s", outline)[task.check]
        assert f"pristine.{task.check}, seed={seed})({task.answer})" in cell.source


def test_release_has_the_sources_that_students_have_anyway(course: Path) -> None:
    student = read(LESSON.notebook("student"))
    assert [c.source for c in _release(course).cells] == [
        c.source for c in student.cells
    ]


def test_release_hides_tests_and_solutions(course: Path) -> None:
    text = _sources(_release(course))
    for word in ("HIDDEN", "pristine", "SOLUTION", "total = (window"):
        assert word not in text


def test_release_is_a_valid_notebook_without_outputs(course: Path) -> None:
    notebook = _release(course)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_own_numbers_differ_between_students(course: Path) -> None:
    ada, bob = (_sources(_personal(course, name)) for name in ("ada", "bob"))
    assert "own_image" in ada
    assert "check_first_row.redrawn(" in ada
    assert ada != bob


def test_own_notebook_checks_its_own_numbers(course: Path) -> None:
    from course_utils.checks import lesson02 as checks

    cells = _personal(course, "ada").cells
    (call,) = [c.source for c in cells if ".redrawn(" in c.source]
    sheet = csv.DictReader((course / "answers_02.csv").open(encoding="utf-8"))
    answer = next(row["right answer"] for row in sheet if row["id"] == "ada")
    names = {"checks": checks, "first_row": eval(answer)}
    assert eval(call, names).passed


def test_secret_leaves_the_folder_in_no_notebook(course: Path) -> None:
    secret = (course / "secret.txt").read_text().strip()
    for path in course.rglob("*.ipynb"):
        assert secret not in path.read_text("utf-8")


def test_nbgrader_finds_a_test_for_every_exercise(
    course: Path, outline: Outline
) -> None:
    text = to_text(assemble(PROJECT, LESSON)["student"])
    hand_in(course, LESSON.name, [Submission("eve", "Eve", "", text)])
    handed_in = read(course / f"submitted/eve/{LESSON.name}/{LESSON.name}.ipynb")
    marks = [cell.metadata.get("nbgrader", {}) for cell in handed_in.cells]
    tests = {one["grade_id"] for one in marks if one.get("grade")}
    assert tests == {task.check for task in outline.tasks}
