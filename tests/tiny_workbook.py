"""A workbook of one small lesson, for tests of the build and of the checks."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tools.building.project import ROOT, Project
from tools.notebook import new_cell, new_notebook

LESSON = '''\
# %% [markdown]
# # 2 · What does doubling do?

# %% tags=["parameters"]
seed = 0

# %% [markdown]
# ## Exercise 1: double it

# %%
def double(x: int) -> int:
    """Return twice x."""
    ### BEGIN SOLUTION
    # the answer
    return 2 * x
    ### END SOLUTION

# %%
try:
    print(double(2))
except NotImplementedError as error:
    print(f"{type(error).__name__}: {error}")
'''

EXERCISE = """
# %% [markdown]
# **Difficulty** 1 of 5 · **importance** 1 of 5 · **about 1 minute**
# <details><summary>Hint</summary>Add.</details>

# %%
def check_double(answer) -> str:
    return "checked"

check_double(double)
"""


def tiny_workbook(root: Path, lesson: str = LESSON, name: str = "02_toy") -> Project:
    """Write a workbook with one lesson, of whose library only the set-up is there."""
    for folder in ("lessons", "course_utils", "notebooks/solutions"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "course_utils" / "__init__.py").touch()
    shutil.copy(ROOT / "course_utils" / "packages.py", root / "course_utils")
    (root / "lessons" / f"{name}.py").write_text(lesson, "utf-8")
    settings = '[tool.workbook]\nrepository = "owner/name"\nref = "v1"\n'
    (root / "pyproject.toml").write_text(settings, "utf-8")
    return Project.load(root)


def notebook(*cells: NotebookNode) -> NotebookNode:
    """Make a notebook and give every cell an id and every code cell its count."""
    count = 0
    for number, cell in enumerate(cells):
        cell.id = f"id{number}"
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
    return new_notebook(cells)


def prose(source: str) -> NotebookNode:
    """Make a markdown cell."""
    return new_cell("markdown", source, "x")


def code(
    source: str, *outputs: dict[str, Any], tags: Sequence[str] = ()
) -> NotebookNode:
    """Make a code cell that has run and stores the given outputs."""
    cell = new_cell("code", source, "x", tags)
    cell.outputs = [nbformat.from_dict(output) for output in outputs]
    return cell


def printed(text: str) -> dict[str, Any]:
    """Make the output of a print."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(alt: str = "", **data: str) -> dict[str, Any]:
    """Make the output of a display; the MIME types have _ in place of /."""
    kinds = {name.replace("_", "/"): value for name, value in data.items()}
    metadata = {"image/png": {"alt": alt}} if alt else {}
    return {"output_type": "display_data", "metadata": metadata, "data": kinds}
