"""Rules that a stored notebook must keep, so that it is complete, small and readable.

Each rule is a function of a notebook that yields faults: the position of the cell, or
None for the notebook as a whole, and what was found and expected there.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tools import markdown
from tools.building.project import ROOT
from tools.checks import accessibility
from tools.checks.exercises import card_faults
from tools.notebook import cell_place

MAX_BYTES = 1_000_000
FIGURE = "**Figure.** "
Fault = tuple[int | None, str]
Rule = Callable[[NotebookNode], Iterator[Fault]]
_VAGUE = {"here", "link", "this", "this link", "click here", "read more", "more"}
_OWN = {str(path) for path in (ROOT, Path.home()) if path != Path("/")}
_HOME = "|".join(map(re.escape, sorted(_OWN)))
_MACHINE_PATH = re.compile(rf"(?<![\w/.])({_HOME}|/home|/Users|/tmp)/[\w./-]+")


def faults(notebook: NotebookNode, name: str, size: int) -> list[str]:
    """Return one message for each broken rule.

    Args:
        notebook: The notebook as it is stored.
        name: Its path, for messages.
        size: Its size, in bytes.
    """
    messages = []
    if size > MAX_BYTES:
        messages.append(
            f"{name}: {size:,} bytes; expected at most {MAX_BYTES:,}. "
            "Draw smaller or fewer figures"
        )
    for rule in RULES:
        for index, fault in rule(notebook):
            place = "" if index is None else f", {cell_place(notebook, index)}"
            messages.append(f"{name}{place}: {fault}")
    return messages


def unrun_cells(notebook: NotebookNode) -> Iterator[Fault]:
    """Every code cell has run, once and in order; cleared outputs leave a gap."""
    expected = 0
    for index, cell in _code(notebook):
        if not cell.source.strip():
            yield index, "an empty code cell; delete it or give it a comment"
            continue
        expected += 1
        count = cell.get("execution_count")
        if count is None:
            yield index, "not run, or its outputs were cleared; build the lesson"
        elif count != expected:
            yield index, f"execution count {count}, expected {expected}; build it"


def stored_errors(notebook: NotebookNode) -> Iterator[Fault]:
    """No cell stores an exception."""
    for index, output in _outputs(notebook):
        if output.output_type == "error":
            text = f"{output.ename}: {output.evalue}"
            yield index, f"stores the error `{text}`; catch it and print it instead"


def widget_state(notebook: NotebookNode) -> Iterator[Fault]:
    """Widgets leave no state behind: it is large and random."""
    if "widgets" in notebook.metadata:
        yield None, "stores widget state; build the lesson, do not save it in Jupyter"
    for index, output in _outputs(notebook):
        for kind in output.get("data", {}):
            if kind.startswith("application/vnd.jupyter.widget"):
                yield index, f"stores {kind}; build the lesson"


def machine_paths(notebook: NotebookNode) -> Iterator[Fault]:
    """Outputs do not name folders of the machine that built them."""
    for index, output in _outputs(notebook):
        match = _MACHINE_PATH.search(_output_text(output))
        if match:
            yield index, f"its output holds the path {match[0]}; print a relative one"


def images_without_alt(notebook: NotebookNode) -> Iterator[Fault]:
    """Every image says in words what it shows."""
    for index, cell in enumerate(notebook.cells):
        for link in _links(cell):
            if link.is_image and not link.text.strip():
                shown = link.target[:60]
                yield index, f"image `{shown}` without alt text; state the finding"


def figures_without_words(notebook: NotebookNode) -> Iterator[Fault]:
    """A computed figure carries alt text, from the paragraph that follows it."""
    cells = [*notebook.cells, NotebookNode(cell_type="markdown", source="")]  # type: ignore[no-untyped-call]
    for index, (cell, following) in enumerate(pairwise(cells)):
        images = [
            o for o in cell.get("outputs", []) if "image/png" in o.get("data", {})
        ]
        described = following.cell_type == "markdown" and following.source.startswith(
            FIGURE
        )
        if images and not described:
            yield index, f"draws a figure; the next cell must begin with `{FIGURE}…`"
        elif any(not o.metadata.get("image/png", {}).get("alt") for o in images):
            yield index, "its figure has no alt text in the metadata; build the lesson"


def heading_order(notebook: NotebookNode) -> Iterator[Fault]:
    """One h1, at the top; no level skipped; no heading without words."""
    level = 0
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        for found, words in markdown.headings(cell.source):
            if not words:
                yield index, f"an empty heading of level {found}"
            if level == 0 and (found != 1 or index != 0):
                yield index, f"begins with h{found}; expected h1 in the first cell"
            elif level and found == 1:
                yield index, f"a second h1, `{words}`; expected h2 or lower"
            elif level and found > level + 1:
                yield index, f"h{found} `{words}` after h{level}; expected h{level + 1}"
            level = found
    if level == 0:
        yield None, "no heading at all; expected one h1 in the first cell"


def vague_links(notebook: NotebookNode) -> Iterator[Fault]:
    """The words of a link say where it leads."""
    for index, cell in enumerate(notebook.cells):
        for link in _links(cell):
            if not link.is_image and link.text.strip(" .!").lower() in {"", *_VAGUE}:
                yield index, f"link text `{link.text}` does not say where it leads"


def tables_without_header(notebook: NotebookNode) -> Iterator[Fault]:
    """HTML tables have header cells."""
    for index, cell in enumerate(notebook.cells):
        facts = [markdown.HtmlFacts.of(html) for html in _html_outputs(cell)]
        if cell.cell_type == "markdown":
            facts.append(markdown.html_facts(cell.source))
        if any(fact.tables_without_header for fact in facts):
            yield index, "an HTML table without header cells; use <th>"


def code_style(notebook: NotebookNode) -> Iterator[Fault]:
    """Plain Python, and nothing that needs the network or hides a value."""
    for index, cell in _code(notebook):
        try:
            tree = ast.parse(cell.source)
        except SyntaxError as error:
            line = cell.source.splitlines()[(error.lineno or 1) - 1].strip()
            what = "a magic or shell line" if line[:1] in "%!" else "not valid Python"
            yield index, f"`{line}` is {what}; expected plain Python"
            continue
        if _ends_with_semicolon(cell.source):
            yield index, "ends with `;`, which hides nothing here; end with plt.show()"
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and ast.unparse(node) == "torch.hub.load"
            ):
                yield (
                    index,
                    "torch.hub.load runs code from the network; use the library",
                )
            if isinstance(node, ast.keyword) and ast.unparse(node) == "pretrained=True":
                yield index, "pretrained=True is gone from torchvision; use weights="


def exercise_cards(notebook: NotebookNode) -> Iterator[Fault]:
    """Each check stands under a complete exercise card."""
    yield from card_faults(notebook)


RULES: tuple[Rule, ...] = (
    unrun_cells,
    stored_errors,
    widget_state,
    machine_paths,
    images_without_alt,
    figures_without_words,
    heading_order,
    vague_links,
    tables_without_header,
    code_style,
    exercise_cards,
    *accessibility.RULES,
)


def _code(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            yield index, cell


def _outputs(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    for index, cell in _code(notebook):
        for output in cell.outputs:
            yield index, output


def _html_outputs(cell: NotebookNode) -> list[str]:
    data: list[dict[str, Any]] = [o.get("data", {}) for o in cell.get("outputs", [])]
    return [str(d["text/html"]) for d in data if "text/html" in d]


def _links(cell: NotebookNode) -> list[markdown.Link]:
    if cell.cell_type == "markdown":
        return markdown.links(cell.source)
    return [
        link
        for html in _html_outputs(cell)
        for link in markdown.HtmlFacts.of(html).links
    ]


def _output_text(output: NotebookNode) -> str:
    data = output.get("data", {})
    shown = [data.get("text/plain", ""), data.get("text/html", "")]
    return "\n".join([output.get("text", ""), *shown])


def _ends_with_semicolon(source: str) -> bool:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    layout = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    words = [token.string for token in tokens if token.type not in layout]
    return words[-1:] == [";"]
