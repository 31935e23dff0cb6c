"""Submissions per minute: the grader against nbgrader, on the same submissions.

Both grade in this run, one after the other; each starts from nothing, and the time that
either needs to start counts. Hostile submissions are tame ones, since nbgrader has no
wall around them. Then the points are compared, exercise by exercise: the script fails
if any submission that both could grade is graded differently.

Run: ``python -m tools.bench.grading [--count 50] [--workers 2]``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.benchmarking.ratio import Ratio
from tools.building.project import ROOT, Lesson, Project, kernel_environment
from tools.grading.assignment import make_assignment, nbgrader
from tools.grading.collect import Submission, collect, read_roster
from tools.grading.grading import Settings, grade_folder
from tools.grading.limits import Limits
from tools.grading.sample_submissions import NUMBER, write_samples
from tools.notebook import read

Points = dict[str, dict[str, float]]
_FEW = 16  # two of each kind: all benchmarks together are to take minutes
_CELL_SECONDS = 30  # nbgrader's own limit, and ours


@dataclass(frozen=True)
class Comparison:
    """What both made of the same submissions.

    Attributes:
        count: How many submissions there were.
        seconds: What each needed for all of them, by name.
        alike: How many both gave the same points in every exercise.
        different: One line for each that they graded differently.
        ungraded: Those that nbgrader gave no points to.
    """

    count: int
    seconds: dict[str, float]
    alike: int
    different: list[str]
    ungraded: list[str]

    @property
    def ratio(self) -> float:
        """How many times as many submissions a minute our grader grades."""
        return self.seconds["nbgrader autograde"] / self.seconds["make grade"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, compare and print; 1 if anything was graded differently."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=50, help="submissions")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    found = compare(options.count, options.workers)
    print(
        f"submissions per minute, n = {found.count} submissions of lesson {NUMBER}, "
        f"one run, {os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    )
    for name, seconds in found.seconds.items():
        print(f"  {name:20}{60 * found.count / seconds:8.1f}")
    print(f"  {'ratio':20}{found.ratio:8.1f}")
    print(f"  graded alike: {found.alike}; differently: {len(found.different)}")
    for line in found.different:
        print(f"    {line}")
    print(f"  without points from nbgrader: {', '.join(found.ungraded) or 'none'}")
    return 1 if found.different else 0


def measure(quick: bool = False) -> Iterator[Ratio]:
    """Compare our grader with nbgrader, on fewer submissions than by default.

    Raises:
        RuntimeError: If any was graded differently; the ratio is given before.
    """
    found = compare(4 if quick else _FEW, os.cpu_count() or 1)
    seconds = {name: [value] for name, value in found.seconds.items()}
    yield Ratio.of_seconds("make grade", "nbgrader autograde", seconds)
    if found.different:
        first = found.different[0]
        raise RuntimeError(f"{len(found.different)} graded differently; {first}")


def compare(count: int, workers: int) -> Comparison:
    """Have both grade ``count`` made submissions."""
    project = Project.load()
    (lesson,) = project.lessons([NUMBER])
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as name:
        folder = Path(name)
        write_samples(project, folder / "submissions", count, tame=True)
        roster = tuple(read_roster(folder / "submissions" / "roster.csv"))
        settings = Settings(
            submissions=folder / "submissions",
            course=folder / "course",
            roster=roster,
            limits=Limits(cell_seconds=_CELL_SECONDS),
            workers=workers,
        )
        make_assignment(project, lesson, settings.course)
        begin = time.perf_counter()
        ours = _ours(project, lesson, settings)
        our_seconds = time.perf_counter() - begin
        readable = collect(settings.submissions, lesson.name, roster)
        readable = [submission for submission in readable if not submission.problem]
        hand_in(settings.course, lesson.name, readable)
        begin = time.perf_counter()
        _autograde(settings.course, lesson.name)
        their_seconds = time.perf_counter() - begin
        theirs = _gradebook(settings.course, lesson.name)
    both = [student for student in ours if theirs.get(student)]
    different = [s for s in both if ours[s] != theirs[s]]
    return Comparison(
        count=count,
        seconds={"make grade": our_seconds, "nbgrader autograde": their_seconds},
        alike=len(both) - len(different),
        different=[_difference(s, ours[s], theirs[s]) for s in different],
        ungraded=[student for student in ours if not theirs.get(student)],
    )


def _ours(project: Project, lesson: Lesson, settings: Settings) -> Points:
    all_graded = grade_folder(project, lesson, settings, say=lambda text: None)
    return {
        graded.submission.student: {m.check: m.earned for m in graded.report.marks}
        for graded in all_graded
        if not graded.submission.problem
    }


def hand_in(course: Path, lesson: str, submissions: Sequence[Submission]) -> None:
    """Put submissions where nbgrader looks for them, marked as its release is."""
    release = course / "release" / lesson / f"{lesson}.ipynb"
    marks = {cell.id: cell.metadata.get("nbgrader") for cell in read(release).cells}
    for submission in submissions:
        book = json.loads(submission.text)
        for cell in book["cells"]:
            if marks.get(cell["id"]):
                cell["metadata"]["nbgrader"] = marks[cell["id"]]
        path = course / "submitted" / submission.student / lesson
        path.mkdir(parents=True)
        (path / f"{lesson}.ipynb").write_text(json.dumps(book), "utf-8")


def _autograde(course: Path, lesson: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        environment = kernel_environment(ROOT, Path(scratch))
        # it exits with 1 if only one submission cannot be graded
        nbgrader(course, "autograde", lesson, "--create", environment=environment)


def _gradebook(course: Path, lesson: str) -> Points:
    from nbgrader.api import Gradebook

    points: Points = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cnn-workbook") as book:
        for submission in book.assignment_submissions(lesson):
            for notebook in submission.notebooks:
                points[submission.student.id] = {
                    grade.name: grade.auto_score or 0
                    for grade in notebook.grades
                    if grade.max_score
                }
    return points


def _difference(student: str, ours: dict[str, float], theirs: dict[str, float]) -> str:
    checks = [check for check in ours if ours[check] != theirs.get(check, 0)]
    values = (f"{check} {ours[check]}, not {theirs.get(check, 0)}" for check in checks)
    return f"{student}: {'; '.join(values)}"


if __name__ == "__main__":
    sys.exit(main())
