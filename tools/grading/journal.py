"""What is already graded, line by line, so that a crash costs what was running.

A line is on disk before the next submission is begun, and what is done under a key is
not graded again.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any


def key(*parts: str) -> str:
    """Name a grading by all that decides it: version, file, student, settings."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class Journal:
    """The gradings of a results folder.

    Attributes:
        done: What each grading gave, by its key.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, dict[str, Any]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            self._read()

    def finish(self, name: str, report: dict[str, Any]) -> None:
        """Note what a grading gave; it is on disk when this returns."""
        self.done[name] = report
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"done": name, "report": report}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        text = self.path.read_text("utf-8", errors="replace")
        if text and not text.endswith("\n"):  # torn by a crash: begin a new line
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n")
        for line in text.splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # the torn line: its submission is graded again
            self.done[entry["done"]] = entry["report"]
