"""The errata: what the slides say, what is right, where it is shown and proven."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.building.project import Project
from tools.writing.lessons import heading_link, lesson_of

SOURCE = "pages/errata.toml"
_LECTURES = {
    "I": "*Deep Learning in Python*, lecture 2 (Imperial College London)",
    "C": "*Introduction to Convolutional Neural Networks* (ETH Zürich / CSCS)",
}
_INTRODUCTION = """\
# Errata of the lectures

The {count} places in the two lectures, as transcribed, where it pays to read with a
pencil in hand. Each is shown in a lesson, and a test works it out anew whenever the
workbook is checked.
"""


@dataclass(frozen=True)
class Fault:
    """One entry.

    Attributes:
        title: What it is about.
        lecture: ``I`` or ``C``.
        said: What the slides say.
        right: What is right.
        lesson: Number of the lesson that shows it.
        heading: The heading that it stands under.
        shown: Words of that lesson that quote the slide.
        proof: Tests, ``file::function``, or lines of lessons, ``file::line``.
    """

    title: str
    lecture: str
    said: str
    right: str
    lesson: str
    heading: str
    shown: str
    proof: tuple[str, ...]


def faults(root: Path) -> list[Fault]:
    """Read all entries."""
    entries = tomllib.loads((root / SOURCE).read_text("utf-8"))["fault"]
    return [Fault(**{**entry, "proof": tuple(entry["proof"])}) for entry in entries]


def errata(project: Project) -> str:
    """Return the page."""
    found = faults(project.root)
    parts = [_INTRODUCTION.format(count=len(found))]
    parts += [_entry(project, fault) for fault in found]
    return "\n".join(parts)


def _entry(project: Project, fault: Fault) -> str:
    lesson = lesson_of(project, fault.lesson)
    words = f"lesson {lesson.number}, {fault.heading}"
    shown = heading_link(lesson, fault.heading, words)
    proven = ", ".join(map(_proof, fault.proof))
    return f"""\
## {fault.title}

- **The slides say**: {fault.said} ({_LECTURES[fault.lecture]})
- **Right is**: {fault.right}
- **Shown in**: {shown}
- **Proven by**: {proven}
"""


def _proof(proof: str) -> str:
    file, _, name = proof.partition("::")
    return f"[`{name}`](../{file})"
