"""The errata: what the slides say, what is right, where it is shown and proven.

They are the marks of the tests that prove them: ``@pytest.mark.fault(...)``, with the
texts of an entry as literal arguments. A fault without a test cannot be on the page.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.building.project import Project
from tools.writing.lessons import heading_link, lesson_of

MARK: Final = "pytest.mark.fault"
_LECTURES: Final = {
    "I": "*Deep Learning in Python*, lecture 2 (Imperial College London)",
    "C": "*Introduction to Convolutional Neural Networks* (ETH Zürich / CSCS)",
}
_INTRODUCTION = """\
# Errata of the lectures

The {count} places in the two lectures, as transcribed, where it pays to read with a
pencil in hand. Each is shown in a lesson, and this page is made from the tests that
work it out anew whenever the workbook is checked.
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
        quote: Words of the slide, as that lesson quotes them.
        proof: The test, ``file::function``.
    """

    title: str
    lecture: str
    said: str
    right: str
    lesson: str
    heading: str
    quote: str
    proof: str


def faults(root: Path) -> Iterator[Fault]:
    """Yield the faults that the tests are marked with, file by file."""
    for file in sorted((root / "tests").glob("test_*.py")):
        text = file.read_text("utf-8")
        for node in ast.parse(text).body if f"@{MARK}(" in text else []:
            for mark in getattr(node, "decorator_list", []):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == MARK:
                    texts = {
                        str(k.arg): ast.literal_eval(k.value) for k in mark.keywords
                    }
                    name = getattr(node, "name", "")
                    yield Fault(**texts, proof=f"tests/{file.name}::{name}")


def errata(project: Project) -> str:
    """Return the page."""
    found = list(faults(project.root))
    parts = [_INTRODUCTION.format(count=len(found))]
    for lecture, title in _LECTURES.items():
        parts.append(f"## {title}\n")
        parts += [_entry(project, fault) for fault in found if fault.lecture == lecture]
    return "\n".join(parts)


def _entry(project: Project, fault: Fault) -> str:
    lesson = lesson_of(project, fault.lesson)
    words = f"lesson {lesson.number}, {fault.heading}"
    file, _, test = fault.proof.partition("::")
    return f"""\
### {fault.title}

- **The slides say**: {fault.said}
- **Right is**: {fault.right}
- **Shown in**: {heading_link(lesson, fault.heading, words)}
- **Proven by**: [`{test}`](../{file})
"""
