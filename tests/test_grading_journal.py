"""The journal: what is graded stays graded, whatever ends the grader."""

from pathlib import Path

from tools.grading.journal import Journal, key


def test_what_is_done_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).finish("a", {"points": 3})
    assert Journal(path).done == {"a": {"points": 3}}


def test_a_line_torn_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).finish("a", {"points": 3})
    with path.open("a") as file:
        file.write('{"done": "b", "rep')
    Journal(path).finish("c", {"points": 1})
    assert set(Journal(path).done) == {"a", "c"}


def test_another_version_file_student_or_setting_is_another_grading() -> None:
    keys = {
        key("v1", "ada", "file, limits"),
        key("v2", "ada", "file, limits"),
        key("v1", "bob", "file, limits"),
        key("v1", "ada", "file, other limits"),
    }
    assert len(keys) == 4
