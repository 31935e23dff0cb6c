"""Students' copies: never overwritten, never lost."""

import subprocess
from pathlib import Path

import pytest

from tools.my_work import NotDoneError, rescue, start


def _git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone with two lessons."""
    for folder in ("notebooks", "notebooks/solutions"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "02_topic.ipynb").write_text("ours 02", encoding="utf-8")
    (tmp_path / "notebooks/03_other.ipynb").write_text("ours 03", encoding="utf-8")
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "--message", "lessons")
    return tmp_path


@pytest.mark.parametrize("lesson", ["02", "2"])
def test_start_copies_the_lesson(root: Path, lesson: str) -> None:
    assert "my_work/02_topic.ipynb" in start(root, lesson)
    assert (root / "my_work/02_topic.ipynb").read_text() == "ours 02"


def test_start_never_overwrites(root: Path) -> None:
    start(root, "02")
    (root / "my_work/02_topic.ipynb").write_text("my answer", encoding="utf-8")
    assert "stays as it is" in start(root, "02")
    assert (root / "my_work/02_topic.ipynb").read_text() == "my answer"


@pytest.mark.parametrize("lesson", ["", "07", "*"])
def test_start_lists_the_lessons_when_there_is_none_of_that_number(
    root: Path, lesson: str
) -> None:
    with pytest.raises(NotDoneError, match="02, 03"):
        start(root, lesson)
    assert not (root / "my_work").exists()


def test_rescue_moves_the_edit_and_restores_ours(root: Path) -> None:
    edited = root / "notebooks/02_topic.ipynb"
    edited.write_text("my answer", encoding="utf-8")
    assert "my_work/02_topic.ipynb" in rescue(root)
    assert edited.read_text() == "ours 02"
    assert (root / "my_work/02_topic.ipynb").read_text() == "my answer"


def test_rescue_keeps_what_is_in_my_work(root: Path) -> None:
    start(root, "02")
    (root / "notebooks/02_topic.ipynb").write_text("my answer", encoding="utf-8")
    rescue(root)
    assert (root / "my_work/02_topic.ipynb").read_text() == "ours 02"
    assert (root / "my_work/02_topic_2.ipynb").read_text() == "my answer"


def test_rescue_with_nothing_edited_changes_nothing(root: Path) -> None:
    assert "Nothing to rescue" in rescue(root)
    assert not (root / "my_work").exists()


def test_rescue_outside_a_clone_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotDoneError, match="by hand"):
        rescue(tmp_path)
