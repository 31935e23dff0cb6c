"""What the build refuses in a lesson, and with which words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode

from tests.tiny_workbook import LESSON, tiny_workbook
from tools.building.assemble import assemble
from tools.building.project import BuildError


def assembled(root: Path, lesson: str) -> dict[Any, NotebookNode]:
    project = tiny_workbook(root, lesson)
    return assemble(project, project.lessons()[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.replace("parameters", "parametres"), "unknown tag 'parametres'"),
        (lambda s: s.replace("seed = 0", "seed = int(0)"), "expected only literals"),
        (lambda s: s.replace("seed = 0", "import os"), "expected only literals"),
        (lambda s: s.replace(' tags=["parameters"]', ""), "0 cells are tagged"),
        (lambda s: s.replace("seed = 0", "%time"), "not valid Python"),
        (lambda s: s.replace("seed = 0", "!ls"), "not valid Python"),
        (lambda s: s.replace("# # 2", "# 2"), "begin with the title"),
        (lambda s: s + "\n# %% solution\nx = 1\n", "title='solution'"),
        (lambda s: s + '\n# %% tag=["solution"]\nx = 1\n', "cell header with tag="),
        (lambda s: s + '\n# % tags=["solution"]\nx = 1\n', "is no cell header"),
        (
            lambda s: s + '\n# %% [markdown] tags=["parameters"]\n# x\n',
            "on a markdown cell",
        ),
        (
            lambda s: s + '\n# %% tags=["nbval-ignore-output"]\nx = 1\n',
            "must say why its output may differ",
        ),
        (
            lambda s: s.replace("# %%\ndef", '# %% tags=["solution"]\ndef'),
            "use one or the other",
        ),
        (lambda s: s.replace("### END SOLUTION", "### END"), "looks like"),
    ],
)
def test_a_lesson_against_the_rules_is_refused(
    tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    changed = change(LESSON)
    assert changed != LESSON
    with pytest.raises(BuildError, match=r"^lessons/02_toy\.py") as caught:
        assembled(tmp_path, changed)
    assert message in str(caught.value)


def test_a_refusal_names_the_line_of_the_file(tmp_path: Path) -> None:
    lesson = LESSON.replace("### END SOLUTION", "### END SOLUTON")
    line = lesson.splitlines().index("    ### END SOLUTON") + 1
    with pytest.raises(BuildError, match=rf"^lessons/02_toy\.py:{line}: "):
        assembled(tmp_path, lesson)


def test_a_lesson_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no lesson 07 in lessons/; there are 02"):
        tiny_workbook(tmp_path).lessons(["7"])
