"""A folder graded from end to end, twice, with workers that are lost on the way."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.grading_books import book, cells, outline, solved
from tools.building.project import Project
from tools.grading import cluster, grading
from tools.grading.collect import CollectError
from tools.grading.jobs import Job, not_graded

PROJECT = Project.load()
LESSON = PROJECT.lessons(["02"])[0]


def _graded_here(
    outline_: Any, jobs: dict[str, Job], *, scheduler: str, workers: int
) -> Any:
    """In place of a cluster: everybody is right, and the calls are counted."""
    for name in jobs:
        CALLS.append(name)
        report = not_graded(outline_, "")
        report.isolation = "namespaces"
        yield name, report


CALLS: list[str] = []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(grading, "read_outline", lambda project, lesson: outline())
    monkeypatch.setattr(cluster, "run", _graded_here)
    CALLS.clear()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_text(solved())
    (tmp_path / "in" / "bob.ipynb").write_text(book(cells()))
    return tmp_path


def _grade(folder: Path) -> list[grading.Graded]:
    settings = grading.Settings(folder / "in", folder / "course", workers=1)
    return grading.grade_folder(PROJECT, LESSON, settings, say=lambda text: None)


def test_nothing_is_graded_twice(folder: Path) -> None:
    _grade(folder)
    _grade(folder)
    assert len(CALLS) == 2


def test_a_new_version_of_one_file_is_graded_alone(folder: Path) -> None:
    _grade(folder)
    (folder / "in" / "bob.ipynb").write_text(solved())
    _grade(folder)
    assert len(CALLS) == 3


def test_a_crash_half_way_costs_one_submission(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashes(*args: Any, **kwargs: Any) -> Any:
        yield next(_graded_here(*args, **kwargs))
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "run", crashes)
    with pytest.raises(KeyboardInterrupt):
        _grade(folder)
    monkeypatch.setattr(cluster, "run", _graded_here)
    CALLS.clear()
    assert len(_grade(folder)) == 2
    assert len(CALLS) == 1


def test_results_are_written_for_everyone(folder: Path) -> None:
    (folder / "in" / "eve.ipynb").write_bytes(b"\xff")
    _grade(folder)
    results = folder / "course" / "results" / LESSON.name
    rows = csv.DictReader((results / "grades.csv").open(encoding="utf-8"))
    assert [(row["id"], row["status"]) for row in rows] == [
        ("ada", "graded"),
        ("bob", "graded"),
        ("eve", "unreadable"),
    ]
    pages = sorted(path.name for path in (results / "feedback").iterdir())
    assert pages == ["ada.html", "bob.html", "eve.html"]
    assert (results / "class_report.html").exists()


def test_lesson_is_found_from_the_notebooks(folder: Path) -> None:
    assert grading.lesson_of(folder / "in") == "02"


def test_lesson_that_cannot_be_told_is_asked_for(folder: Path) -> None:
    (folder / "in" / "ada.ipynb").write_text("course_utils.checks import lesson03")
    with pytest.raises(CollectError, match="LESSON=02"):
        grading.lesson_of(folder / "in")


def test_file_that_would_fill_the_memory_has_no_vote(folder: Path) -> None:
    with (folder / "in" / "eve.ipynb").open("wb") as file:
        file.truncate(2**40)
    assert grading.lesson_of(folder / "in") == "02"


def test_report_that_is_not_final_is_graded_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loses(outline_: Any, jobs: dict[str, Job], **kwargs: Any) -> Any:
        for name in jobs:
            report = not_graded(outline_, "No worker could grade it")
            report.final = False
            yield name, report

    monkeypatch.setattr(cluster, "run", loses)
    assert {graded.status for graded in _grade(folder)} == {"stopped"}
    monkeypatch.setattr(cluster, "run", _graded_here)
    assert {graded.status for graded in _grade(folder)} == {"graded"}
