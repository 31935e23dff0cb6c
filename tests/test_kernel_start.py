"""A kernel that never begins, as when another process takes its port: once more."""

from pathlib import Path
from typing import Any

import pytest

from tests.tiny_workbook import EXERCISE, LESSON, tiny_workbook
from tools.build import build
from tools.building.project import Project
from tools.checks.notebooks import Limits, prove
from tools.checks.parameters import run_with

# Python reads it before anything else, in kernels too
FAILING_KERNEL = """\
import os, pathlib, sys
if "ipykernel_launcher" in sys.orig_argv:
    starts = pathlib.Path({starts!r})
    starts.write_text(starts.read_text() + "x")
    if len(starts.read_text()) <= {failing}:
        os._exit(1)
"""
LIMITS = Limits(cell=30, notebook=90)


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A workbook with one built lesson."""
    root = tmp_path_factory.mktemp("workbook")
    project = tiny_workbook(root, LESSON + EXERCISE)
    assert build(project, project.lessons(), fresh=False, cell_timeout=20) == []
    return project


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the next kernels end before they begin; returns what counts the starts."""
    starts = tmp_path / "starts"

    def fail(count: int) -> Path:
        starts.write_text("")
        folder = tmp_path / "first"
        folder.mkdir()
        text = FAILING_KERNEL.format(starts=str(starts), failing=count)
        (folder / "sitecustomize.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(folder))
        return starts

    return fail


def test_worked_notebooks_are_proven_by_the_second_kernel(
    toy: Project, failing: Any
) -> None:
    starts = failing(1)
    run = prove(toy.lessons()[0], LIMITS)
    assert (run.failures, run.proven) == ([], 5)
    assert len(starts.read_text()) == 2


def test_student_notebooks_are_run_by_the_second_kernel(
    toy: Project, failing: Any, tmp_path: Path
) -> None:
    starts = failing(1)
    assert run_with(toy.lessons()[0], {"seed": 1}, tmp_path / "o.ipynb", LIMITS) == []
    assert len(starts.read_text()) == 2


def test_a_build_goes_on_with_the_second_kernel(toy: Project, failing: Any) -> None:
    starts = failing(1)
    assert build(toy, toy.lessons(), fresh=True, cell_timeout=20) == []
    assert len(starts.read_text()) == 3  # worked, worked again, student


def test_a_kernel_that_never_begins_at_all_is_a_failure(
    toy: Project, failing: Any, tmp_path: Path
) -> None:
    starts = failing(99)
    (fault,) = run_with(toy.lessons()[0], {"seed": 1}, tmp_path / "o.ipynb", LIMITS)
    assert "before the first cell: the kernel never began" in fault
    assert len(starts.read_text()) == 2
    faults = build(toy, toy.lessons(), fresh=True, cell_timeout=20)
    assert len(faults) == 2  # the worked notebook and the student's
    for fault in faults:
        assert "before the first cell: the kernel never began" in fault
