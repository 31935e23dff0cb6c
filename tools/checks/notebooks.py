"""Executes a notebook under nbval and compares every output with the stored one."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tools.building.project import NEVER_BEGAN, ROOT, Lesson, kernel_environment
from tools.building.source import excuse
from tools.checks.process import Finished, run_kernel
from tools.checks.pytest_log import DIED
from tools.checks.result import NotebookRun
from tools.notebook import cell_place, read

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LINES = 30  # of a failure; the executed page shows the rest


@dataclass(frozen=True)
class Limits:
    """Longest times, in seconds, for one cell and for one notebook."""

    cell: float = 60.0
    notebook: float = 300.0


def prove(lesson: Lesson, limits: Limits) -> NotebookRun:
    """Run a worked notebook, strictly compared, in a folder where nothing else is."""
    path = lesson.notebook("worked")
    shown = lesson.shown(path)
    notebook = read(path)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        log = scratch / "log.jsonl"
        copy = shutil.copy(path, scratch / path.name)
        command = [sys.executable, "-m", "pytest", copy, "--nbval"]
        command += ["--nbval-current-env", f"--nbval-cell-timeout={limits.cell:g}"]
        command += ["-p", "no:cacheprovider", "-p", "tools.checks.pytest_log"]
        command += ["-q", "--color=no", "--tb=short"]
        env = kernel_environment(lesson.root, scratch) | {"CHECK_LOG": str(log)}
        finished = run_kernel(
            command, cwd=ROOT, env=env, limit=limits.notebook, log=log
        )
        events = list(read_events(log))
    result = _judge(notebook, shown, events, limits)
    result.seconds = finished.seconds
    if finished.over_limit:
        result.failures.append(over_limit(notebook, shown, events, limits))
    elif not result.failures and finished.code != 0:
        result.failures.append(f"{shown}: {_tail(finished)}")
    return result


def read_events(log: Path) -> Iterator[dict[str, Any]]:
    """Yield what ``tools.checks.pytest_log`` has written."""
    if log.exists():
        for line in log.read_text("utf-8").splitlines():
            yield json.loads(line)


def _judge(
    notebook: NotebookNode, shown: str, events: list[dict[str, Any]], limits: Limits
) -> NotebookRun:
    result = NotebookRun(shown)
    for event in events:
        if event["event"] == "start":
            continue
        if event["outcome"] == "failed":
            place = _place(notebook, event["id"])
            message = _readable(event["message"], limits)
            result.failures.append(f"{shown}, {place}: {message}")
        elif event["event"] == "call" and event["outcome"] == "passed":
            cell = notebook.cells[_index(notebook, event["id"])]
            if "nbval-ignore-output" in cell.metadata.get("tags", []):
                reason = excuse(cell.source) or "no reason given"
                result.excused.append((_place(notebook, event["id"]), reason))
            else:
                result.proven += 1
    return result


def over_limit(
    notebook: NotebookNode, shown: str, events: list[dict[str, Any]], limits: Limits
) -> str:
    """Name the cell in which a notebook had to be stopped."""
    started = [event["id"] for event in events if event["event"] == "start"]
    place = _place(notebook, started[-1]) if started else "before the first cell"
    return f"{shown}, {place}: the notebook ran over {limits.notebook:g} s"


def _readable(message: str, limits: Limits) -> str:
    if NEVER_BEGAN in message:
        return "the kernel never began"
    if DIED in message:
        return "the kernel died"
    if "Timeout of" in message and "executing cell" in message:
        return f"ran over {limits.cell:g} s"
    text = _ANSI.sub("", message)
    what = re.search(r"^Cell \d+: (.*)$", text, re.MULTILINE)
    shown = text.partition("Traceback:\n")[2].strip("\n") or text
    kept = [line for line in shown.splitlines() if line.strip()][-_LINES:]
    return "\n".join([what[1] if what else "failed", *kept])


def _index(notebook: NotebookNode, nodeid: str) -> int:
    """The position in the notebook of nbval's n-th code cell."""
    number = int(nodeid.rsplit("Cell ", 1)[1])
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    return code[number]


def _place(notebook: NotebookNode, nodeid: str) -> str:
    if "::Cell " not in nodeid:
        return "before the first cell"
    return cell_place(notebook, _index(notebook, nodeid))


def _tail(finished: Finished) -> str:
    lines = finished.output.strip().splitlines()[-_LINES:]
    return "\n".join([f"pytest ended with exit code {finished.code}", *lines])
