"""The instructor's commands: ``assignment``, ``grade`` and ``samples``.

``python -m tools.grading assignment 02`` makes a release,
``python -m tools.grading grade downloads/`` grades what came back, and
``python -m tools.grading samples somewhere/`` makes something to try it on.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.building.project import BuildError, Project
from tools.grading import grading, sample_submissions
from tools.grading.assignment import AssignmentError, make_assignment
from tools.grading.cluster import ClusterError
from tools.grading.collect import CollectError, Student, read_roster
from tools.grading.limits import MEBIBYTE, Limits

_EXPECTED = (BuildError, CollectError, ClusterError, AssignmentError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        project = Project.load()
        code: int = options.command(project, options)
    except _EXPECTED as error:
        print(error, file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--course", type=Path, default=Path("course"), help="secret, releases, results"
    )
    commands = parser.add_subparsers(required=True)
    release = commands.add_parser("assignment", help="make a release of a lesson")
    release.add_argument("lesson", help="its number, such as 02")
    release.add_argument(
        "--roster", type=Path, help="CSV with id and name: everyone gets own numbers"
    )
    release.set_defaults(command=_assignment)
    grade = commands.add_parser("grade", help="grade collected submissions")
    grade.add_argument("submissions", type=Path, help="the downloaded folder")
    grade.add_argument("--lesson", default="", help="its number; found out if left out")
    grade.add_argument("--roster", type=Path, help="CSV with id and name")
    grade.add_argument(
        "--scheduler", default="", help="a Dask cluster: tcp://host:8786"
    )
    grade.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    grade.add_argument("--whole", action="store_true", help="run all cells, ours too")
    grade.add_argument("--seconds", type=float, default=120.0, help="for a submission")
    grade.add_argument("--cell-seconds", type=float, default=30.0, help="for a cell")
    grade.add_argument("--memory", type=int, default=2048, help="MiB for a submission")
    grade.set_defaults(command=_grade)
    samples = commands.add_parser("samples", help="make submissions to try it on")
    samples.add_argument("folder", type=Path)
    samples.add_argument("--count", type=int, default=50)
    samples.set_defaults(command=_samples)
    return parser


def _assignment(project: Project, options: argparse.Namespace) -> int:
    (lesson,) = project.lessons([options.lesson])
    roster = _roster(options)
    paths = make_assignment(project, lesson, options.course, roster)
    print(f"For students: {paths[0]}")
    if roster:
        print(
            f"With own numbers: {len(roster)} notebooks in {options.course}/personal/"
        )
        print(f"Answer sheet: {options.course}/answers_{lesson.number}.csv")
    return 0


def _grade(project: Project, options: argparse.Namespace) -> int:
    number = options.lesson or grading.lesson_of(options.submissions)
    (lesson,) = project.lessons([number])
    settings = grading.Settings(
        submissions=options.submissions,
        course=options.course,
        roster=tuple(_roster(options)),
        limits=Limits(
            seconds=options.seconds,
            cell_seconds=options.cell_seconds,
            memory=options.memory * MEBIBYTE,
        ),
        whole=options.whole,
        scheduler=options.scheduler,
        workers=options.workers,
    )
    begin = time.perf_counter()
    all_graded = grading.grade_folder(project, lesson, settings)
    counts = Counter(graded.status for graded in all_graded)
    words = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    print(f"{words}, in {time.perf_counter() - begin:.0f} s.")
    print(f"Results: {options.course / 'results' / lesson.name}/class_report.html")
    return 0


def _samples(project: Project, options: argparse.Namespace) -> int:
    made = sample_submissions.write_samples(project, options.folder, options.count)
    kinds = Counter(sample.kind for sample in made.values())
    print(", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    return 0


def _roster(options: argparse.Namespace) -> list[Student]:
    path = options.roster or options.course / "roster.csv"
    if options.roster or path.exists():
        return read_roster(path)
    return []


if __name__ == "__main__":
    sys.exit(main())
