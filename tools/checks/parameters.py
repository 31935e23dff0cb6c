"""Runs a student's notebook under papermill with a parameter changed."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from tools.building.project import NEVER_BEGAN, Lesson, kernel_environment
from tools.checks.notebooks import Limits
from tools.checks.process import run_kernel
from tools.checks.unsolved import judged_checks
from tools.notebook import cell_place, read

_LINES = 30
# where a lesson has them: other trainings, and such as take seconds
_SHORTENED = {
    "budget": "3 s",
    "budget_seconds": 1,
    "train_size": 2000,
    "epochs": 1,
    "trial_epochs": 1,
    "segmentation_steps": 5,
    "box_steps": 20,
    "steps": 10,
    "test_count": 60,
}
_SHORTENED_IN = {"10": {"profile": "glance"}}


def run_with(
    lesson: Lesson, changed: Mapping[str, object], output: Path, limits: Limits
) -> list[str]:
    """Execute it unsolved with other parameters; return what went wrong.

    Args:
        lesson: The lesson whose student notebook is run.
        changed: New values, by the names in the cell tagged ``parameters``.
        output: Where the executed notebook is written.
        limits: Longest times for a cell and for the notebook.
    """
    path = lesson.notebook("student")
    shown = lesson.shown(path)
    unknown = unknown_parameters(path, changed)
    if unknown:
        return [f"{shown}: {unknown}"]
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "papermill", str(path), str(output)]
        command += ["--cwd", folder]
        command += ["--kernel", "python3", "--log-output", "--no-progress-bar"]
        command += ["--execution-timeout", f"{limits.cell:.0f}"]
        for name, value in changed.items():
            command += ["--parameters", name, str(value)]
        env = kernel_environment(lesson.root, Path(folder))
        finished = run_kernel(command, cwd=Path(folder), env=env, limit=limits.notebook)
    if finished.code == 0:
        return [f"{shown}, {fault}" for fault in judged_checks(read(output))]
    place = _place(read(path), finished.output)
    values = ", ".join(f"{name}={value!r}" for name, value in changed.items())
    if finished.over_limit:
        reason = f"the notebook ran over {limits.notebook:g} s"
    else:
        reason = _reason(finished.output, limits)
    return [f"{shown} with {values}, {place}: {reason}"]


def unknown_parameters(path: Path, changed: Mapping[str, object]) -> str:
    """Say which of the names the notebook does not have as a parameter, if any.

    papermill itself only warns and exits with 0.
    """
    known = known_parameters(path)
    unknown = ", ".join(sorted(changed.keys() - known))
    if not unknown:
        return ""
    have = ", ".join(sorted(known)) or "no parameter at all"
    return f"unknown parameter {unknown}; its cell tagged `parameters` has {have}"


def known_parameters(path: Path) -> set[str]:
    """Return the names in the cell tagged ``parameters``."""
    from papermill import inspect_notebook

    return set(inspect_notebook(path))


def shortened(path: Path) -> dict[str, object]:
    """Return the parameters that make the long trainings of a notebook short ones."""
    known = known_parameters(path)
    found: dict[str, object] = {k: v for k, v in _SHORTENED.items() if k in known}
    return found | _SHORTENED_IN.get(path.name[:2], {})


def _place(notebook: NotebookNode, output: str) -> str:
    """Name the cell that ran last, from papermill's log."""
    numbers = re.findall(r"Executing Cell (\d+)-", output)
    if not numbers:
        return "before the first cell"
    index = int(numbers[-1]) - 1
    tagged = [
        i
        for i, cell in enumerate(notebook.cells)
        if "parameters" in cell.metadata.get("tags", [])
    ]
    injected = tagged[0] + 1  # papermill puts a cell of its own there
    return cell_place(notebook, index - 1 if index >= injected else index)


def _reason(output: str, limits: Limits) -> str:
    if NEVER_BEGAN in output:
        return "the kernel never began"
    if "DeadKernelError" in output or "Kernel died" in output:
        return "the kernel died"
    if "CellTimeoutError" in output:
        return f"ran over {limits.cell:g} s"
    text = output[output.rfind("Exception encountered at") :]
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-_LINES:])
