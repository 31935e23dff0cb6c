"""data/README.md: every file that the workbook carries has a line with its source."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data"


def patterns() -> list[str]:
    """The file patterns in the first column of the table of what is carried."""
    text = (DATA / "README.md").read_text("utf-8")
    section = text.split("## What comes with the workbook\n")[1].split("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    assert all(all(cell.strip() for cell in row[1:-1]) for row in rows), "empty cell"
    return [pattern for row in rows for pattern in re.findall("`(.+?)`", row[1])]


def tracked() -> list[str]:
    """The files under data/ that git keeps, by their paths inside it."""
    command = ["git", "ls-files", "-z", "--", "."]
    try:
        done = subprocess.run(command, cwd=DATA, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a clone: only git knows what belongs to the workbook")
    return done.stdout.decode().strip("\0").split("\0")


def test_every_file_has_a_line() -> None:
    missing = [
        name for name in tracked() if not any(fnmatch(name, p) for p in patterns())
    ]
    assert missing == [], "say in data/README.md where they come from"


def test_every_line_has_a_file() -> None:
    dead = [p for p in patterns() if not any(fnmatch(name, p) for name in tracked())]
    assert dead == []


def test_every_tool_that_is_named_is_there() -> None:
    named = re.findall(r"`(tools/\w+\.py)`", (DATA / "README.md").read_text("utf-8"))
    assert len(named) >= 9
    assert all((DATA.parent / name).is_file() for name in named)
