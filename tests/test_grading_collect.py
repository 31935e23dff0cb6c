"""Submissions are found as Moodle, Git and e-mail leave them."""

import json
import os
from pathlib import Path

import pytest

from tools.grading.collect import (
    CollectError,
    Student,
    Submission,
    collect,
    duplicates,
    read_roster,
)

LESSON = "02_convolution_by_hand"


def _book(source: str = "") -> str:
    """A notebook of one cell, so that one can be told from another."""
    cell = {"cell_type": "code", "source": source}
    return json.dumps({"cells": [cell]})


def _put(folder: Path, name: str, text: str = _book()) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _one(folder: Path, roster: tuple[Student, ...] = ()) -> Submission:
    (found,) = collect(folder, LESSON, roster)
    return found


def test_moodle_folder_gives_name_and_number(tmp_path: Path) -> None:
    _put(tmp_path, f"Ada Lovelace_12345_assignsubmission_file_/{LESSON}.ipynb")
    found = _one(tmp_path)
    assert (found.student, found.name, found.text) == (
        "12345",
        "Ada Lovelace",
        _book(),
    )


def test_roster_turns_a_moodle_name_into_an_id(tmp_path: Path) -> None:
    _put(tmp_path, "Ada Lovelace_12345_assignsubmission_file_/x.ipynb")
    assert _one(tmp_path, (Student("al15", "Ada Lovelace"),)).student == "al15"


def test_clone_gives_the_copy_in_my_work(tmp_path: Path) -> None:
    _put(tmp_path, f"ada/notebooks/{LESSON}.ipynb", _book("ours"))
    _put(tmp_path, f"ada/my_work/{LESSON}.ipynb", _book("hers"))
    _put(tmp_path, f"ada/notebooks/solutions/{LESSON}.ipynb", _book("worked"))
    found = _one(tmp_path)
    assert (found.student, found.text) == ("ada", _book("hers"))


def test_file_from_an_email_is_named_after_its_student(tmp_path: Path) -> None:
    _put(tmp_path, f"ada@example.org_{LESSON}.ipynb")
    assert _one(tmp_path).student == "ada@example.org"


def test_id_anywhere_in_a_name_is_found_on_the_roster(tmp_path: Path) -> None:
    _put(tmp_path, "homework al15 final.ipynb")
    assert _one(tmp_path, (Student("al15", "Ada"),)).name == "Ada"


def test_latest_of_several_notebooks_is_taken_and_said(tmp_path: Path) -> None:
    os.utime(_put(tmp_path, "ada/b.ipynb", _book("old")), (1, 1))
    _put(tmp_path, "ada/a.ipynb", _book("new"))
    assert (_one(tmp_path).text, _one(tmp_path).note) == (
        _book("new"),
        "one of 2 notebooks",
    )


def test_student_of_the_roster_without_notebook_is_missing(tmp_path: Path) -> None:
    _put(tmp_path, "ada.ipynb")
    found = collect(tmp_path, LESSON, (Student("ada", "Ada"), Student("bob", "Bob")))
    assert [(s.student, bool(s.problem)) for s in found] == [("ada", 0), ("bob", 1)]


def test_folder_without_notebook_is_a_problem_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    _put(tmp_path, "bob.ipynb")
    assert [bool(s.problem) for s in collect(tmp_path, LESSON)] == [True, False]


def test_link_is_not_followed(tmp_path: Path) -> None:
    secret = _put(tmp_path, "elsewhere/secret.txt", "key")
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "ada.ipynb").symlink_to(secret)
    assert _one(downloads).problem == "The file cannot be read: it is a link"


def test_pipe_does_not_hold_the_grader_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ada.ipynb")
    assert "no ordinary file" in _one(tmp_path).problem


def test_file_that_is_no_text_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "ada.ipynb").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in _one(tmp_path).problem


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 1}', "[" * 100_000, "7"])
def test_file_that_is_no_notebook_is_a_problem_of_its_own(
    tmp_path: Path, text: str
) -> None:
    _put(tmp_path, "ada.ipynb", text)
    assert "It is no notebook" in _one(tmp_path).problem


def test_name_in_the_bytes_of_an_old_archive_can_stand_on_a_page(
    tmp_path: Path,
) -> None:
    path = os.fsencode(tmp_path) + b"/Ren\xe9e.ipynb"
    with open(path, "w") as file:  # noqa: PTH123 - a Path would mend the name
        file.write(_book())
    found = _one(tmp_path)
    assert "".join((found.student, found.name, found.path)).isprintable()
    assert found.text == _book()


def test_enormous_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "ada.ipynb").open("wb") as file:
        file.truncate(40 * 2**20)
    assert "40 MiB" in _one(tmp_path).problem


@pytest.mark.parametrize("make", [True, False])
def test_nothing_to_grade_is_said(tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "downloads"
    if make:
        folder.mkdir()
    with pytest.raises(CollectError, match="expected"):
        collect(folder, LESSON)


def test_roster_needs_its_columns(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="expected id, name"):
        read_roster(_put(tmp_path, "roster.csv", "number,name\n1,Ada\n"))


def test_roster_refuses_an_id_that_stands_there_twice(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="'1'"):
        read_roster(_put(tmp_path, "roster.csv", "id,name\n1,Ada\n1,Bob\n"))


def test_equal_files_are_reported(tmp_path: Path) -> None:
    for name in ("ada", "bob", "eve"):
        _put(tmp_path, f"{name}.ipynb", _book("x" if name == "eve" else "same"))
    assert list(duplicates(collect(tmp_path, LESSON))) == [("ada", "bob")]
