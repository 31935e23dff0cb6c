"""Runs the tests and the linters, and reads from their output what went wrong."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.building.project import ROOT
from tools.checks.notebooks import read_events
from tools.checks.process import run
from tools.checks.result import StepResult

_NO_TESTS = 5  # pytest's exit code when nothing was selected
_LINES = 40
_EXERCISES = ("test_checks", "test_exercises")


def lint(name: str, root: Path, arguments: Sequence[str], limit: float) -> StepResult:
    """Run ``python -m`` with the arguments; each line of a failure is a message."""
    finished = run([sys.executable, "-m", *arguments], cwd=root, limit=limit)
    if finished.over_limit:
        return StepResult(name, "failed", f"ran over {limit:g} s")
    lines = [line for line in finished.output.splitlines() if line.strip()]
    *before, last = lines or ["no output"]
    if finished.code == 0:
        return StepResult(name, "passed", last)
    return StepResult(name, "failed", last, tuple(before or [last]))


def run_tests(
    name: str,
    root: Path,
    arguments: Sequence[str],
    limit: float,
    python: str | Path = sys.executable,
) -> StepResult:
    """Run pytest and report every test that failed, with its own words."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        env = os.environ | {
            "CHECK_LOG": str(log),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(paths),
        }
        command = [str(python), "-m", "pytest", "-q", "--color=no", "--tb=short"]
        command += ["-p", "no:nbval"]  # two seconds of imports a process
        command += ["-p", "tools.checks.pytest_log", *arguments]
        finished = run(command, cwd=root, env=env, limit=limit)
        events = list(read_events(log))
    messages = [
        f"{event['id']}:\n{_last_lines(event['message'])}"
        for event in events
        if event.get("outcome") == "failed"
    ]
    if finished.over_limit:
        messages.append(f"ran over {limit:g} s, in {unfinished(events)}")
    if not messages and finished.code not in (0, _NO_TESTS):
        text = _last_lines(finished.output)
        messages.append(f"pytest ended with exit code {finished.code}:\n{text}")
    return _summary(name, events, messages)


def lesson_tests(root: Path, number: str) -> list[str]:
    """Return the test files for one lesson: its own, and those of all exercises."""
    own = re.compile(rf"(lesson_?|_){number}(\D|$)")
    files = sorted((root / "tests").rglob("test_*.py"))
    return [
        file.relative_to(root).as_posix()
        for file in files
        if "browser" not in file.relative_to(root).parts
        and (own.search(file.stem) or file.stem.startswith(_EXERCISES))
    ]


def browser_tests(root: Path, number: str = "") -> list[str]:
    """Return the browser test files, of all lessons or of one."""
    files = sorted((root / "tests" / "browser").glob(f"test_lesson_{number}*.py"))
    if not number:
        files = sorted((root / "tests" / "browser").glob("test_*.py"))
    return [file.relative_to(root).as_posix() for file in files]


def _summary(
    name: str, events: list[dict[str, Any]], messages: list[str]
) -> StepResult:
    passed = sum(e["event"] == "call" and e["outcome"] == "passed" for e in events)
    skipped = [e for e in events if e.get("outcome") == "skipped"]
    detail = f"{passed} tests passed"
    if messages:
        detail += f", {len(messages)} failed"
    if skipped:
        reasons = dict.fromkeys(event["message"] for event in skipped)
        detail += f", {len(skipped)} skipped: {'; '.join(reasons)}"
    if messages:
        return StepResult(name, "failed", detail, tuple(messages))
    if passed == 0:
        return StepResult(name, "skipped", detail if skipped else "no tests here")
    return StepResult(name, "passed", detail)


def unfinished(events: list[dict[str, Any]]) -> str:
    """Name the tests that had begun and not ended."""
    started = [event["id"] for event in events if event["event"] == "start"]
    ended = {event["id"] for event in events if event["event"] == "teardown"}
    return ", ".join(n for n in started if n not in ended) or "no test yet"


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_LINES:])
