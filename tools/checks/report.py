"""Writes ``build/report/index.html``: what was proven, for a person to read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from nbformat import NotebookNode

from tools.building.project import VERSIONS, Lesson
from tools.checks.exercises import exercises
from tools.checks.pages import page_name
from tools.checks.result import NotebookRun, StepResult
from tools.notebook import read

_MARKS = {"passed": "✓ passed", "failed": "✗ failed", "skipped": "– skipped"}
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --bad: #ffb4ab; } }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; background: Canvas; color: CanvasText; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding-bottom: .6rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0;
  border-bottom: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.failed, .failed a { color: var(--bad); font-weight: 600; } .table { overflow-x: auto; }
td.status { white-space: nowrap; }
pre { background: var(--soft); border-left: .25rem solid var(--bad); padding: .8rem;
  overflow-x: auto; white-space: pre-wrap; }
"""


@dataclass
class LessonReport:
    """What is told of one lesson."""

    lesson: Lesson
    exercises: int = 0
    cells: int = 0
    runs: list[NotebookRun] = field(default_factory=list)


def lesson_reports(
    lessons: Sequence[Lesson], runs: Mapping[str, list[NotebookRun]]
) -> list[LessonReport]:
    """Count what each lesson holds."""
    reports = []
    for lesson in lessons:
        books = list(_stored(lesson))
        found = {name for book in books for name in exercises(book)}
        cells = max((_code_cells(book) for book in books), default=0)
        told = runs.get(lesson.name, [])
        reports.append(LessonReport(lesson, len(found), cells, told))
    return reports


def write_report(
    path: Path,
    steps: Sequence[StepResult],
    lessons: Sequence[LessonReport],
    *,
    seconds: float,
) -> None:
    """Write the page, in one file without scripts."""
    when = time.strftime("%d %B %Y at %H:%M").lstrip("0")
    body = [
        f"<h1>{escape(_verdict(steps))}</h1>",
        f"<p>{escape(summary(steps))}, in {seconds:.0f} s, on {escape(when)}.</p>",
        _lesson_table(lessons),
        _step_table(steps),
        _failures(steps),
        _excuses(lessons),
    ]
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(_verdict(steps))}</title>\n<style>{_STYLE}</style>\n</head>\n"
        "<body>\n<main>\n" + "\n".join(body) + "\n</main>\n</body>\n</html>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, "utf-8")


def summary(steps: Sequence[StepResult]) -> str:
    """Say how many steps passed, failed and were skipped."""
    count = dict.fromkeys(_MARKS, 0)
    for step in steps:
        count[step.status] += 1
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    return f"{count['passed']} passed, {count['failed']} failed{skipped}"


def _code_cells(notebook: NotebookNode) -> int:
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def _stored(lesson: Lesson) -> Iterator[NotebookNode]:
    for path in map(lesson.notebook, VERSIONS):
        # a damaged notebook is reported by the freshness check
        with suppress(FileNotFoundError, ValueError):
            yield read(path)


def _verdict(steps: Sequence[StepResult]) -> str:
    failed = [step.name for step in steps if step.status == "failed"]
    if failed:
        return f"The workbook does not hold: {', '.join(failed)}"
    return "The workbook holds what it prints"


def _lesson_table(lessons: Sequence[LessonReport]) -> str:
    rows = []
    for report in lessons:
        proven = sum(run.proven for run in report.runs)
        excused = sum(len(run.excused) for run in report.runs)
        pages = []
        for version in VERSIONS:
            path = report.lesson.notebook(version)
            if path.exists():
                link = escape(page_name(report.lesson, path))
                pages.append(f'<a href="{link}">{version} {report.lesson.number}</a>')
        numbers = [report.exercises, report.cells, proven, excused]
        seconds = f"{sum(run.seconds for run in report.runs):.1f} s"
        rows.append(
            f'<tr><th scope="row">{escape(report.lesson.name)}</th>'
            + "".join(_number(value) for value in [*map(str, numbers), seconds])
            + f"<td>{', '.join(pages)}</td></tr>"
        )
    head = ["Lesson", "Exercises", "Cells", "Proven", "Excused", "Time", "Pages"]
    caption = (
        "A cell is proven when it was executed again and gave exactly the stored "
        "output. That is done with the worked notebook; the student's shows the same "
        "but for its exercises, and is run with another seed."
    )
    return "<h2>Lessons</h2>\n" + _table(caption, head, rows, numeric=range(1, 6))


def _step_table(steps: Sequence[StepResult]) -> str:
    rows = [
        f'<tr><th scope="row">{escape(step.name)}</th>'
        f'<td class="status {step.status}">{_MARKS[step.status]}</td>'
        f"{_number(f'{step.seconds:.1f} s')}<td>{escape(step.detail)}</td></tr>"
        for step in steps
    ]
    caption = "Cheapest first; some run side by side."
    head = ["Step", "Result", "Time", "Detail"]
    return "<h2>Steps</h2>\n" + _table(caption, head, rows, numeric=[2])


def _failures(steps: Sequence[StepResult]) -> str:
    parts = []
    for step in steps:
        if step.messages:
            parts.append(f"<h3>{escape(step.name)}</h3>")
            parts += [f"<pre>{escape(message)}</pre>" for message in step.messages]
    return "\n".join(["<h2>What to mend</h2>", *parts]) if parts else ""


def _excuses(lessons: Sequence[LessonReport]) -> str:
    rows = [
        f'<tr><th scope="row">{escape(run.notebook)}</th>'
        f"<td>{escape(place)}</td><td>{escape(reason)}</td></tr>"
        for report in lessons
        for run in report.runs
        for place, reason in run.excused
    ]
    if not rows:
        return ""
    caption = "Cells that must run but may give another output, and why."
    return "<h2>Excused cells</h2>\n" + _table(
        caption, ["Notebook", "Cell", "Reason"], rows
    )


def _table(
    caption: str, head: Sequence[str], rows: Sequence[str], numeric: Iterable[int] = ()
) -> str:
    right = set(numeric)
    cells = [
        f'<th scope="col"{" class=number" if i in right else ""}>{name}</th>'
        for i, name in enumerate(head)
    ]
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{head[0]} table">'
        f"<table>\n<caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{''.join(cells)}</tr></thead>\n"
        "<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table></div>"
    )


def _number(value: str) -> str:
    return f'<td class="number">{escape(value)}</td>'
