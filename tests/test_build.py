"""The one-way build: what it refuses, what it writes, and that it writes it again."""

import json
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode

from tests.tiny_workbook import (
    LESSON,
    code,
    notebook,
    printed,
    prose,
    shown,
    tiny_workbook,
)
from tools.build import build
from tools.building.assemble import assemble
from tools.building.execute import add_alt_texts, keep_unstable_outputs, normalise
from tools.building.project import Project
from tools.notebook import read

FIGURE = """
# %%
import time

import matplotlib.pyplot as plt

print("first")
print("second")
fig, ax = plt.subplots(figsize=(1, 1))
plt.show()

# %% [markdown]
# **Figure.** The axes are *empty*,
# as they should be.
#
# More words.

# %% tags=["nbval-ignore-output"]
# differs: the time
print(time.perf_counter())
"""


def built(project: Project) -> list[str]:
    return build(project, project.lessons(), fresh=False, cell_timeout=20)


def assembled(root: Path, lesson: str) -> dict[Any, NotebookNode]:
    project = tiny_workbook(root, lesson)
    return assemble(project, project.lessons()[0])


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A workbook whose only lesson has been built once."""
    project = tiny_workbook(tmp_path_factory.mktemp("workbook"), LESSON + FIGURE)
    assert built(project) == []
    return project


@pytest.fixture
def notebooks(workbook: Project) -> dict[str, NotebookNode]:
    lesson = workbook.lessons()[0]
    return {v: read(lesson.notebook(v)) for v in ("worked", "student")}  # type: ignore[arg-type]


def test_the_student_version_does_not_hold_the_solution(
    notebooks: dict[str, NotebookNode],
) -> None:
    assert "return 2 * x" in json.dumps(notebooks["worked"])
    assert "return 2 * x" not in json.dumps(notebooks["student"])
    assert "the answer" not in json.dumps(notebooks["student"])


def test_both_versions_hold_no_marker(notebooks: dict[str, NotebookNode]) -> None:
    assert not any("SOLUTION" in json.dumps(book) for book in notebooks.values())


def test_student_cells_have_the_ids_of_the_worked_ones(
    notebooks: dict[str, NotebookNode],
) -> None:
    ids = {v: [cell.id for cell in book.cells] for v, book in notebooks.items()}
    assert ids["student"] == ids["worked"]
    assert all(len(identity) == 8 for identity in ids["worked"])


def test_an_inserted_cell_changes_no_other_id(tmp_path: Path) -> None:
    before = assembled(tmp_path, LESSON)["worked"]
    inserted = LESSON.replace("# %%\ntry:", "# %%\nprint(1)\n\n# %%\ntry:")
    after = assembled(tmp_path, inserted)["worked"]
    old = {cell.id for cell in before.cells}
    assert len({cell.id for cell in after.cells} - old) == 1
    assert old <= {cell.id for cell in after.cells}


def test_equal_cells_have_different_ids(tmp_path: Path) -> None:
    twice = LESSON + "\n# %%\nprint(1)\n\n# %%\nprint(1)\n"
    first, second = assembled(tmp_path, twice)["worked"].cells[-2:]
    assert first.id != second.id


def test_the_unsolved_notebook_runs_to_the_end(
    notebooks: dict[str, NotebookNode],
) -> None:
    cell = next(c for c in notebooks["student"].cells if c.source.startswith("try:"))
    expected = "NotImplementedError: Write the body of double.\n"
    assert cell.outputs[0].text == expected


def test_a_badge_below_the_title_opens_that_very_file(
    notebooks: dict[str, NotebookNode],
) -> None:
    colab = "https://colab.research.google.com/github/owner/name/blob/v1/notebooks/"
    for version, path in (
        ("worked", "solutions/02_toy.ipynb"),
        ("student", "02_toy.ipynb"),
    ):
        title, _, badge = notebooks[version].cells[0].source.splitlines()[:3]
        assert title == "# 2 · What does doubling do?"
        assert badge.startswith("[![Open this notebook in Colab](https://")
        assert badge.endswith(f"]({colab}{path})")


def test_students_are_told_to_work_on_a_copy(
    notebooks: dict[str, NotebookNode],
) -> None:
    header = notebooks["student"].cells[0].source
    assert "make start LESSON=02" in header
    assert "Save a copy in Drive" in header
    assert "](../notebooks/solutions/02_toy.ipynb)" in header


def test_links_are_right_for_the_folder_of_each_version(tmp_path: Path) -> None:
    prose = "\n# %% [markdown]\n# [next](03_x.ipynb), `f[0](x)`, [web](https://a.org)\n"
    books = assembled(tmp_path, LESSON + prose)
    rest = ", `f[0](x)`, [web](https://a.org)"
    student, worked = books["student"].cells[-1], books["worked"].cells[-1]
    assert student.source == f"[next](../notebooks/03_x.ipynb){rest}"
    assert worked.source == f"[next](../../notebooks/03_x.ipynb){rest}"


def test_a_markdown_solution_is_left_out_for_students(tmp_path: Path) -> None:
    prose = '\n# %% [markdown] tags=["solution"]\n# Because it is so.\n'
    books = assembled(tmp_path, LESSON + prose)
    assert books["worked"].cells[-1].source == "Because it is so."
    assert "Because" not in json.dumps(books["student"])


def test_a_comment_that_looks_like_a_magic_stays_a_comment(tmp_path: Path) -> None:
    cell = assembled(tmp_path, LESSON + "\n# %%\n# why?\nx = 1\n")["worked"].cells[-1]
    assert cell.source == "# why?\nx = 1"


def test_a_second_build_writes_the_same_bytes(workbook: Project) -> None:
    paths = sorted((workbook.root / "notebooks").rglob("*.ipynb"))
    before = [path.read_bytes() for path in paths]
    assert built(workbook) == []
    assert [path.read_bytes() for path in paths] == before


def test_nothing_of_the_run_is_stored(notebooks: dict[str, NotebookNode]) -> None:
    for book in notebooks.values():
        assert book.metadata == {"kernelspec": book.metadata["kernelspec"]}
        assert all(set(cell.metadata) <= {"tags"} for cell in book.cells)


def test_consecutive_prints_are_one_output(notebooks: dict[str, NotebookNode]) -> None:
    cell = next(c for c in notebooks["worked"].cells if "plt.show" in c.source)
    assert cell.outputs[0].text == "first\nsecond\n"
    assert len(cell.outputs) == 2


def test_the_figure_paragraph_becomes_alt_text(
    notebooks: dict[str, NotebookNode],
) -> None:
    cell = next(c for c in notebooks["worked"].cells if "plt.show" in c.source)
    alt = cell.outputs[1].metadata["image/png"]["alt"]
    assert alt == "The axes are empty, as they should be."


def test_alt_texts_need_a_figure_paragraph() -> None:
    book = notebook(code("x", shown(image_png="AA")), prose("Words."))
    add_alt_texts(book)
    assert book.cells[0].outputs[0].metadata == {}


def test_widget_views_are_dropped_and_their_words_kept() -> None:
    view = {"application_vnd.jupyter.widget-view+json": ""}
    outputs = [shown(**view), shown(**view, text_plain="Explorer()")]
    cell = normalise(notebook(code("x", *outputs))).cells[0]
    assert [output.data for output in cell.outputs] == [{"text/plain": "Explorer()"}]


@pytest.mark.parametrize(
    ("source", "tags", "kept"),
    [
        ("x", ["nbval-ignore-output"], True),
        ("x", [], False),
        ("y", ["nbval-ignore-output"], False),
    ],
)
def test_only_unchanged_cells_that_may_differ_keep_their_output(
    source: str, tags: list[str], kept: bool
) -> None:
    new = notebook(code("x", printed("new"), tags=tags))
    old = notebook(code(source, printed("old"), tags=tags))
    keep_unstable_outputs(new, old)
    assert new.cells[0].outputs[0].text == ("old" if kept else "new")


def test_a_failing_cell_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    project = tiny_workbook(tmp_path, LESSON + "\n# %%\nanswer = 1\n1 / 0\n")
    messages = built(project)
    expected = r"notebooks/solutions/02_toy.ipynb, cell 7 of 7 (id "
    assert messages[0].startswith(expected)
    assert "`answer = 1`" in messages[0]
    assert "ZeroDivisionError: division by zero" in messages[0]
    assert list((tmp_path / "notebooks").rglob("*.ipynb")) == []


def test_nothing_is_written_when_only_the_unsolved_notebook_fails(
    tmp_path: Path,
) -> None:
    project = tiny_workbook(tmp_path, LESSON + "\n# %%\ndouble(1)\n")
    (message,) = built(project)
    assert "notebooks/02_toy.ipynb" in message
    assert list((tmp_path / "notebooks").rglob("*.ipynb")) == []


def test_an_endless_cell_ends_the_build(tmp_path: Path) -> None:
    project = tiny_workbook(tmp_path, LESSON + "\n# %%\nwhile True:\n    pass\n")
    messages = build(project, project.lessons(), fresh=False, cell_timeout=1)
    assert all("`while True:`): ran over 1 s" in message for message in messages)
    assert len(messages) == 2
