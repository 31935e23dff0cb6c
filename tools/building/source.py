"""Reads a lesson's source and refuses what the build does not allow."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

import jupytext

from tools.building import markers
from tools.building.project import BuildError, Lesson

TAGS = ("parameters", "solution", "nbval-ignore-output")
# a comment such as `# why?` must stay one: jupytext would take it for a magic
_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_HEADER = re.compile(r"^\s*#\s*%%")
_TAGS_ELSEWHERE = re.compile(r"^\s*#.*\btags?\s*=\s*[\[\"']")
_JUPYTEXT_OWN = {"lines_to_next_cell", "cell_marker", "region_name"}
_DIFFERS = re.compile(r"^\s*# differs: *(\S.*)$", re.MULTILINE)


@dataclass(frozen=True)
class SourceCell:
    """One cell as the author wrote it, checked."""

    kind: str
    source: str
    tags: tuple[str, ...]
    place: Callable[[int], str]
    regions: tuple[markers.Region, ...] = ()

    @property
    def is_solution(self) -> bool:
        """Whether the whole cell is a solution."""
        return "solution" in self.tags


def read_cells(lesson: Lesson) -> list[SourceCell]:
    """Return the cells of a lesson.

    Raises:
        BuildError: If a tag, a marker, a parameter or the Python is not as agreed.
    """
    shown = lesson.shown(lesson.source)
    text = lesson.source.read_text("utf-8")
    starts = _first_lines(text, shown)
    notebook = jupytext.reads(text, fmt=_FORMAT)
    if len(notebook.cells) != len(starts):
        raise BuildError(
            f"{shown}: found {len(starts)} cell headers, {len(notebook.cells)} cells; "
            "begin the file with `# %% [markdown]` and write each header as `# %%`"
        )
    cells = [
        _checked(raw, shown, start)
        for raw, start in zip(notebook.cells, starts, strict=True)
    ]
    _check_order(cells, shown)
    return cells


def excuse(source: str) -> str | None:
    """The reason that a cell gives for output that may differ, if it gives one."""
    match = _DIFFERS.search(source)
    return match[1].strip() if match else None


def _first_lines(text: str, shown: str) -> list[int]:
    """The line (from 1) at which the source of each cell begins."""
    lines = text.splitlines()
    starts = []
    for number, line in enumerate(lines):
        if _HEADER.match(line):
            body = number + 1
            while body < len(lines) and not lines[body].strip():
                body += 1
            starts.append(body + 1)
        elif _TAGS_ELSEWHERE.match(line):
            raise BuildError(
                f"{shown}:{number + 1}: `{line.strip()}` sets tags but is no cell "
                'header; expected `# %% tags=["solution"]`'
            )
    return starts


def _checked(raw: jupytext.reads, shown: str, start: int) -> SourceCell:
    def place(line: int) -> str:
        return f"{shown}:{start + line}"

    tags = _checked_tags(raw, place)
    if raw.cell_type == "raw":
        raise BuildError(f"{place(0)}: a raw cell; use markdown or code")
    if raw.cell_type == "markdown":
        markers.refuse_markers_in_prose(raw.source, place)
        return SourceCell("markdown", raw.source, tags, place)
    tree = _parsed(raw.source, place)
    regions = markers.find_regions(raw.source, place)
    cell = SourceCell("code", raw.source, tags, place, tuple(regions))
    if cell.is_solution and regions:
        raise BuildError(
            f"{place(regions[0].begin)}: a marker in a cell that is tagged `solution`; "
            "use one or the other"
        )
    if "nbval-ignore-output" in tags and excuse(raw.source) is None:
        raise BuildError(
            f"{place(0)}: a cell tagged `nbval-ignore-output` must say why its output "
            "may differ; add a comment such as `# differs: timings`"
        )
    if "parameters" in tags:
        _check_parameters(tree, place)
    return cell


def _checked_tags(raw: jupytext.reads, place: Callable[[int], str]) -> tuple[str, ...]:
    unknown = raw.metadata.keys() - {"tags"} - _JUPYTEXT_OWN
    if unknown:
        key = sorted(unknown)[0]
        raise BuildError(
            f"{place(-1)}: cell header with {key}={raw.metadata[key]!r}; only "
            f"[markdown] and tags=[...] are in use, with the tags {', '.join(TAGS)}"
        )
    tags = raw.metadata.get("tags", [])
    for tag in tags:
        if tag not in TAGS:
            raise BuildError(
                f"{place(-1)}: unknown tag {tag!r}; expected one of {', '.join(TAGS)}"
            )
    allowed = ("solution",) if raw.cell_type == "markdown" else TAGS
    for tag in tags:
        if tag not in allowed:
            raise BuildError(f"{place(-1)}: tag {tag!r} on a markdown cell; drop it")
    return tuple(tags)


def _parsed(source: str, place: Callable[[int], str]) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise BuildError(
            f"{place((error.lineno or 1) - 1)}: not valid Python ({error.msg}); a cell "
            "must stand on its own, without magics (`%`) and shell lines (`!`)"
        ) from error


def _check_parameters(tree: ast.Module, place: Callable[[int], str]) -> None:
    for statement in tree.body:
        try:
            if not isinstance(statement, ast.Assign | ast.AnnAssign):
                raise TypeError
            ast.literal_eval(statement.value or "")
            targets = getattr(statement, "targets", [getattr(statement, "target", 0)])
            if not all(isinstance(target, ast.Name) for target in targets):
                raise TypeError
        except (ValueError, TypeError, SyntaxError) as error:
            raise BuildError(
                f"{place(statement.lineno - 1)}: `{ast.unparse(statement)}` in the "
                "parameters cell; expected only literals, such as `seed = 0`"
            ) from error


def _check_order(cells: list[SourceCell], shown: str) -> None:
    if cells[0].kind != "markdown" or not re.match(r"# \S", cells[0].source):
        raise BuildError(
            f"{shown}: the first cell must be markdown and begin with the title, `# …`"
        )
    code = [cell for cell in cells if cell.kind == "code"]
    tagged = [cell for cell in code if "parameters" in cell.tags]
    if len(tagged) != 1 or code[0] is not tagged[0]:
        raise BuildError(
            f"{shown}: {len(tagged)} cells are tagged `parameters`; expected one, and "
            "it must be the first code cell"
        )
