"""The check as a whole: every step is carried out, timed and reported."""

import contextlib
import io
import sys
from pathlib import Path

import pytest

from tests.tiny_workbook import EXERCISE, LESSON, tiny_workbook
from tools.build import build
from tools.check import check, table
from tools.checks import suite
from tools.checks.notebooks import Limits
from tools.checks.process import run
from tools.checks.report import lesson_reports, summary, write_report
from tools.checks.result import NotebookRun, StepResult, judged, timed

STEPS = [StepResult("a", "passed"), StepResult("b", "failed", "x", ("n.ipynb: <no>",))]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """A small workbook, checked once: its folder, the exit code, what was printed."""
    root = tmp_path_factory.mktemp("workbook")
    project = tiny_workbook(root, LESSON + EXERCISE)
    (root / "tests").mkdir()
    (root / "tests" / "test_it.py").write_text("def test_it(): assert 1 == 2\n")
    build(project, project.lessons(), fresh=False, cell_timeout=20)
    (root / "README.md").write_text("[x](gone.md)")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = check(project, [], Limits(20, 60))
    return root, code, printed.getvalue()


def test_a_failing_step_does_not_hide_the_others(
    checked: tuple[Path, int, str],
) -> None:
    _, code, printed = checked
    assert code == 1
    assert "[links and badges] README.md: link to `gone.md`" in printed
    assert "[tests] tests/test_it.py::test_it:" in printed
    assert "[worked notebooks]" not in printed
    assert "[student notebooks]" not in printed
    assert "worked notebooks   passed" in printed
    assert "student notebooks  passed" in printed
    assert "[same outputs] notebooks/02_toy.ipynb, cell" in printed


def test_skipped_steps_are_visible(checked: tuple[Path, int, str]) -> None:
    assert "browser            skipped" in checked[2]


def test_the_last_line_counts(checked: tuple[Path, int, str]) -> None:
    last = checked[2].splitlines()[-1]
    assert " passed, " in last
    assert " failed, 1 skipped" in last


def test_the_report_links_to_executed_pages(checked: tuple[Path, int, str]) -> None:
    folder = checked[0] / "build" / "report"
    page = (folder / "index.html").read_text()
    for name in ("notebooks/02_toy.html", "notebooks/solutions/02_toy.html"):
        assert f'href="{name}"' in page
        assert "What does doubling do?" in (folder / name).read_text()
    assert (
        'href="../notebooks/solutions/02_toy.html"'
        in (folder / "notebooks/02_toy.html").read_text()
    )


def test_the_report_counts_exercises_and_cells(
    checked: tuple[Path, int, str],
) -> None:
    page = (checked[0] / "build" / "report" / "index.html").read_text()
    lesson = page[page.index('<th scope="row">02_toy') :]
    numbers = [part.split("<")[0] for part in lesson.split('class="number">')[1:5]]
    assert numbers == ["1", "5", "5", "0"]


def test_stale_notebooks_are_not_run_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tiny_workbook(tmp_path)
    assert check(project, ["02"], Limits(20, 60)) == 1
    printed = capsys.readouterr().out
    assert "worked notebooks   skipped" in printed
    assert "not run, since not fresh: 02" in printed


# --- report


def report(tmp_path: Path, steps: list[StepResult]) -> str:
    lessons = tiny_workbook(tmp_path).lessons()
    runs = {"02_toy": [NotebookRun("n.ipynb", 3, [("cell 4", "a <b> reason")])]}
    path = tmp_path / "report.html"
    write_report(path, steps, lesson_reports(lessons, runs), seconds=1)
    return path.read_text()


def test_the_report_says_what_failed_and_escapes_it(tmp_path: Path) -> None:
    page = report(tmp_path, STEPS)
    assert "<h1>The workbook does not hold: b</h1>" in page
    assert "<pre>n.ipynb: &lt;no&gt;</pre>" in page


def test_the_report_gives_the_reason_of_each_excused_cell(tmp_path: Path) -> None:
    assert "<td>cell 4</td><td>a &lt;b&gt; reason</td>" in report(tmp_path, STEPS)


def test_tables_of_the_report_have_captions_and_header_cells(tmp_path: Path) -> None:
    page = report(tmp_path, STEPS)
    assert page.count("<table>") == page.count("<caption>") == 3
    assert page.count("<thead><tr><th scope=") == 3


