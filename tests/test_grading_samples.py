"""From a folder of submissions of eight kinds to the gradebook, with nothing faked."""

import csv
from pathlib import Path

import pytest

from tools.building.project import Project
from tools.grading import cluster
from tools.grading.__main__ import main
from tools.grading.outline import read_outline
from tools.grading.sample_submissions import KINDS, NUMBER, Sample, write_samples

PROJECT = Project.load()
LESSON = PROJECT.lessons([NUMBER])[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("grading")


@pytest.fixture(scope="module")
def samples(folder: Path) -> dict[str, Sample]:
    """Eight submissions, graded."""
    made = write_samples(PROJECT, folder / "in", len(KINDS))
    assert _grade(folder) == 0
    return made


def _grade(folder: Path) -> int:
    return main(
        [
            *("--course", str(folder / "course"), "grade", str(folder / "in")),
            *("--roster", str(folder / "in" / "roster.csv")),
            *("--workers", "1", "--cell-seconds", "2"),
        ]
    )


def _rows(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / "course" / "results" / LESSON.name / "grades.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_each_kind_earns_what_its_answers_are_worth(
    folder: Path, samples: dict[str, Sample]
) -> None:
    tasks = read_outline(PROJECT, LESSON).tasks
    rows = _rows(folder)
    for student, sample in samples.items():
        wanted = {
            task.title.split(" ")[0]: str(task.points * (task.answer in sample.right))
            for task in tasks
        }
        found = {number: rows[student][number] for number in wanted}
        assert found == wanted, student


def test_what_cannot_be_graded_is_said(
    folder: Path, samples: dict[str, Sample]
) -> None:
    statuses = {student: row["status"] for student, row in _rows(folder).items()}
    assert statuses.pop("sample07-unreadable") == "unreadable"
    assert set(statuses.values()) == {"graded"}


def test_hostile_submission_found_nothing(
    folder: Path, samples: dict[str, Sample]
) -> None:
    results = folder / "course" / "results" / LESSON.name
    page = (results / "feedback" / "sample06-hostile.html").read_text("utf-8")
    assert "wrote to 0 folders of others" in page


def test_second_run_grades_nothing(
    folder: Path, samples: dict[str, Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _rows(folder)
    monkeypatch.setattr(cluster, "run", None)  # a call of it would be an error
    assert _grade(folder) == 0
    assert _rows(folder) == before
