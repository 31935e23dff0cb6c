"""Score cards as files: nothing is lost, and nothing that was changed is believed."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from course_utils import scorecard
from course_utils.scorecard import files
from tests.scorecard_toys import card


def test_card_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = scorecard.write(card(), tmp_path / "new" / "scorecard.json")
    assert scorecard.read(path) == card()
    found = json.loads(path.read_text("utf-8"))
    assert found["schema"] == "cnn-workbook/scorecard"
    assert found["schema_version"] == 1
    assert found["test"]["accuracy"] == 0.8
    assert found["task"]["fingerprint"] == "0123456789abcdef"


def test_other_card_gets_a_number_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "scorecard.json"
    cards = [card(), card(correct=900), card(correct=700)]
    written = [scorecard.write(one, path) for one in cards]
    assert [p.name for p in written] == [
        "scorecard.json",
        "scorecard_2.json",
        "scorecard_3.json",
    ]
    assert [scorecard.read(p) for p in written] == cards
    assert len(list(tmp_path.iterdir())) == 3


def test_same_card_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "scorecard.json"
    assert scorecard.write(card(), path) == scorecard.write(card(), path) == path
    assert len(list(tmp_path.iterdir())) == 1


def test_foreign_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "scorecard.json"
    path.write_bytes(b"\xff my notes")
    assert scorecard.write(card(), path).name == "scorecard_2.json"
    assert path.read_bytes() == b"\xff my notes"


def test_failed_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        scorecard.write(card(), tmp_path / "scorecard.json")
    assert list(tmp_path.iterdir()) == []


def test_default_place_is_my_work_inside_the_workbook_and_here_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, elsewhere = tmp_path / "workbook", tmp_path / "elsewhere"
    (root / "notebooks").mkdir(parents=True)
    elsewhere.mkdir()
    monkeypatch.setattr(files, "checkout", lambda: root)
    for folder in (root, root / "notebooks"):
        monkeypatch.chdir(folder)
        assert scorecard.default_path() == root / "my_work" / "scorecard.json"
    monkeypatch.chdir(elsewhere)
    assert scorecard.default_path() == elsewhere / "scorecard.json"


# reading with a sharp eye


def changed_file(path: Path, **changes: Any) -> Path:
    """Write a card with some entries changed; a.b names an entry b within a."""
    scorecard.write(card(), path)
    found = json.loads(path.read_text("utf-8"))
    for place, value in changes.items():
        *outer, last = place.split("__")
        inside = found
        for name in outer:
            inside = inside[name]
        inside[last] = value
    path.write_text(json.dumps(found), "utf-8")
    return path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test__accuracy": 0.99}, r"test\.accuracy is 0\.99, but .* give 0\.8"),
        ({"test__correct": 990}, r"test\.correct is 990, but .* give 800"),
        ({"test__interval": [0.9, 1.0]}, r"test\.interval is"),
        ({"test__confusion": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}, "add up to 3 images"),
        ({"test__confusion": [[1, 0], [0, 1]]}, "not 3 × 3"),
        ({"test__confusion": [[0] * 3] * 3}, "all 0"),
        ({"test__confusion": [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]}, "whole numbers"),
        ({"schema": "something else"}, "no score card"),
        ({"schema_version": 2}, "version 2, and this workbook reads version 1"),
        ({"seed": "zero"}, "seed is 'zero', a str"),
        ({"parameters": True}, "parameters is True, a bool"),
        ({"task__colour": "blue"}, "not as scorecard.write made it"),
        ({"history": [{"epoch": 1}]}, "not as scorecard.write made it"),
    ],
)
def test_changed_card_is_refused_and_told_why(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    path = changed_file(tmp_path / "scorecard.json", **changes)
    with pytest.raises(ValueError, match=said) as caught:
        scorecard.read(path)
    assert str(caught.value).startswith("scorecard.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1}', "\x00"])
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"scorecard\.json"):
        scorecard.read(path)


def test_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        scorecard.read(tmp_path / "scorecard.json")


@pytest.mark.parametrize("name", sorted(files._KINDS))
def test_missing_entry_is_named(tmp_path: Path, name: str) -> None:
    path = scorecard.write(card(), tmp_path / "scorecard.json")
    found = json.loads(path.read_text("utf-8"))
    del found[name]
    path.write_text(json.dumps(found), "utf-8")
    said = {"schema": "no score card", "schema_version": "has version None"}
    with pytest.raises(ValueError, match=said.get(name, name)):
        scorecard.read(path)
