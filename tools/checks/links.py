"""Resolves every link and badge of the notebooks and pages, without the network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from tools import markdown
from tools.building.assemble import badge_url
from tools.building.project import VERSIONS, Lesson, Project, Version
from tools.notebook import cell_place, read

_BADGE = "https://colab.research.google.com/github/"
_SKIPPED = {"build", "my_work", "node_modules", "cache"}


def notebook_faults(project: Project, lesson: Lesson) -> list[str]:
    """Return one message for each broken link or badge of a lesson's two notebooks."""
    # students read their copy in my_work/: links must lead on from there too
    copies = project.root / "my_work"
    starts: dict[Version, list[Path | None]] = {
        "worked": [None],
        "student": [None, copies],
    }
    messages = []
    for version in VERSIONS:
        path = lesson.notebook(version)
        if path.exists():  # else the freshness check says so
            faults = _faults_in(project, path, starts[version])
            messages += [f"{lesson.shown(path)}{fault}" for fault in faults]
    return messages


def _faults_in(
    project: Project, path: Path, starts: Sequence[Path | None]
) -> Iterator[str]:
    notebook = read(path)
    own_badge = badge_url(project, path.relative_to(project.root).as_posix())
    badges = 0
    for index, cell in enumerate(notebook.cells):
        place = f", {cell_place(notebook, index)}"
        found = markdown.links(cell.source) if cell.cell_type == "markdown" else []
        for link in found:
            tried = (_fault(project, path, link.target, start) for start in starts)
            fault = next(filter(None, tried), None)
            if fault:
                yield f"{place}: {fault}"
            if link.target.startswith(_BADGE):
                badges += 1
                if link.target != own_badge:
                    yield f"{place}: the badge opens {link.target}, not {own_badge}"
    if badges == 0:
        yield ": no Colab badge; build the lesson"


def page_faults(project: Project) -> list[str]:
    """Return one message for each broken link of the project's markdown pages."""
    messages = []
    for path in _pages(project.root):
        shown = path.relative_to(project.root).as_posix()
        for link in markdown.links(path.read_text("utf-8")):
            fault = _fault(project, path, link.target) or _badge_fault(
                project, link.target
            )
            if fault:
                messages.append(f"{shown}: {fault}")
            if link.is_image and not link.text.strip():
                messages.append(f"{shown}: image `{link.target}` without alt text")
    return messages


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page or notebook, as GitHub and as Jupyter spell them."""
    if path.suffix == ".ipynb":
        cells = [c for c in read(path).cells if c.cell_type == "markdown"]
        texts = [cell.source for cell in cells]
    else:
        texts = [path.read_text("utf-8")]
    found: set[str] = set()
    for text in texts:
        found.update(markdown.html_facts(text).anchors)
        for _, words in markdown.headings(text):
            kept = re.sub(r"[^\w\- ]", "", words.lower())
            found |= {kept.replace(" ", "-"), words.replace(" ", "-")}
    return found


def _pages(root: Path) -> Iterator[Path]:
    yield from sorted(root.glob("*.md"))
    for folder in sorted(root.iterdir()):
        skipped = folder.name in _SKIPPED or folder.name in {".git", ".venv"}
        if folder.is_dir() and not skipped:
            pages = sorted(folder.rglob("*.md"))
            yield from (p for p in pages if _SKIPPED.isdisjoint(p.parts))


def _fault(
    project: Project, path: Path, target: str, folder: Path | None = None
) -> str | None:
    if re.match(r"mailto:|data:image/", target):
        return None
    if re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.IGNORECASE):
        if not re.fullmatch(r"https://[\w.-]+(:\d+)?([/?#]\S*)?", target):
            return f"link to `{target}`; expected https:// and no spaces"
        return None
    name, _, anchor = unquote(target).partition("#")
    file = ((folder or path.parent) / name).resolve() if name else path
    if not file.is_relative_to(project.root.resolve()) or not file.exists():
        where = f" from {folder.name}/" if folder else ""
        return f"link to `{target}` leads to no file of the project{where}"
    if anchor and file.suffix in (".md", ".ipynb") and anchor not in anchors(file):
        return f"link to `{target}`: {file.name} has no heading `#{anchor}`"
    return None


def _badge_fault(project: Project, target: str) -> str | None:
    start = badge_url(project, "")
    if not target.startswith(_BADGE):
        return None
    file = project.root / target.removeprefix(start)
    if target.startswith(start) and file.is_file():
        return None
    return f"the badge opens `{target}`; expected {start} and a notebook of the project"
