"""Grades a folder of submissions, going on where an earlier run stopped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tools.building.project import Lesson, Project
from tools.grading import cluster, journal
from tools.grading.assignment import personal_path
from tools.grading.class_report import write_class_report
from tools.grading.collect import (
    CollectError,
    Student,
    Submission,
    collect,
    notebooks_below,
    read_text,
)
from tools.grading.jobs import Job, Report, from_dict, not_graded
from tools.grading.limits import Limits
from tools.grading.outline import Outline, read_outline, version
from tools.grading.results import Graded, write_feedback, write_table
from tools.grading.seeds import course_secret, hidden_seeds, own_seeds

_IMPORT = re.compile(r"course_utils\.checks import lesson(\d\d)")


@dataclass(frozen=True)
class Settings:
    """How a folder is graded.

    Attributes:
        submissions: What was downloaded.
        course: Folder of the course: its secret, and where results go.
        roster: The students, if known.
        limits: What a submission may use.
        whole: Run all cells, needed or not.
        scheduler: Address of a Dask cluster; empty for this machine.
        workers: Processes on this machine.
    """

    submissions: Path
    course: Path
    roster: tuple[Student, ...] = ()
    limits: Limits = field(default_factory=Limits)
    whole: bool = False
    scheduler: str = ""
    workers: int = 2


def grade_folder(
    project: Project,
    lesson: Lesson,
    settings: Settings,
    say: Callable[[str], None] = print,
) -> list[Graded]:
    """Grade all submissions of a lesson and write the results.

    Results go to ``course/results/<lesson>/``: grades.csv, class_report.html and a page
    for each student in feedback/.

    Raises:
        CollectError: If there is nothing to grade.
        ClusterError: If the Dask cluster cannot be used.
    """
    outline = read_outline(project, lesson)
    found = collect(settings.submissions, lesson.name, settings.roster)
    folder = settings.course / "results" / lesson.name
    book = journal.Journal(folder / "journal.jsonl")
    jobs, keys = _jobs(outline, found, settings)
    todo = {key: job for key, job in jobs.items() if key not in book.done}
    say(f"{len(found)} submissions, {len(jobs) - len(todo)} graded already.")
    reports = _run(outline, todo, book, settings, say)
    reports |= {key: from_dict(report) for key, report in book.done.items()}
    all_graded = []
    for submission in found:
        key = keys.get(submission.student, "")
        report = reports.get(key) or not_graded(outline, submission.problem)
        all_graded.append(Graded(submission, report))
    _write(folder, outline, all_graded)
    return all_graded


def _jobs(
    outline: Outline, found: Sequence[Submission], settings: Settings
) -> tuple[dict[str, Job], dict[str, str]]:
    """Return jobs by key, and the key of each student who handed in something."""
    secret = course_secret(settings.course)
    hidden = hidden_seeds(secret, outline)
    grader = version() + outline.to_json()
    jobs, keys = {}, {}
    for submission in found:
        if submission.problem:
            continue
        own = {}
        if personal_path(settings.course, outline.lesson, submission.student).exists():
            own = own_seeds(secret, outline, submission.student)
        job = Job(submission.text, hidden, own, settings.limits, settings.whole)
        key = journal.key(grader, submission.student, job.to_json())
        jobs[key] = job
        keys[submission.student] = key
    return jobs, keys


def _run(
    outline: Outline,
    todo: dict[str, Job],
    book: journal.Journal,
    settings: Settings,
    say: Callable[[str], None],
) -> dict[str, Report]:
    """Grade what is left, note what is final, and return the reports."""
    if not todo:
        return {}
    workers = min(settings.workers, len(todo))
    events = cluster.run(outline, todo, scheduler=settings.scheduler, workers=workers)
    reports = {}
    for key, report in events:
        reports[key] = report
        say(f"{len(reports)} of {len(todo)}: {report.problem or 'graded'}")
        if report.final:
            book.finish(key, asdict(report))
    return reports


def _write(folder: Path, outline: Outline, all_graded: Sequence[Graded]) -> None:
    write_table(folder / "grades.csv", outline, all_graded)
    write_class_report(folder / "class_report.html", outline, all_graded)
    for graded in all_graded:
        write_feedback(folder / "feedback", outline, graded)


def lesson_of(folder: Path) -> str:
    """Tell from the notebooks in a folder which lesson they answer.

    Raises:
        CollectError: If they do not agree, as in clones of the whole workbook.
    """
    votes: Counter[str] = Counter()
    for path in notebooks_below(folder):
        with suppress(OSError, ValueError):  # what cannot be read has no vote
            votes.update(set(_IMPORT.findall(read_text(path))))
    (first, count), *others = [*votes.most_common(2), ("", 0), ("", 0)][:2]
    if not count or others[0][1] == count:
        raise CollectError(
            f"{folder}: its notebooks belong to {len(votes)} lessons; say which one is "
            "to be graded, as in `make grade LESSON=02 SUBMISSIONS=...`"
        )
    return first
