"""The glossary: terms, PyTorch's names for them, and where they are introduced."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tools.building.project import Project
from tools.writing.lessons import lesson_link, lesson_of

SOURCE = "pages/glossary.toml"
_INTRODUCTION = """\
# Glossary

The workbook's {count} terms, each with the lesson that introduces it, and with
PyTorch's name where there is one. `nn` is `torch.nn`, `F` is `torch.nn.functional`; a
name in parentheses is an argument.
"""


@dataclass(frozen=True)
class Term:
    """One entry.

    Attributes:
        name: The term as the glossary spells it.
        lesson: Number of the lesson that introduces it.
        text: What it means.
        pytorch: Names, such as ``nn.Conv2d``; ``nn.Conv2d(stride)`` is an argument.
        find: How the lesson spells it, if otherwise.
    """

    name: str
    lesson: str
    text: str
    pytorch: tuple[str, ...] = ()
    find: str = ""

    @property
    def spelling(self) -> str:
        """What stands in the lesson."""
        return self.find or self.name

    @property
    def letter(self) -> str:
        """The letter under which it stands."""
        return self.name[0].upper()


def terms(root: Path) -> list[Term]:
    """Read all terms, in the order of the alphabet."""
    entries = tomllib.loads((root / SOURCE).read_text("utf-8"))
    made = [
        Term(name, **{**entry, "pytorch": tuple(entry.get("pytorch", ()))})
        for name, entry in entries.items()
    ]
    return sorted(made, key=lambda term: term.name.casefold())


def glossary(project: Project) -> str:
    """Return the page."""
    found = terms(project.root)
    parts = [_INTRODUCTION.format(count=len(found))]
    for letter, group in groupby(found, key=lambda term: term.letter):
        parts.append(f"## {letter}\n")
        parts.append("\n".join(_line(project, term) for term in group) + "\n")
    return "\n".join(parts)


def _line(project: Project, term: Term) -> str:
    names = ", ".join(f"`{name}`" for name in term.pytorch)
    lesson = lesson_link(lesson_of(project, term.lesson))
    start = " · ".join(filter(None, [f"**{term.name}**", names, lesson]))
    return f"- {start}<br>{term.text}"
