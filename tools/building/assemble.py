"""Makes the two unexecuted notebooks of a lesson from its cells."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Iterable

from nbformat import NotebookNode

from tools.building import stubs
from tools.building.project import BuildError, Lesson, Project, Version
from tools.building.source import SourceCell, read_cells
from tools.markdown import redirect_links
from tools.notebook import new_cell, new_notebook

_SETUP = """\
# Set-up: fetches the course's library where it is missing, as on Colab.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("course_utils") is None:
    release = "{release}"
    wheel = f"{{release}}/{wheel}"
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", wheel]  # torch stays
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode != 0:
        advice = "connect to the internet and run this cell again, or use `make lab`"
        raise ImportError(f"course_utils is missing: {{advice}}.\\n{{done.stderr}}")
    importlib.invalidate_caches()
from course_utils import packages

packages.require({packages})
"""
# what a lesson imports, by the package that it needs for it
_ON_REQUEST = {
    "torchmetrics": re.compile(r"^\s*(from|import) torchmetrics\b", re.MULTILINE),
    "pycocotools": re.compile(
        r"^\s*(from|import) torchmetrics\.detection\b", re.MULTILINE
    ),
}
_LINKS_FROM = {"worked": "../../notebooks", "student": "../notebooks"}


def assemble(project: Project, lesson: Lesson) -> dict[Version, NotebookNode]:
    """Return the worked and the student notebook, without outputs."""
    cells = read_cells(lesson)
    return {
        "worked": _notebook(project, lesson, cells, "worked"),
        "student": _notebook(project, lesson, cells, "student"),
    }


def _notebook(
    project: Project, lesson: Lesson, cells: list[SourceCell], version: Version
) -> NotebookNode:
    seen: Counter[str] = Counter()
    made = []
    for number, cell in enumerate(cells):
        worked = stubs.without_markers(cell.source, cell.regions)
        # the worked source names the cell in both versions, so that ids agree
        identity = _identity(lesson, worked, seen)
        source = worked if version == "worked" else _student_source(cell)
        if source is None:
            continue
        if cell.kind == "markdown":
            source = _redirected(source, version)
        if number == 0:
            source = _with_header(source, project, lesson, version)
        is_stub = version == "student" and cell.is_solution
        tags = [tag for tag in cell.tags if not (is_stub and tag == "solution")]
        made.append(new_cell(cell.kind, source, identity, tags))
    setup = setup_source(project, [cell.source for cell in made])
    made.insert(1, new_cell("code", setup, _identity(lesson, setup, seen)))
    return new_notebook(made)


def setup_source(project: Project, sources: Iterable[str] = ()) -> str:
    """The cell that installs the library, of the badge's own tag, where it is missing.

    Args:
        project: Where the workbook is published.
        sources: The other cells: what they import must be there.
    """
    text = "\n".join(sources)
    wanted = [name for name, found in _ON_REQUEST.items() if found.search(text)]
    release, _, wheel = project.wheel_url.rpartition("/")
    packages = ", ".join(f'"{name}"' for name in wanted)
    return _SETUP.format(release=release, wheel=wheel, packages=packages).strip()


def badge_url(project: Project, path: str) -> str:
    """The address at which Colab opens a file of the published repository."""
    colab = "https://colab.research.google.com/github"
    return f"{colab}/{project.repository}/blob/{project.ref}/{path}"


def _identity(lesson: Lesson, source: str, seen: Counter[str]) -> str:
    seen[source] += 1
    text = f"{lesson.name}\n{source}\n{seen[source]}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _student_source(cell: SourceCell) -> str | None:
    """The cell's source with stubs, None where students do not get the cell."""
    if cell.kind == "markdown":
        return None if cell.is_solution else cell.source
    try:
        if cell.is_solution:
            return stubs.cell_stub(cell.source)
        return stubs.with_stubs(cell.source, cell.regions)
    except ValueError as error:
        line = cell.regions[0].begin if cell.regions else 0
        raise BuildError(f"{cell.place(line)}: {error}") from error


def _redirected(source: str, version: Version) -> str:
    """Links, written relative to ``notebooks/``, made right for this version's folder.

    Those of the student version also hold from ``my_work/``, where copies are kept.
    """
    folder = _LINKS_FROM[version]
    return redirect_links(
        source, lambda target: posixpath.normpath(posixpath.join(folder, target))
    )


def _with_header(
    source: str, project: Project, lesson: Lesson, version: Version
) -> str:
    title, _, rest = source.partition("\n")
    url = badge_url(project, lesson.shown(lesson.notebook(version)))
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    badge = f"[![Open this notebook in Colab]({image})]({url})"
    if version == "worked":
        note = f"This is the worked solution of [the lesson](../{lesson.name}.ipynb)."
    else:
        note = (
            f"**Work on a copy:** run `make start LESSON={lesson.number}`, or choose "
            "“Save a copy in Drive” on Colab.\nCompare with the [worked solution]"
            f"(../notebooks/solutions/{lesson.name}.ipynb) when you have tried."
        )
    return f"{title}\n\n{badge}\n\n{note}\n{rest}".rstrip("\n")
