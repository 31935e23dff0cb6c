"""Freshness: edited, missing and orphaned notebooks are named, with what to do."""

from pathlib import Path

import pytest

from tests.tiny_workbook import tiny_workbook
from tools.building.assemble import assemble
from tools.building.freshness import orphans, stale
from tools.building.project import Project
from tools.notebook import to_text


@pytest.fixture
def workbook(tmp_path: Path) -> Project:
    """A workbook whose notebooks are up to date, though not executed."""
    project = tiny_workbook(tmp_path)
    (lesson,) = project.lessons()
    for version, book in assemble(project, lesson).items():
        lesson.notebook(version).write_text(to_text(book))
    return project


def test_a_fresh_build_is_up_to_date(workbook: Project) -> None:
    assert stale(workbook, workbook.lessons()[0]) == []
    assert orphans(workbook) == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("print(double(2))", "print(double(3))", "in its source"),
        ('"parameters"', '"solution"', "in its metadata"),
        ('"nbformat_minor": 5', '"nbformat_minor": 4', "in the notebook's metadata"),
    ],
)
def test_an_edited_notebook_is_named_with_what_to_do(
    workbook: Project, old: str, new: str, where: str
) -> None:
    lesson = workbook.lessons()[0]
    path = lesson.notebook("student")
    text = path.read_text()
    path.write_text(text.replace(old, new))
    (message,) = stale(workbook, lesson)
    assert message.startswith("notebooks/02_toy.ipynb differs from lessons/02_toy.py")
    assert where in message
    assert message.endswith("Edit the .py, then run `make lesson LESSON=02`.")


def test_an_edited_lesson_makes_both_notebooks_stale(workbook: Project) -> None:
    lesson = workbook.lessons()[0]
    text = lesson.source.read_text()
    lesson.source.write_text(text.replace("Exercise 1", "Exercise 2"))
    messages = stale(workbook, lesson)
    assert len(messages) == 2
    assert "`## Exercise 1: double it`" in messages[0]


def test_a_lesson_that_was_never_built_is_noticed(tmp_path: Path) -> None:
    project = tiny_workbook(tmp_path)
    messages = stale(project, project.lessons()[0])
    assert [" is missing" in message for message in messages] == [True, True]


def test_a_notebook_without_lesson_is_noticed(tmp_path: Path) -> None:
    project = tiny_workbook(tmp_path)
    (tmp_path / "notebooks" / "09_gone.ipynb").touch()
    (message,) = orphans(project)
    assert message.startswith("notebooks/09_gone.ipynb has no lessons/09_gone.py")


def test_a_damaged_notebook_is_named(workbook: Project) -> None:
    lesson = workbook.lessons()[0]
    lesson.notebook("worked").write_text("<<<<<<< conflict")
    (message,) = stale(workbook, lesson)
    assert message.endswith("02_toy.ipynb is not a notebook; build its lesson again")


def test_outputs_do_not_matter_for_freshness(workbook: Project) -> None:
    lesson = workbook.lessons()[0]
    path = lesson.notebook("worked")
    text = path.read_text()
    path.write_text(text.replace('"execution_count": null', '"execution_count": 1'))
    assert stale(workbook, lesson) == []
