"""Notebooks executed and compared: what is proven, excused, and named as wrong."""

from pathlib import Path

import pytest
from nbformat import NotebookNode

from tests.tiny_workbook import code, notebook, printed, prose, tiny_workbook
from tools.building.project import VERSIONS, Lesson
from tools.checks.notebooks import Limits, over_limit, prove
from tools.checks.parameters import run_with
from tools.checks.result import NotebookRun
from tools.notebook import to_text

KILL = "import os\nos.kill(os.getpid(), 9)"
ENDLESS = "while True:\n    pass"


def lesson_with(root: Path, *last: NotebookNode) -> Lesson:
    """A lesson both of whose notebooks end in the given cells."""
    (lesson,) = tiny_workbook(root).lessons()
    cells = [prose("# Title"), code("seed = 0", tags=["parameters"]), *last]
    for version in VERSIONS:
        lesson.notebook(version).write_text(to_text(notebook(*cells)))
    return lesson


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> NotebookRun:
    """A notebook with a good cell, an excused one, a wrong one and a raising one."""
    lesson = lesson_with(
        tmp_path_factory.mktemp("workbook"),
        code("# differs: a test\nprint(id(seed))", tags=["nbval-ignore-output"]),
        code("print(seed + 1)", printed("1\n")),
        code("print(seed + 2)", printed("3\n")),
        code("1 / seed"),
    )
    return prove(lesson, Limits(cell=30, notebook=90))


def test_equal_outputs_are_proven(mixed: NotebookRun) -> None:
    assert mixed.proven == 2  # the parameters and the good cell


def test_cells_that_may_differ_are_excused_with_their_reason(
    mixed: NotebookRun,
) -> None:
    place = "cell 3 of 6 (id id2, `# differs: a test`)"
    assert mixed.excused == [(place, "a test")]


def test_one_wrong_number_is_named(mixed: NotebookRun) -> None:
    place = "notebooks/solutions/02_toy.ipynb, cell 5 of 6 (id id4, `print(seed + 2)`)"
    assert mixed.failures[0].startswith(f"{place}: Cell outputs differ\n")
    assert "'3" in mixed.failures[0]
    assert "'2" in mixed.failures[0]


def test_a_cell_that_raises_is_named(mixed: NotebookRun) -> None:
    assert "cell 6 of 6 (id id5, `1 / seed`)" in mixed.failures[1]
    assert "ZeroDivisionError: division by zero" in mixed.failures[1]


def test_a_killed_kernel_is_named_before_the_cell_timeout(tmp_path: Path) -> None:
    run = prove(lesson_with(tmp_path, code(KILL)), Limits(120, 110))
    assert run.failures == [
        "notebooks/solutions/02_toy.ipynb, cell 3 of 3 (id id2, `import os`): "
        "the kernel died"
    ]


def test_an_endless_cell_is_named(tmp_path: Path) -> None:
    run = prove(lesson_with(tmp_path, code(ENDLESS)), Limits(1, 90))
    (fault,) = run.failures
    assert fault.endswith("cell 3 of 3 (id id2, `while True:`): ran over 1 s")


def test_a_notebook_over_its_limit_is_named_with_the_cell_that_ran() -> None:
    book = notebook(prose("# Title"), code("x = 1"), code(ENDLESS))
    events = [{"event": "start", "id": f"n.ipynb::Cell {n}"} for n in range(2)]
    assert over_limit(book, "n.ipynb", events, Limits(notebook=300)) == (
        "n.ipynb, cell 3 of 3 (id id2, `while True:`): the notebook ran over 300 s"
    )


def test_a_notebook_over_its_limit_is_stopped(tmp_path: Path) -> None:
    lesson = lesson_with(tmp_path, code(ENDLESS))
    run = prove(lesson, Limits(cell=100, notebook=1))
    assert run.failures[0].endswith("the notebook ran over 1 s")
    assert run.seconds < 20


# --- papermill


def changed(root: Path, last: str, cell: float = 20, **values: object) -> list[str]:
    lesson = lesson_with(root, code(last))
    output = root / "build" / "changed.ipynb"
    return run_with(lesson, values, output, Limits(cell=cell, notebook=90))


def test_a_changed_parameter_reaches_the_notebook(tmp_path: Path) -> None:
    assert changed(tmp_path, "assert seed == 1", seed=1) == []
    assert (tmp_path / "build" / "changed.ipynb").exists()


def test_a_check_that_judges_an_unsolved_exercise_is_named(tmp_path: Path) -> None:
    source = 'print("✓ PASS")  # checks.check_it(answer)'
    (fault,) = changed(tmp_path, source, seed=1)
    assert fault.startswith("notebooks/02_toy.ipynb, cell 4 of 4")
    assert "should say NOT ATTEMPTED" in fault


def test_a_cell_that_fails_with_the_change_is_named(tmp_path: Path) -> None:
    (fault,) = changed(tmp_path, "assert seed == 0, 'golden'", seed=1)
    place = "notebooks/02_toy.ipynb with seed=1, cell 3 of 3 (id id2, "
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
    assert "cell 3 of 3 (id id2, " in fault
    assert fault.endswith(reason)
