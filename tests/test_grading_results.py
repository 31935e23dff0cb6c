"""Tables and pages: whole, escaped, and with the mistake that dominates."""

import csv
from pathlib import Path

from tests.grading_books import outline
from tools.grading.class_report import summaries, write_class_report
from tools.grading.collect import Submission
from tools.grading.jobs import Marked, Report, not_graded
from tools.grading.results import Graded, file_name, write_feedback, write_table


def _graded(student: str, *, mistake: str = "", problem: str = "") -> Graded:
    marks = [
        Marked(
            check=task.check,
            title=task.title,
            verdict="FAIL" if mistake else "PASS",
            message="It is <b>.",
            hint=f"hint of {mistake}" if mistake else "",
            mistake=mistake,
            points=task.points,
            earned=0 if mistake else task.points,
        )
        for task in outline().tasks
    ]
    submission = Submission(student, student, f"{student}.ipynb", text="same")
    return Graded(submission, Report(marks, problem, isolation="namespaces"))


def test_table_has_a_line_a_student_and_a_column_an_exercise(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    write_table(path, outline(), [_graded("ada"), _graded("bob", mistake="sum")])
    ada, bob = csv.DictReader(path.open(newline="", encoding="utf-8"))
    assert (ada["points"], ada["of"], ada["2.2"], ada["status"]) == (
        "13", "13", "3", "graded",
    )  # fmt: skip
    assert (bob["points"], bob["2.1"]) == ("0", "0")


def test_name_that_a_spreadsheet_would_compute_is_disarmed(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    write_table(path, outline(), [_graded("=HYPERLINK(1)")])
    (row,) = csv.DictReader(path.open(newline="", encoding="utf-8"))
    assert row["id"] == "'=HYPERLINK(1)"


def test_feedback_gives_verdict_hint_and_points_escaped(tmp_path: Path) -> None:
    graded = _graded("<script>", mistake="sum")
    text = write_feedback(tmp_path, outline(), graded).read_text("utf-8")
    assert "0 of 13 points" in text
    assert "hint of sum" in text
    assert "0 of 5 points" in text
    assert "It is &lt;b&gt;." in text
    assert "<script>" not in text


def test_two_students_never_share_a_page() -> None:
    names = {file_name(name) for name in ("a/b", "a_b", "a b", "../a_b", "a.b")}
    assert len(names) == 5
    assert not any("/" in name for name in names)


def test_class_report_names_the_dominant_mistake(tmp_path: Path) -> None:
    graded = [_graded("a", mistake="sum"), _graded("b", mistake="sum")]
    graded += [_graded("c", mistake="flip"), _graded("d"), _graded("e")]
    assert summaries(outline(), graded)[0].mistakes == [("sum", 2), ("flip", 1)]
    path = tmp_path / "class_report.html"
    write_class_report(path, outline(), graded)
    text = path.read_text("utf-8")
    assert "<code>sum</code>, 2 of 3 wrong answers: hint of sum" in text
    assert "The same file: d, e" in text  # not those without a right answer
    assert "5 submissions ran in Linux namespaces" in text


def test_class_report_lists_what_a_person_should_see(tmp_path: Path) -> None:
    path = tmp_path / "class_report.html"
    unreadable = Submission("eve", "Eve", "eve.ipynb", problem="It is <a link>")
    graded = [
        Graded(unreadable, not_graded(outline(), "It is a link")),
        _graded("bob", problem="It was still running after 120 s"),
    ]
    write_class_report(path, outline(), graded)
    text = path.read_text("utf-8")
    assert "eve (unreadable): It is &lt;a link&gt;" in text
    assert "bob (stopped): It was still running after 120 s" in text


def test_points_are_said_where_they_come_from(tmp_path: Path) -> None:
    path = tmp_path / "class_report.html"
    write_class_report(path, outline(), [_graded("ada")])
    assert "the importance on its exercise's card" in path.read_text("utf-8")
