"""Writes a lesson as one page of markdown, with its pictures beside it."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from tools.building.assemble import badge_url
from tools.building.project import BuildError, Lesson, Version
from tools.building.source import read_cells
from tools.markdown import redirect_links
from tools.notebook import read
from tools.publishing.explorers import LiveExplorers
from tools.publishing.fold import Folded, reading_order
from tools.publishing.links import PICTURES, Links

_HEADER = 2  # cells that the build adds: title with badge, set-up
_BACKTICKS = re.compile(r"`{3,}")


def lesson_page(lesson: Lesson, links: Links) -> str:
    """Return a lesson as markdown for the site.

    Raises:
        BuildError: If an output is of a kind that a page cannot show.
    """
    student, worked = (read(lesson.built(v)).cells for v in ("student", "worked"))
    title, _, opening = read_cells(lesson)[0].source.partition("\n")
    page = _Page(lesson, links, LiveExplorers(worked))
    parts = [title, _ways_to_run(lesson, links), page.prose(opening, "student")]
    for part in reading_order(student[_HEADER:], worked[_HEADER:]):
        if isinstance(part, Folded):
            parts += page.fold(part)
        else:
            parts += page.cell(part.cell, "student")
    return "\n\n".join([*parts, page.explorers.script()]).rstrip("\n") + "\n"


def _ways_to_run(lesson: Lesson, links: Links) -> str:
    path = lesson.shown(lesson.notebook("student"))
    return (
        f"Run it: [open in Colab]({badge_url(links.project, path)}), or "
        f"`make start LESSON={lesson.number}` on your computer. The worked solutions "
        "are folded away below each exercise."
    )


class _Page:
    """What the cells of one page share."""

    def __init__(self, lesson: Lesson, links: Links, explorers: LiveExplorers) -> None:
        self.lesson, self.links, self.explorers = lesson, links, explorers

    def prose(self, source: str, version: Version) -> str:
        """Markdown with its links turned to the site."""
        folder = posixpath.dirname(self.lesson.shown(self.lesson.notebook(version)))
        return redirect_links(source, lambda t: self.links.redirect(folder, t))

    def fold(self, folded: Folded) -> Iterator[str]:
        """The cells of a solution, closed until the reader opens it."""
        yield raw(f'<details class="solution"><summary>{folded.title}</summary>')
        for cell in folded.cells:
            yield from self.cell(cell, "worked")
        yield raw("</details>")

    def cell(self, cell: NotebookNode, version: Version) -> Iterator[str]:
        """A cell's source and what it printed, drew or showed."""
        if cell.cell_type == "markdown":
            yield self.prose(cell.source, version)
            return
        if cell.source:
            yield fenced("python", cell.source)
        for number, output in enumerate(cell.outputs):
            yield self._output(cell, number, output)

    def _output(self, cell: NotebookNode, number: int, output: NotebookNode) -> str:
        if output.output_type == "stream":
            return fenced("{code-block} none\n:class: output", output.text)
        data = output.get("data", {})
        live = self.explorers.html(cell, data)
        if live is not None:
            return raw(live)
        if "text/html" in data:
            return raw(f'<div class="output">{data["text/html"]}</div>')
        if "image/png" in data:
            alt = output.metadata.get("image/png", {}).get("alt", "")
            return self._picture(f"{cell.id}-{number}.png", data["image/png"], alt)
        if "text/plain" in data:
            return fenced("{code-block} none\n:class: output", data["text/plain"])
        kinds = ", ".join(data) or output.output_type
        raise BuildError(
            f"{self.lesson.name}, cell {cell.id}: an output of kind {kinds}; "
            "expected text, HTML or a PNG picture"
        )

    def _picture(self, name: str, png: str, alt: str) -> str:
        path = self.links.source / PICTURES / f"{self.lesson.name}-{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(png))
        words = " ".join(alt.split())
        return fenced(f"{{image}} {PICTURES}/{path.name}\n:alt: {words}", "")


def raw(html: str) -> str:
    """HTML that goes to the page as it is."""
    return fenced("{raw} html", html)


def fenced(info: str, text: str) -> str:
    """A fenced block, whatever fences the text itself holds."""
    longest = max(map(len, _BACKTICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{info}\n{text.rstrip()}\n{fence}"
