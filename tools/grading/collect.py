"""Finds the submissions in a folder, whether from Moodle, Git or e-mail.

Nothing is opened that is a link, and nothing is run: a submission is a name and the
text of one notebook, or the reason why there is none.
"""

from __future__ import annotations

import csv
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tools.grading.plan import code_cells

LARGEST = 32 * 2**20  # bytes of a notebook; figures make them large, but not this large
_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(file|onlinetext)_?")
_SKIPPED = {".git", ".ipynb_checkpoints", "solutions", ".venv", "__MACOSX"}


class CollectError(Exception):
    """The folder itself cannot be used; the message says what was expected."""


@dataclass(frozen=True)
class Student:
    """A line of the roster.

    Attributes:
        id: What the university knows the student by.
        name: The name as Moodle writes it.
    """

    id: str
    name: str


@dataclass(frozen=True)
class Submission:
    """One student's notebook.

    Attributes:
        student: The student's id, or what the file's name says in its place.
        name: The student's name, as far as known.
        path: Where it was found, relative to the folder; empty if nowhere.
        text: The notebook, unless there is a problem.
        problem: Why there is nothing to grade.
        note: What the teacher should know about how it was chosen.
    """

    student: str
    name: str
    path: str
    text: str = ""
    problem: str = ""
    note: str = ""


def read_roster(path: Path) -> list[Student]:
    """Read a roster: a CSV file with the columns id and name.

    Raises:
        CollectError: If a column is missing or an id stands there twice.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    columns = set(rows[0]) if rows else set()
    if not {"id", "name"} <= columns:
        raise CollectError(
            f"{path}: found columns {sorted(columns)}; expected id, name"
        )
    students = [Student(row["id"].strip(), row["name"].strip()) for row in rows]
    ids = [student.id for student in students]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise CollectError(f"{path}: more than one student has the id {twice[0]!r}")
    return students


def collect(
    folder: Path, lesson: str, roster: Sequence[Student] = ()
) -> list[Submission]:
    """Return one submission for each student, in order of their ids.

    Args:
        folder: What was downloaded: Moodle's folders, clones, or files.
        lesson: Name of the lesson, by which its notebook is found among others.
        roster: The students; those of whom nothing was found are listed as missing.

    Raises:
        CollectError: If the folder does not exist or holds nothing.
    """
    if not folder.is_dir():
        raise CollectError(
            f"{folder} is no folder; expected the downloaded submissions"
        )
    found: dict[str, Submission] = {}
    entries = sorted(e for e in folder.iterdir() if not e.name.startswith("."))
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            submission = _from_folder(entry, folder, lesson, roster)
        elif entry.suffix == ".ipynb":
            owner = _owner(_without_lesson(_printable(entry.stem), lesson), roster)
            submission = _read(entry, folder, owner)
        else:
            continue
        found[submission.student] = _better(found.get(submission.student), submission)
    if not found:
        raise CollectError(
            f"{folder} holds no submission; expected folders such as "
            "Name_12345_assignsubmission_file_, clones, or .ipynb files"
        )
    for student in roster:
        if student.id not in found:
            text = "No notebook was handed in"
            found[student.id] = Submission(student.id, student.name, "", problem=text)
    return [found[student] for student in sorted(found)]


def _from_folder(
    entry: Path, folder: Path, lesson: str, roster: Sequence[Student]
) -> Submission:
    shown = _printable(entry.name)
    moodle = _MOODLE.fullmatch(shown)
    name = moodle["name"] if moodle else shown
    owner = _owner(name, roster)
    if moodle and not any(owner.id == student.id for student in roster):
        owner = Student(moodle["id"], name)
    books = notebooks_below(entry)
    if not books:
        text = f"There is no notebook in {shown}"
        return Submission(owner.id, owner.name, "", problem=text)
    named = [path for path in books if path.stem.startswith(lesson)]
    in_my_work = [path for path in named if "my_work" in path.parts]
    chosen = (in_my_work or named or books)[-1]
    submission = _read(chosen, folder, owner)
    others = len(in_my_work or named or books) - 1
    note = f"one of {others + 1} notebooks" if others else ""
    return replace(submission, note=note)


def notebooks_below(folder: Path) -> list[Path]:
    """The notebooks below a folder, the latest last; links are not followed."""
    found = []
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(set(folders) - _SKIPPED)
        found += [Path(place) / name for name in files if name.endswith(".ipynb")]
    return sorted(found, key=lambda path: (path.lstat().st_mtime, path.as_posix()))


def read_text(path: Path) -> str:
    """Read a file that a stranger made: nothing but a file, and no giant.

    Raises:
        OSError: If it cannot be opened; a link cannot.
        ValueError: If it is no ordinary file, too large, or no text in UTF-8.
    """
    # O_NONBLOCK: a pipe without a writer would hold us up
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("it is no ordinary file")
        if facts.st_size > LARGEST:
            raise ValueError(f"it has {facts.st_size >> 20} MiB")
        return file.read(LARGEST).decode("utf-8-sig")


def _read(path: Path, folder: Path, owner: Student) -> Submission:
    shown = _printable(path.relative_to(folder).as_posix())
    nothing = Submission(owner.id, owner.name, shown)
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        reason = "it is a link" if path.is_symlink() else str(error)
        return replace(nothing, problem=f"The file cannot be read: {reason}"[:300])
    try:
        code_cells(json.loads(text))
    except (ValueError, RecursionError) as error:
        return replace(nothing, problem=f"It is no notebook: {error}"[:300])
    return replace(nothing, text=text)


def _owner(name: str, roster: Iterable[Student]) -> Student:
    """The student of the roster whom a file's name means, or the name itself."""
    wanted = _plain(name)
    for student in roster:
        if wanted in (_plain(student.id), _plain(student.name)):
            return student
    words = set(re.split(r"[\s_@()]+", name))
    for student in roster:
        if student.id in words:
            return student
    return Student(name, name)


def _printable(name: str) -> str:
    """A file name without the bytes that are no UTF-8, as old archives hold them."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip().casefold()


def _without_lesson(stem: str, lesson: str) -> str:
    """The part of a file's name that is not the lesson's: the student's."""
    rest = re.sub(rf"[\s_.-]*{re.escape(lesson)}[\s_.-]*", "", stem)
    return rest or stem


def _better(before: Submission | None, after: Submission) -> Submission:
    if before is None:
        return after
    chosen = before if after.problem and not before.problem else after
    other = after if chosen is before else before
    return replace(chosen, note=f"chosen before {other.path or 'a folder'}")


def duplicates(submissions: Iterable[Submission]) -> Iterator[tuple[str, ...]]:
    """Yield the ids of students whose files are the same, character by character."""
    by_content: dict[str, list[str]] = {}
    for submission in submissions:
        if submission.text:
            by_content.setdefault(submission.text, []).append(submission.student)
    yield from (tuple(ids) for ids in by_content.values() if len(ids) > 1)
