"""Each submission in a world of its own: it sees and changes nothing else."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.grading_books import outline, solved
from tests.grading_reports import ALL, grade, right, told
from tools.grading.confine import Isolation
from tools.grading.workshop import Workshop

_WRITES = "with open('notes.txt', 'w') as file:\n    file.write('notes')"


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    made = closing(Workshop(outline()))
    with pytest.MonkeyPatch.context() as patch, made as opened:
        patch.setenv("TEACHERS_TOKEN", "abc")
        yield opened


def test_other_submissions_are_out_of_reach(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "bob.ipynb").write_text("bob's answers")
    seen = told(workshop, f"open({str(tmp_path / 'bob.ipynb')!r}).read()")
    assert "bob's answers" not in seen
    assert "Error" in seen


def test_nothing_is_written_outside(workshop: Workshop, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    target = tmp_path / "was_here"
    before = f"import os\nos.makedirs({str(tmp_path)!r}, exist_ok=True)\n"
    told(workshop, f"open({str(target)!r}, 'w').write('x')", before)
    assert not target.exists()


def test_own_folder_can_be_written(workshop: Workshop) -> None:
    seen = told(workshop, "len(open('notes.txt').read())", _WRITES)
    assert "It is 5" in seen or "it is 5" in seen.lower()


def test_library_cannot_be_changed(workshop: Workshop) -> None:
    import course_utils

    path = course_utils.__file__
    assert "Error" in told(workshop, f"open({path!r}, 'a').write('x')")


def test_there_is_no_network(workshop: Workshop) -> None:
    seen = told(
        workshop, "socket.create_connection(('127.0.0.1', 1), 2)", "import socket"
    )
    assert "Error" in seen
    assert "refused" not in seen  # that would be an answer from a network


def test_teachers_environment_is_not_inside(workshop: Workshop) -> None:
    assert "None" in told(workshop, "os.environ.get('TEACHERS_TOKEN')", "import os")


def test_one_submission_leaves_nothing_to_the_next(workshop: Workshop) -> None:
    told(workshop, "1", _WRITES.replace("notes.txt", "left.txt") + "\nimport json")
    assert "Error" in told(workshop, "open('left.txt').read()")


@pytest.mark.parametrize(
    "expression",
    [
        "open('<outside>/bob.ipynb').read()",
        "open('<outside>/new', 'w').write('x')",
        "__import__('os').remove('<outside>/bob.ipynb')",
        "__import__('os').listdir('<outside>')",
        "__import__('socket').create_connection(('127.0.0.1', 1))",
        "__import__('subprocess').run(['true'])",
        "__import__('os').fork()",
        "__import__('os').kill(1, 0)",
    ],
)
def test_without_namespaces_python_itself_refuses(
    workshop: Workshop, tmp_path: Path, expression: str
) -> None:
    (tmp_path / "bob.ipynb").write_text("bob's answers")
    text = expression.replace("<outside>", str(tmp_path))
    seen = told(workshop, text, isolation=Isolation.GUARDS)
    assert "ForbiddenError" in seen or "PermissionError" in seen
    assert [path.name for path in tmp_path.iterdir()] == ["bob.ipynb"]


def test_without_namespaces_right_answers_count(workshop: Workshop) -> None:
    report = grade(workshop, solved(), isolation=Isolation.GUARDS)
    assert (right(report), report.isolation) == (ALL, "guards")
