"""What a lesson asks: its exercises, their answers' names, points and cells.

All of it is read from the lesson's source, so that nothing is written twice.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from tools import markdown
from tools.building.project import ROOT, BuildError, Lesson, Project

if TYPE_CHECKING:
    from course_utils.checks.engine import Exercise

_IMPORTANCE = re.compile(r"importance\W+([1-5]) of 5", re.IGNORECASE)


@dataclass(frozen=True)
class Task:
    """One exercise as a lesson asks it.

    Attributes:
        check: Name of its check, such as ``"check_slide_kernel"``.
        answer: Name that the student's answer has in the notebook.
        title: Number and name, as on its card.
        points: What a right answer earns: the card's importance, from 1 to 5.
        cell: Id of the cell that calls the check.
    """

    check: str
    answer: str
    title: str
    points: int
    cell: str


@dataclass(frozen=True)
class Outline:
    """What is graded in a lesson, and which of its code cells are ours.

    Attributes:
        lesson: The lesson's name, such as ``"02_convolution_by_hand"``.
        tasks: The exercises in order.
        cells: Source of each code cell of the student's notebook, by the cell's id.
    """

    lesson: str
    tasks: tuple[Task, ...]
    cells: dict[str, str]

    @property
    def points(self) -> int:
        """What the whole lesson earns."""
        return sum(task.points for task in self.tasks)

    @cached_property
    def given(self) -> frozenset[str]:
        """The sources of our code cells, the unanswered stubs included."""
        return frozenset(source.strip() for source in self.cells.values())

    def exercises(self, seeds: Mapping[str, int] | None = None) -> dict[str, Exercise]:
        """The exercises by the names of their checks.

        Args:
            seeds: Begins the random cases of a check elsewhere, so that they are
                hidden from those who know only the library.
        """
        name = f"course_utils.checks.lesson{self.lesson[:2]}"
        module = importlib.import_module(name)
        found = {task.check: getattr(module, task.check) for task in self.tasks}
        hidden = seeds or {}
        return {
            check: replace(exercise, seed=hidden.get(check, exercise.seed))
            for check, exercise in found.items()
        }

    def to_json(self) -> str:
        """The outline as text, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Outline:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        tasks = tuple(Task(**task) for task in fields["tasks"])
        return cls(fields["lesson"], tasks, fields["cells"])


def read_outline(project: Project, lesson: Lesson) -> Outline:
    """Read from the lesson's source what it asks.

    Raises:
        BuildError: If a check has no card that gives its importance.
    """
    from tools.building.assemble import assemble  # jupytext takes its time

    module = importlib.import_module(f"course_utils.checks.lesson{lesson.number}")
    cells = assemble(project, lesson)["student"].cells
    tasks, card = [], ""
    for cell in cells:
        if cell.cell_type == "markdown":
            card = cell.source if markdown.headings(cell.source) else card + cell.source
            continue
        for check, answer in checks_called(cell.source):
            found = _IMPORTANCE.search(card.replace("*", ""))
            if not found:
                raise BuildError(f"{lesson.name}: {check} has no card with importance")
            title = getattr(module, check).title
            tasks.append(Task(check, answer, title, int(found[1]), cell.id))
    code = {cell.id: cell.source for cell in cells if cell.cell_type == "code"}
    return Outline(lesson.name, tuple(tasks), code)


def checks_called(source: str) -> list[tuple[str, str]]:
    """Return (check, answer's name) of each call such as ``checks.check_x(answer)``.

    The call of an exercise with a student's own numbers,
    ``checks.check_x.redrawn(7)(answer)``, counts as one of ``check_x``.
    """
    found = []
    for node in ast.walk(parsed(source) or ast.Module([], [])):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="checks"), attr=check)
                | ast.Call(
                    func=ast.Attribute(
                        value=ast.Attribute(value=ast.Name(id="checks"), attr=check),
                        attr="redrawn",
                    )
                ),
                args=[ast.Name(id=answer)],
            ) if check.startswith("check_"):
                found.append((check, answer))
    return found


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a student's cell; None if it is no Python."""
    try:
        return ast.parse(source)
    # beside wrong syntax: null bytes, half characters, brackets nested without end
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@cache
def version() -> str:
    """A fingerprint of the code that decides a grade."""
    digest = hashlib.sha256()
    for folder in ("tools/grading", "course_utils"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
