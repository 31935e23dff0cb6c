"""The map in lesson 00 and the README's table ask what the lessons themselves ask."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "lessons").glob("[0-9]*.py"))


def question(lesson: Path) -> str:
    """A lesson's title without its number."""
    title = re.search(r"^# # \d+ · (.+)$", lesson.read_text("utf-8"), re.MULTILINE)
    assert title is not None
    return title[1]


def rows(page: Path) -> list[list[str]]:
    """The cells of every line of a table."""
    lines = page.read_text("utf-8").splitlines()
    tables = [line.lstrip("# ") for line in lines if line.lstrip("# ").startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in tables]


@pytest.mark.parametrize("page", ["lessons/00_start_here.py", "README.md"])
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem[:2])
def test_page_asks_the_question_of_each_lesson(lesson: Path, page: str) -> None:
    listed = [row for row in rows(ROOT / page) if lesson.stem[:2] in row[0][:4]]
    assert [row[1] for row in listed] == [question(lesson)]


@pytest.mark.parametrize("lesson", LESSONS[1:-1], ids=lambda path: path.stem[:2])
def test_quiz_is_named_as_the_readme_names_its_lesson(lesson: Path) -> None:
    number = lesson.stem[:2]
    quiz = importlib.import_module(f"course_utils.questions.lesson{number}").quiz
    (listed,) = [row for row in rows(ROOT / "README.md") if row[0][1:3] == number]
    assert listed[0].startswith(f"[{number} {quiz.title}]")
    assert len(quiz.questions) in (5, 6)  # as lesson 00 promises
