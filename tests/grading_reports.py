"""What the grader's tests ask of a workshop and of its reports."""

from tests.grading_books import solved
from tools.grading.jobs import Job, Report
from tools.grading.limits import MEBIBYTE, Limits
from tools.grading.workshop import Workshop

LIMITS = Limits(
    seconds=20,
    cell_seconds=1.5,
    memory=512 * MEBIBYTE,
    file_size=8 * MEBIBYTE,
    processes=12,
)
ALL = {"check_slide_kernel", "check_first_row", "check_output_size"}


def grade(
    workshop: Workshop, text: str, limits: Limits = LIMITS, isolation: str = ""
) -> Report:
    """Grade the text of a notebook, by strict limits."""
    return workshop.grade(Job(text, limits=limits, isolation=isolation))


def right(report: Report) -> set[str]:
    """The checks that were passed."""
    return {mark.check for mark in report.marks if mark.earned}


def told(
    workshop: Workshop, expression: str, before: str = "", isolation: str = ""
) -> str:
    """What an expression gives inside, told by a wrong answer or an error's text."""
    answer = f"{before}\nfirst_row = {expression}"
    report = grade(workshop, solved(row=answer), isolation=isolation)
    return report.marks[1].message + "; ".join(report.errors)
