"""A new version: every place says it, and no output is lost or claimed wrongly."""

from pathlib import Path

import pytest
from nbformat.v4 import new_output

import course_utils
from tests.tiny_workbook import tiny_workbook
from tools.building.assemble import assemble, badge_url
from tools.building.freshness import stale
from tools.building.project import VERSIONS, BuildError, Project
from tools.notebook import read, to_text
from tools.release import main, release

OUTPUT = new_output("stream", name="stdout", text="4\n")


def published(root: Path) -> Project:
    """A small workbook whose notebooks were run, of the tag v1."""
    project = tiny_workbook(root)
    (lesson,) = project.lessons()
    for version, notebook in assemble(project, lesson).items():
        notebook.cells[-1].outputs = [OUTPUT]
        notebook.cells[-1].execution_count = 4
        lesson.notebook(version).write_text(to_text(notebook), "utf-8")
    badge = badge_url(project, "notebooks/02_toy.ipynb")
    (root / "README.md").write_text(f"[lesson]({badge}), version v1, av1/v12\n")
    (root / "course_utils" / "__init__.py").write_text('__version__ = "1.0.0"\n')
    return project


def test_the_tag_of_the_workbook_is_the_version_of_its_library() -> None:
    assert Project.load().ref == f"v{course_utils.__version__}"


def test_badges_pages_wheel_and_library_change_together(tmp_path: Path) -> None:
    published(tmp_path)
    new = release(tmp_path, "1.2.0")
    assert Project.load(tmp_path) == new
    assert new.ref == "v1.2.0"
    assert new.wheel_url.endswith("/v1.2.0/cnn_workbook-1.2.0-py3-none-any.whl")
    badge = badge_url(new, "notebooks/02_toy.ipynb")
    page = (tmp_path / "README.md").read_text()
    assert page == f"[lesson]({badge}), version v1, av1/v12\n"
    library = (tmp_path / "course_utils" / "__init__.py").read_text()
    assert library == '__version__ = "1.2.0"\n'


def test_the_notebooks_are_those_of_the_new_tag_and_keep_their_outputs(
    tmp_path: Path,
) -> None:
    published(tmp_path)
    new = release(tmp_path, "1.2.0")
    (lesson,) = new.lessons()
    assert stale(new, lesson) == []
    for version in VERSIONS:
        last = read(lesson.notebook(version)).cells[-1]
        assert last.outputs == [OUTPUT]
        assert last.execution_count == 4


def test_outputs_of_another_lesson_are_not_taken_over(tmp_path: Path) -> None:
    (lesson,) = published(tmp_path).lessons()
    lesson.source.write_text(lesson.source.read_text() + "\n# %%\nprint(5)\n")
    before = lesson.notebook("student").read_bytes()
    with pytest.raises(BuildError, match=r"Run `make lesson LESSON=02` first"):
        release(tmp_path, "1.2.0")
    assert lesson.notebook("student").read_bytes() == before


def test_a_version_is_three_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v2"]) == 1
    assert "found version 'v2'; expected one such as 0.2.0" in capsys.readouterr().err
