"""What a class has understood: verdicts and known mistakes, exercise by exercise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median

from course_utils.checks.result import Verdict, in_html
from tools.grading.collect import duplicates
from tools.grading.confine import GUARANTEES, Isolation
from tools.grading.jobs import Marked
from tools.grading.outline import Outline
from tools.grading.results import Graded, page


@dataclass(frozen=True)
class Summary:
    """One exercise over the whole class.

    Attributes:
        title: Number and name.
        verdicts: How many answers got which verdict.
        mistakes: How many answers showed which known mistake, most first.
        hints: The hint of each of them.
    """

    title: str
    verdicts: Counter[str]
    mistakes: list[tuple[str, int]]
    hints: dict[str, str]


def summaries(outline: Outline, all_graded: Sequence[Graded]) -> list[Summary]:
    """Count verdicts and mistakes of those submissions that could be read."""
    found = []
    for task in outline.tasks:
        marks = [
            mark
            for graded in all_graded
            if graded.status in ("graded", "stopped")
            for mark in graded.report.marks
            if mark.check == task.check
        ]
        found.append(_summary(task.title, marks))
    return found


def _summary(title: str, marks: Sequence[Marked]) -> Summary:
    mistakes = Counter(mark.mistake for mark in marks if mark.mistake)
    hints = {mark.mistake: mark.hint for mark in marks if mark.mistake}
    verdicts = Counter(mark.verdict for mark in marks)
    return Summary(title, verdicts, mistakes.most_common(), hints)


def write_class_report(
    path: Path, outline: Outline, all_graded: Sequence[Graded]
) -> None:
    """Write the page, in one file without scripts."""
    title = f"Lesson {outline.lesson[:2]}: {len(all_graded)} submissions"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_overall(outline, all_graded))}</p>",
        "<h2>What dominates in which exercise</h2>",
        _exercise_table(summaries(outline, all_graded)),
        *_for_a_person(all_graded),
        "<h2>How submissions were kept apart</h2>",
        *(f"<p>{escape(text)}</p>" for text in _isolations(all_graded)),
        "<h2>Points</h2>",
        "<p>A right answer earns the importance on its exercise's card, from 1 to 5; "
        "any other answer earns nothing.</p>",
    ]
    path.write_text(page(title, parts), "utf-8")


def _overall(outline: Outline, all_graded: Sequence[Graded]) -> str:
    counts = Counter(graded.status for graded in all_graded)
    words = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    points = [graded.earned for graded in all_graded if graded.status != "missing"]
    middle = f" The median is {median(points):g} points." if points else ""
    return f"{words}. The lesson has {outline.points} points.{middle}"


def _exercise_table(found: Iterable[Summary]) -> str:
    rows = []
    for summary in found:
        numbers = [summary.verdicts[verdict.value] for verdict in Verdict]
        cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
        name = escape(summary.title)
        words = _dominant(summary)
        rows.append(f'<tr><th scope="row">{name}</th>{cells}<td>{words}</td></tr>')
    head = '<th scope="col">Exercise</th>'
    for verdict in Verdict:
        head += f'<th scope="col" class="number">{verdict.value.capitalize()}</th>'
    return (
        '<div class="table" tabindex="0" role="region" aria-label="Exercises">'
        "<table>\n<caption>Answers by verdict, and the known mistake that most of the "
        f"wrong ones share.</caption>\n<thead><tr>{head}"
        '<th scope="col">Dominant mistake</th></tr></thead>\n<tbody>\n'
        + "\n".join(rows)
        + "\n</tbody>\n</table></div>"
    )


def _dominant(summary: Summary) -> str:
    if not summary.mistakes:
        return "not a known one" if summary.verdicts[Verdict.FAIL.value] else "–"
    (name, count), *others = summary.mistakes
    wrong = summary.verdicts[Verdict.FAIL.value]
    text = f"<code>{escape(name)}</code>, {count} of {wrong} wrong answers: "
    text += in_html(summary.hints[name])
    if others:
        rest = ", ".join(f"{escape(other)} {number}" for other, number in others)
        text += f" <br>Then: {rest}."
    return text


def _for_a_person(all_graded: Sequence[Graded]) -> list[str]:
    """What a person should look at: nothing of it is decided by the grader."""
    items = []
    for graded in all_graded:
        submission = graded.submission
        reasons = [submission.problem or graded.report.problem, submission.note]
        for reason in filter(None, reasons):
            items.append(f"{submission.student} ({graded.status}): {reason}")
    answered = [graded.submission for graded in all_graded if graded.earned]
    for students in duplicates(answered):
        items.append(f"The same file: {', '.join(students)}")
    if not items:
        return []
    listed = "\n".join(f"<li>{escape(item)}</li>" for item in items)
    return ["<h2>For a person to look at</h2>", f"<ul>\n{listed}\n</ul>"]


def _isolations(all_graded: Sequence[Graded]) -> list[str]:
    counts = Counter(graded.report.isolation for graded in all_graded)
    return [
        f"{count} submissions ran in {GUARANTEES[Isolation(name)]}."
        for name, count in counts.items()
        if name
    ] or ["None was run."]
