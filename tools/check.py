"""Prove the workbook: ``python -m tools.check`` all of it, ``... 02`` one lesson.

Every step runs, whatever happened to the others; all are reported, in a table and in
``build/report/index.html``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tools.building.project import BuildError, Project
from tools.checks.notebooks import Limits
from tools.checks.pages import write_pages
from tools.checks.report import lesson_reports, summary, write_report
from tools.checks.result import StepResult, timed
from tools.checks.steps import Check


def check(project: Project, numbers: Sequence[str], limits: Limits) -> int:
    """Carry out all steps, print what failed and the table, and write the report."""
    begin = time.perf_counter()
    this = Check(project, project.lessons(numbers), limits, whole=not numbers)
    steps = this.run()
    path = project.root / "build" / "report" / "index.html"

    def pages() -> StepResult:
        write_pages(this.lessons, path.parent)
        return StepResult("pages", "passed", f"{2 * len(this.lessons)} pages")

    steps.append(timed("pages", pages))
    seconds = time.perf_counter() - begin
    write_report(path, steps, lesson_reports(this.lessons, this.runs), seconds=seconds)
    for step in steps:
        for message in step.messages:
            print(f"\n[{step.name}] {message}")
    print(f"\n{table(steps)}\n\nReport: {path.relative_to(project.root).as_posix()}")
    print(f"{summary(steps)} ({seconds:.0f} s)")
    return 1 if any(step.status == "failed" for step in steps) else 0


def table(steps: Sequence[StepResult]) -> str:
    """Lay out the results in columns."""
    rows = [("step", "result", "time", "detail")]
    rows += [(s.name, s.status, f"{s.seconds:.1f} s", s.detail) for s in steps]
    a, b, c = (max(len(row[i]) for row in rows) for i in range(3))
    lines = [f"{row[0]:<{a}}  {row[1]:<{b}}  {row[2]:>{c}}  {row[3]}" for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Prove what the workbook prints.")
    parser.add_argument("lesson", nargs="*", help="numbers, such as 02 (default: all)")
    for what, seconds in (("cell", Limits.cell), ("notebook", Limits.notebook)):
        parser.add_argument(
            f"--{what}-timeout",
            type=float,
            default=seconds,
            help=f"seconds for one {what} (default: {seconds:g})",
        )
    options = parser.parse_args(arguments)
    limits = Limits(options.cell_timeout, options.notebook_timeout)
    try:
        return check(Project.load(), options.lesson, limits)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
