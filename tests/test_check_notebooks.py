"""Notebooks executed and compared: what is proven, excused, and named as wrong."""

from pathlib import Path

import pytest

from tests.tiny_workbook import code, notebook, printed, prose, tiny_workbook
from tools.building.project import Lesson
from tools.checks.notebooks import Limits, prove
from tools.checks.parameters import run_with
from tools.notebook import to_text

KILL = "import os\nos.kill(os.getpid(), 9)"
ENDLESS = "while True:\n    pass"


def lesson_with(root: Path, last: str, *outputs: dict[str, object]) -> Lesson:
    """A lesson whose worked notebook ends in the given cell."""
    (lesson,) = tiny_workbook(root).lessons()
    book = notebook(
        prose("# Title"),
        code("seed = 0", tags=["parameters"]),
        code("# differs: a test\nprint(id(seed))", tags=["nbval-ignore-output"]),
        code(last, *outputs),
    )
    lesson.notebook("worked").write_text(to_text(book))
    return lesson


def proof(root: Path, last: str, *outputs: dict[str, object], cell: float = 20):  # type: ignore[no-untyped-def]
    limits = Limits(cell=cell, notebook=40)
    return prove(lesson_with(root, last, *outputs), "worked", limits)


def test_equal_outputs_are_proven_and_reasons_kept(tmp_path: Path) -> None:
    run = proof(tmp_path, "print(seed + 1)", printed("1\n"))
    assert run.failures == []
    assert run.proven == 2
    ((place, reason),) = run.excused
    assert place.startswith("cell 3 of 4 (id id2, ")
    assert reason == "a test"


def test_one_wrong_number_is_named(tmp_path: Path) -> None:
    (fault,) = proof(tmp_path, "print(seed + 1)", printed("2\n")).failures
    place = "notebooks/solutions/02_toy.ipynb, cell 4 of 4 (id id3, `print(seed + 1)`)"
    assert fault.startswith(f"{place}: Cell outputs differ\n")
    assert "'2" in fault
    assert "'1" in fault


def test_a_cell_that_raises_is_named(tmp_path: Path) -> None:
    (fault,) = proof(tmp_path, "1 / seed").failures
    assert "cell 4 of 4 (id id3, `1 / seed`)" in fault
    assert "ZeroDivisionError: division by zero" in fault


def test_a_killed_kernel_is_named_at_once(tmp_path: Path) -> None:
    run = proof(tmp_path, KILL, cell=30)
    assert run.failures == [
        "notebooks/solutions/02_toy.ipynb, cell 4 of 4 (id id3, `import os`): "
        "the kernel died"
    ]
    assert run.seconds < 25


def test_an_endless_cell_is_named(tmp_path: Path) -> None:
    (fault,) = proof(tmp_path, ENDLESS, cell=1).failures
    assert fault.endswith("cell 4 of 4 (id id3, `while True:`): ran over 1 s")


def test_an_endless_notebook_is_named_with_its_cell(tmp_path: Path) -> None:
    lesson = lesson_with(tmp_path, ENDLESS)
    (fault,) = prove(lesson, "worked", Limits(cell=100, notebook=6)).failures
    assert fault.endswith("(id id3, `while True:`): the notebook ran over 6 s")


# --- papermill


def changed(root: Path, last: str, cell: float = 20, **values: object) -> list[str]:
    lesson = lesson_with(root, last)
    output = root / "build" / "changed.ipynb"
    return run_with(lesson, values, output, Limits(cell=cell, notebook=40))


def test_a_changed_parameter_reaches_the_notebook(tmp_path: Path) -> None:
    assert changed(tmp_path, "assert seed == 1", seed=1) == []
    assert (tmp_path / "build" / "changed.ipynb").exists()


def test_a_cell_that_fails_with_the_change_is_named(tmp_path: Path) -> None:
    (fault,) = changed(tmp_path, "assert seed == 0, 'golden'", seed=1)
    place = "notebooks/solutions/02_toy.ipynb with seed=1, cell 4 of 4 (id id3, "
    assert fault.startswith(place)
    assert "AssertionError: golden" in fault


def test_an_unknown_parameter_is_an_error(tmp_path: Path) -> None:
    (fault,) = changed(tmp_path, "1", sed=1)
    assert "unknown parameter sed; its cell tagged `parameters` has seed" in fault


@pytest.mark.parametrize(
    ("last", "reason"), [(KILL, "the kernel died"), (ENDLESS, "ran over 1 s")]
)
def test_a_notebook_that_does_not_end_is_named_under_papermill(
    tmp_path: Path, last: str, reason: str
) -> None:
    (fault,) = changed(tmp_path, last, cell=1, seed=1)
    assert "cell 4 of 4 (id id3, " in fault
    assert fault.endswith(reason)
