"""Links and badges: every one resolves, or is named."""

from pathlib import Path

import pytest

from tests.tiny_workbook import LESSON, tiny_workbook
from tools.building.assemble import assemble
from tools.building.project import VERSIONS, Project
from tools.checks.links import notebook_faults, page_faults
from tools.notebook import to_text

COLAB = "https://colab.research.google.com/github"


def workbook(root: Path, prose: str) -> Project:
    project = tiny_workbook(root, f"{LESSON}\n# %% [markdown]\n# ## End\n# {prose}\n")
    (lesson,) = project.lessons()
    for version, book in assemble(project, lesson).items():
        lesson.notebook(version).write_text(to_text(book))
    return project


def lesson_faults(project: Project) -> list[str]:
    return notebook_faults(project, project.lessons()[0])


@pytest.mark.parametrize(
    "prose",
    [
        "[this lesson](02_toy.ipynb)",
        "[the end](02_toy.ipynb#End)",
        "[the end](#end)",
        "[read me](../README.md#how-to-start)",
        "[the paper](https://arxiv.org/abs/1409.1556)",
        "`layers[0](images)`",
    ],
)
def test_good_links_resolve(tmp_path: Path, prose: str) -> None:
    (tmp_path / "README.md").write_text("# Book\n\n## How to start\n")
    assert lesson_faults(workbook(tmp_path, prose)) == []


@pytest.mark.parametrize(
    ("prose", "message"),
    [
        ("[next](03_gone.ipynb)", "03_gone.ipynb` leads to no file"),
        ("![cat](cat.png)", "cat.png` leads to no file"),
        ('<img src="cat.png" alt="cat">', "cat.png` leads to no file"),
        ("[out](../../outside.md)", "leads to no file of the project"),
        ("[the end](#ende)", "has no heading `#ende`"),
        ("[the end](02_toy.ipynb#ende)", "has no heading `#ende`"),
        ("[paper](http://arxiv.org)", "expected https://"),
        ("[paper](https:/arxiv.org)", "expected https://"),
        ("[picture](attachment:cat.png)", "expected https://"),
    ],
)
def test_broken_links_are_named(tmp_path: Path, prose: str, message: str) -> None:
    (tmp_path.parent / "outside.md").touch()
    faults = lesson_faults(workbook(tmp_path, prose))
    assert len(faults) == 2  # one a notebook
    assert faults[0].startswith("notebooks/solutions/02_toy.ipynb, cell 7 of 7 (id ")
    assert message in faults[0]


def test_a_link_that_fails_only_from_a_copy_is_named(tmp_path: Path) -> None:
    project = workbook(tmp_path, "[this](02_toy.ipynb)")
    path = project.lessons()[0].notebook("student")
    text = path.read_text()
    path.write_text(text.replace("[this](../notebooks/02_toy", "[this](02_toy"))
    (fault,) = lesson_faults(project)
    assert fault.endswith("leads to no file of the project from my_work/")


def test_a_badge_that_opens_another_file_is_named(tmp_path: Path) -> None:
    project = workbook(tmp_path, "")
    path = project.lessons()[0].notebook("student")
    text = path.read_text()
    path.write_text(text.replace("v1/notebooks/02_toy", "v1/notebooks/03_toy"))
    (fault,) = lesson_faults(project)
    assert "cell 1 of 7" in fault
    assert "the badge opens" in fault
    assert "03_toy.ipynb" in fault


def test_a_notebook_without_badge_is_named(tmp_path: Path) -> None:
    project = workbook(tmp_path, "")
    path = project.lessons()[0].notebook("worked")
    path.write_text(path.read_text().replace(COLAB, "https://example.org"))
    assert lesson_faults(project) == [
        "notebooks/solutions/02_toy.ipynb: no Colab badge; build the lesson"
    ]


def test_missing_notebooks_are_left_to_the_freshness_check(tmp_path: Path) -> None:
    project = tiny_workbook(tmp_path)
    assert not any(project.lessons()[0].notebook(v).exists() for v in VERSIONS)
    assert lesson_faults(project) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x](gone.md)", "docs/page.md: link to `gone.md` leads to no file"),
        (f"[x]({COLAB}/owner/name/blob/v1/gone.ipynb)", "the badge opens"),
        (f"[x]({COLAB}/other/name/blob/v1/README.md)", "the badge opens"),
        ("![](../README.md)", "without alt text"),
    ],
)
def test_pages_are_checked_too(tmp_path: Path, text: str, message: str) -> None:
    project = tiny_workbook(tmp_path)
    (tmp_path / "README.md").write_text(f"[x]({COLAB}/owner/name/blob/v1/README.md)")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text(text)
    (fault,) = page_faults(project)
    assert message in fault


def test_pages_outside_the_project_are_not_read(tmp_path: Path) -> None:
    project = tiny_workbook(tmp_path)
    for folder in (".venv", "build", "my_work"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "page.md").write_text("[x](gone.md)")
    assert page_faults(project) == []
