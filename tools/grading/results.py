"""What comes back: a table for the gradebook and one page for each student."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from course_utils.checks.result import CheckResult, Verdict
from tools.grading.collect import Submission
from tools.grading.jobs import Report
from tools.grading.outline import Outline

STYLE = """
:root { color-scheme: light dark; --line: #8886; }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto;
  padding: 0 1rem; background: Canvas; color: CanvasText; }
h1 { line-height: 1.2; } h2 { margin-top: 2rem; font-size: 1.15rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0;
  border-bottom: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.table { overflow-x: auto; } .table td:last-child { min-width: 16rem; }
code { overflow-wrap: anywhere; }
"""


@dataclass(frozen=True)
class Graded:
    """A submission with what the referee found."""

    submission: Submission
    report: Report

    @property
    def earned(self) -> int:
        """Points in all."""
        return sum(mark.earned for mark in self.report.marks)

    @property
    def status(self) -> str:
        """One word for the gradebook: graded, or what a person has to look at."""
        if self.submission.path == "":
            return "missing"
        if self.submission.problem:
            return "unreadable"
        return "stopped" if self.report.problem else "graded"


def write_table(path: Path, outline: Outline, all_graded: Iterable[Graded]) -> None:
    """Write one line a student: the sum first, then every exercise."""
    numbers = [task.title.split(" ")[0] for task in outline.tasks]
    head = ["id", "name", "lesson", "points", "of", "status", "file", *numbers]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for graded in all_graded:
            student = graded.submission
            row = [student.student, student.name, outline.lesson, graded.earned]
            row += [outline.points, graded.status, student.path]
            row += [mark.earned for mark in graded.report.marks]
            writer.writerow([_harmless(cell) for cell in row])


def write_feedback(folder: Path, outline: Outline, graded: Graded) -> Path:
    """Write the page of one student and return where it is."""
    submission, report = graded.submission, graded.report
    title = f"Lesson {outline.lesson[:2]}: {graded.earned} of {outline.points} points"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>For {escape(submission.name)}.</p>"]
    if report.problem:
        parts.append(
            f"<p><strong>Your notebook could not be run to its end.</strong> "
            f"{escape(report.problem)}. Ask your teacher to look at it.</p>"
        )
    for mark in report.marks:
        points = f"{mark.earned} of {mark.points} points"
        box = CheckResult(Verdict(mark.verdict), points, mark.message, mark.hint)
        parts += [f"<h2>{escape(mark.title)}</h2>", box._repr_html_()]
    if report.errors:
        parts.append("<h2>Cells that raised an error</h2>\n<ul>")
        parts += [f"<li><code>{escape(error)}</code></li>" for error in report.errors]
        parts.append("</ul>")
    path = folder / f"{file_name(submission.student)}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(title, parts), "utf-8")
    return path


def page(title: str, parts: Sequence[str]) -> str:
    """One page without scripts, in one file."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        "<body>\n<main>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def file_name(student: str) -> str:
    """A file name that is the student's alone, whatever the id holds."""
    plain = re.sub(r"[^A-Za-z0-9.@-]+", "_", student).strip("._")[:60]
    if plain == student:
        return plain
    return f"{plain}-{hashlib.sha256(student.encode()).hexdigest()[:8]}"


def _harmless(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    text = cell if isinstance(cell, str) else ""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
