"""All pages: which there are, how they are written, and whether they are fresh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tools.building.project import Project
from tools.writing.errata import errata
from tools.writing.glossary import glossary
from tools.writing.mistakes import mistakes

PAGES: Final[dict[str, Callable[[Project], str]]] = {
    "pages/glossary.md": glossary,
    "pages/silent_mistakes.md": mistakes,
    "pages/errata.md": errata,
}


def write_pages(project: Project) -> list[str]:
    """Write every page; return the names of those that have changed."""
    changed = []
    for name, page in PAGES.items():
        path, text = project.root / name, page(project)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            changed.append(name)
    return changed


def stale_pages(project: Project) -> list[str]:
    """Return one message for each page that is not as its sources have it."""
    return [
        f"{name} is not up to date; run `python -m tools.pages`"
        for name, page in PAGES.items()
        if not (project.root / name).exists()
        or (project.root / name).read_text("utf-8") != page(project)
    ]
