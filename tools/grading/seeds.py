"""Seeds that only the teacher can foresee: a sha256 of the course's secret."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from tools.grading.outline import Outline


def course_secret(course: Path) -> str:
    """Return the secret of a course; made on the first call, readable by its owner."""
    path = course / "secret.txt"
    if not path.exists():
        course.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    return path.read_text("utf-8").strip()


def seed_for(secret: str, *parts: str) -> int:
    """Return a whole number below 2³¹ that nobody without the secret can compute."""
    text = "\0".join([secret, *parts])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) >> 1


def hidden_seeds(secret: str, outline: Outline) -> dict[str, int]:
    """Seeds of the hidden random cases, by check."""
    return {
        task.check: seed_for(secret, "hidden", outline.lesson, task.check)
        for task in outline.tasks
    }


def own_seeds(secret: str, outline: Outline, student: str) -> dict[str, int]:
    """Seeds of one student's own numbers, for the exercises that can be redrawn."""
    return {
        check: seed_for(secret, "own", student, outline.lesson, check)
        for check, exercise in outline.exercises().items()
        if exercise.redraw is not None
    }
