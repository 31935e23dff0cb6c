"""The known mistakes of all exercises, in groups, and how each of them shows itself."""

from __future__ import annotations

import copy
import importlib
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake, as_value, call
from tools.building.project import Lesson, Project
from tools.writing.lessons import cell, exercise_link, table

SOURCE: Final = "pages/mistakes.toml"
SILENT: Final = "silent"
SHAPE: Final = "another shape"
ERROR: Final = "an error"
_INTRODUCTION = """\
# Silent mistakes

The workbook's exercises know {count} mistakes, and recognise an answer that makes one
of them. **{silent} of them are silent**: on every example of the exercise the code
runs to its end and gives an answer of the right shape; only its values are wrong. The
others show themselves on some example, by another shape or by an error.

The groups say what mistakes have in common, and how to notice them; look there for
your own habits.
"""
_HEADER = ("Exercise", "Mistake", "What the check says", "Shows itself by")


@dataclass(frozen=True)
class Group:
    """Mistakes that have something in common.

    Attributes:
        title: What they have in common.
        text: How one notices them.
        words: A mistake belongs here if a part of its name begins with one of these.
    """

    title: str
    text: str
    words: tuple[str, ...]

    def holds(self, name: str) -> bool:
        """Whether a mistake of this name belongs to the group."""
        return any(re.search(rf"(^|_){re.escape(w)}", name) for w in self.words)


@dataclass(frozen=True)
class Known:
    """A mistake, its exercise, and how it shows itself on the exercise's cases."""

    lesson: Lesson
    exercise: Exercise
    mistake: Mistake
    shows: str


def groups(root: Path) -> list[Group]:
    """Read the groups, in their order; the last one takes what is left."""
    entries = tomllib.loads((root / SOURCE).read_text("utf-8"))["group"]
    return [Group(e["title"], e["text"], tuple(e["words"])) for e in entries]


def known_mistakes(lessons: Sequence[Lesson]) -> Iterator[Known]:
    """Yield every known mistake, by lesson and in the order of the exercises."""
    for lesson in lessons:
        module = importlib.import_module(f"course_utils.checks.lesson{lesson.number}")
        found = [e for e in vars(module).values() if isinstance(e, Exercise)]
        for exercise in sorted(found, key=_number):
            for mistake, shows in zip(exercise.mistakes, signs(exercise), strict=True):
                yield Known(lesson, exercise, mistake, shows)


def signs(exercise: Exercise) -> list[str]:
    """How each mistake of an exercise shows itself on the fixed cases."""
    cases = exercise.cases or exercise.all_cases()
    right = [_form(_result(exercise, exercise.reference, case)) for case in cases]
    return [_sign(exercise, mistake, cases, right) for mistake in exercise.mistakes]


def mistakes(project: Project) -> str:
    """Return the page."""
    rows: dict[Group, list[tuple[str, ...]]] = {g: [] for g in groups(project.root)}
    for known in known_mistakes(project.lessons()):
        group = next(g for g in rows if g.holds(known.mistake.name))
        rows[group].append(_row(known))
    signs = [row[-1] for found in rows.values() for row in found]
    count, silent = len(signs), signs.count(SILENT)
    parts = [_INTRODUCTION.format(count=count, silent=silent)]
    for group, found in rows.items():
        parts += [f"## {group.title}\n", f"{group.text}\n"]
        parts.append(table(_HEADER, found) + "\n")
    return "\n".join(parts)


def _row(known: Known) -> tuple[str, ...]:
    return (
        exercise_link(known.lesson, known.exercise.title),
        known.mistake.name.replace("_", " "),
        cell(known.mistake.hint),
        known.shows,
    )


def _number(exercise: Exercise) -> tuple[int, ...]:
    return tuple(map(int, exercise.title.partition(" ")[0].split(".")))


def _sign(
    exercise: Exercise, mistake: Mistake, cases: Sequence[Case], right: list[object]
) -> str:
    try:
        wrong = [_form(_result(exercise, mistake.wrong, case)) for case in cases]
    except Exception:  # what a wrong answer raises is what we ask for
        return ERROR
    return SILENT if wrong == right else SHAPE


def _result(exercise: Exercise, answer: Any, case: Case) -> Any:
    use = exercise.use or (as_value if exercise.is_value else call)
    args, kwargs = copy.deepcopy((case.args, case.kwargs))
    return use(answer, *args, **kwargs)


def _form(value: Any) -> object:
    """The shape of a tensor, of each tensor in a list; numbers are all alike."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {key: _form(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_form(item) for item in value]
    return "a value" if value is not None else "nothing"
