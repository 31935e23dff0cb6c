"""A job for the grader, and the report that comes back: plain data, without PyTorch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course_utils.checks.result import CheckResult, Verdict
from tools.grading.limits import Limits
from tools.grading.outline import Outline

_LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Job:
    """What is to be graded: a notebook's text, and the seeds of its student.

    Attributes:
        text: The notebook file.
        hidden: Seed of the hidden random cases, by check.
        own: Seed of the student's own numbers, by check, where there are any.
        limits: What it may use.
        whole: Run our own cells as well, needed or not.
        isolation: A kind from `tools.grading.confine`; the firmest there is if empty.
    """

    text: str
    hidden: dict[str, int] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    whole: bool = False
    isolation: str = ""

    def to_json(self) -> str:
        """The job as text, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        return cls(**(fields | {"limits": Limits(**fields["limits"])}))


@dataclass(frozen=True)
class Marked:
    """The verdict on one exercise, and what it earned."""

    check: str
    title: str
    verdict: str
    message: str
    hint: str
    mistake: str
    points: int
    earned: int


@dataclass
class Report:
    """What the referee found.

    Attributes:
        marks: One for each exercise.
        problem: Why the submission could not be run to its end; empty if it was.
        errors: One sentence a cell that raised.
        isolation: How it was kept from the rest of the machine.
        whole: Whether all cells were run.
        final: Whether grading it again would give the same; not if a worker was lost.
    """

    marks: list[Marked] = field(default_factory=list)
    problem: str = ""
    errors: list[str] = field(default_factory=list)
    isolation: str = ""
    whole: bool = False
    final: bool = True


def not_graded(outline: Outline, problem: str) -> Report:
    """The report of a submission that could not even be begun."""
    report = Report(problem=problem)
    checks = [task.check for task in outline.tasks]
    report.marks = [unmarked(outline, check, report) for check in checks]
    return report


def marked(outline: Outline, check: str, result: CheckResult) -> Marked:
    """Turn a verdict into points."""
    task = next(task for task in outline.tasks if task.check == check)
    return Marked(
        check=check,
        title=result.exercise,
        verdict=result.verdict.value,
        message=result.message[:_LONGEST_TEXT],
        hint=result.hint,
        mistake=result.mistake,
        points=task.points,
        earned=task.points if result.passed else 0,
    )


def unmarked(outline: Outline, check: str, report: Report) -> Marked:
    """The mark of an exercise that was not reached."""
    task = next(task for task in outline.tasks if task.check == check)
    text = f"Not reached. {report.problem}.".replace("..", ".")
    result = CheckResult(Verdict.NOT_ATTEMPTED, task.title, text)
    return marked(outline, check, result)


def write(report: Report, path: Path) -> None:
    """Write a report so that it is there as a whole or not at all."""
    unfinished = path.with_suffix(".tmp")
    text = json.dumps(asdict(report), ensure_ascii=False)
    # a student's error may hold half a character, which no page could be written with
    unfinished.write_text(text, "utf-8", errors="replace")
    unfinished.replace(path)


def read(path: Path) -> Report:
    """Read what `write` wrote."""
    return from_dict(json.loads(path.read_text("utf-8")))


def from_dict(data: dict[str, Any]) -> Report:
    """Make a report of its fields."""
    marks = [Marked(**mark) for mark in data["marks"]]
    return Report(**(data | {"marks": marks}))
