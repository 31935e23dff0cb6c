"""Links from a page to a lesson, and to a heading in it."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import quote

from tools import markdown
from tools.building.project import BuildError, Lesson, Project
from tools.notebook import read


def lesson_of(project: Project, number: str) -> Lesson:
    """The lesson with this number.

    Raises:
        BuildError: If there is none.
    """
    return project.lessons([number])[0]


@cache
def headings(lesson: Lesson) -> tuple[str, ...]:
    """The headings of a lesson's student notebook, in order."""
    cells = read(lesson.built("student")).cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    return tuple(words for text in prose for _, words in markdown.headings(text))


def heading_link(lesson: Lesson, heading: str, words: str) -> str:
    """A link, from ``pages/``, to a heading of a lesson.

    Raises:
        BuildError: If the lesson has no such heading.
    """
    if heading not in headings(lesson):
        raise BuildError(
            f"{lesson.name} has no heading {heading!r}; it has "
            + "; ".join(headings(lesson))
        )
    return f"[{words}]({_target(lesson)}#{quote(heading.replace(' ', '-'))})"


def lesson_link(lesson: Lesson) -> str:
    """A link, from ``pages/``, to a lesson."""
    return f"[lesson {lesson.number}]({_target(lesson)})"


def exercise_link(lesson: Lesson, title: str) -> str:
    """A link to an exercise, by its title such as ``2.1 · Slide the kernel``."""
    number = title.partition(" ")[0]
    own = re.compile(rf"exercise {re.escape(number)}\b", re.IGNORECASE)
    heading = next((h for h in headings(lesson) if own.match(h)), None)
    if heading is None:
        raise BuildError(f"{lesson.name} has no heading for exercise {title!r}")
    return heading_link(lesson, heading, title)


def _target(lesson: Lesson) -> str:
    return f"../{lesson.shown(lesson.notebook('student'))}"