def test_the_summary_counts_each_status() -> None:
    assert summary(STEPS) == "1 passed, 1 failed"
    skipped = StepResult("c", "skipped")
    assert summary([*STEPS, skipped]) == "1 passed, 1 failed, 1 skipped"


def test_the_table_lines_up() -> None:
    first, second, third = table(STEPS).splitlines()
    assert (
        first.index("time") + 4 == second.index("0.0 s") + 5 == third.index(" s ") + 2
    )


# --- steps


def test_a_step_that_breaks_off_fails_and_says_why() -> None:
    def broken() -> StepResult:
        raise KeyError("gone")

    result = timed("hygiene", broken)
    assert result.status == "failed"
    assert "hygiene could not be carried out: KeyError: 'gone'" in result.messages[0]


def test_messages_make_a_step_fail() -> None:
    assert judged("links", [], "fine").status == "passed"
    assert judged("links", ["x"], "fine").detail == "1 faults"


def tried(root: Path, source: str, limit: float = 30) -> StepResult:
    (root / "test_it.py").write_text(source)
    return suite.run_tests("tests", root, ["test_it.py"], limit)


def test_passing_tests_are_counted(tmp_path: Path) -> None:
    result = tried(tmp_path, "def test_a(): pass\ndef test_b(): pass\n")
    assert (result.status, result.detail) == ("passed", "2 tests passed")


def test_a_failing_test_is_named(tmp_path: Path) -> None:
    result = tried(tmp_path, "def test_a():\n    assert 1 == 2\n")
    assert result.status == "failed"
    assert result.messages[0].startswith("test_it.py::test_a:\n")
    assert "assert 1 == 2" in result.messages[0]


def test_a_test_file_that_cannot_be_imported_fails(tmp_path: Path) -> None:
    result = tried(tmp_path, "import gone_module\n")
    assert result.status == "failed"
    assert "gone_module" in result.messages[0]


def test_skipped_tests_show_their_reason(tmp_path: Path) -> None:
    source = "import pytest\ndef test_a(): pytest.skip('no Chromium')\n"
    result = tried(tmp_path, source)
    assert result.status == "skipped"
    assert result.detail == "0 tests passed, 1 skipped: no Chromium"


def test_tests_over_the_limit_are_stopped(tmp_path: Path) -> None:
    result = tried(tmp_path, "def test_a():\n    while True: pass\n", limit=1)
    assert result.status == "failed"
    assert result.messages[-1].startswith("ran over 1 s, in ")


def test_the_test_that_was_running_is_named() -> None:
    events = [
        {"event": "start", "id": "a"},
        {"event": "teardown", "id": "a"},
        {"event": "start", "id": "b"},
    ]
    assert suite.unfinished(events) == "b"
    assert suite.unfinished([]) == "no test yet"


def test_lint_reports_each_line(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n")
    arguments = ["ruff", "check", "--isolated", "--output-format", "concise"]
    result = suite.lint("ruff check", tmp_path, arguments, 20)
    assert result.status == "failed"
    assert result.messages[0].startswith("a.py:1:8: F401")


def test_a_command_over_its_limit_is_killed_with_its_children(tmp_path: Path) -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', %r])"
    child = "import signal, time; signal.signal(2, print); time.sleep(60)"
    finished = run([sys.executable, "-c", script % child], cwd=tmp_path, limit=1)
    assert finished.over_limit
    assert finished.seconds < 30


def test_tests_of_a_lesson_are_its_own_and_those_of_the_exercises(
    tmp_path: Path,
) -> None:
    for name in (
        "test_checks_engine.py",
        "test_exercises.py",
        "test_lesson_02.py",
        "test_questions_lesson02.py",
        "test_lesson_03.py",
        "test_plots.py",
        "browser/test_lesson_02.py",
    ):
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert suite.lesson_tests(tmp_path, "02") == [
        "tests/test_checks_engine.py",
        "tests/test_exercises.py",
        "tests/test_lesson_02.py",
        "tests/test_questions_lesson02.py",
    ]
    assert suite.browser_tests(tmp_path, "02") == ["tests/browser/test_lesson_02.py"]
    assert suite.browser_tests(tmp_path, "01") == []
