"""Which cells of a submission are run, in which order, and where each answer is read.

Our own cells are the same in each submission, and most of them draw figures. A cell of
ours is run only if a name that it gives a value to is used by a cell of the student's,
directly or by way of other cells. Where that cannot be told from the text (`eval`, a
magic), all cells are run.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from dataclasses import dataclass, field
from typing import Literal, TypeGuard

from tools.grading.outline import Outline, checks_called, parsed

_UNTRACEABLE = {"eval", "exec", "globals", "locals", "vars", "get_ipython"}
_UNTRACEABLE |= {"__import__"}
_MAGIC = re.compile(r"^\s*[%!?]|\?\s*$|=\s*[%!]", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """Run a cell, or read the answer to a check.

    Attributes:
        kind: "run" or "answer".
        number: The cell's place among the code cells, from 1.
        text: The cell's source, or the name of the check.
    """

    kind: Literal["run", "answer"]
    number: int
    text: str


@dataclass(frozen=True)
class _Cell:
    number: int
    source: str
    is_ours: bool
    checks: tuple[str, ...]


def code_cells(notebook: object) -> list[tuple[str, str]]:
    """Return (id, source) of each code cell of a notebook's JSON.

    Raises:
        ValueError: If it is not laid out as a notebook is.
    """
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ValueError("it has no list of cells; is it a notebook of format 4?")
    found = []
    for cell in cells:
        if not isinstance(cell, dict):
            raise ValueError("one of its cells is no cell")
        if cell.get("cell_type") == "code":
            source = cell.get("source", "")
            text = source if isinstance(source, str) else "".join(map(str, source))
            found.append((str(cell.get("id", "")), text))
    return found


def steps(outline: Outline, cells: list[tuple[str, str]], *, whole: bool) -> list[Step]:
    """Plan a submission: the student's cells, what they need, and every answer.

    Args:
        outline: What the lesson asks.
        cells: Id and source of each code cell, as submitted.
        whole: Run our own cells too, whether or not they are needed.
    """
    checks = {task.cell: task.check for task in outline.tasks}
    sorted_out = []
    for number, (identity, source) in enumerate(cells, 1):
        # an overwritten check is still the place where its answer is read
        called = [check for check, _ in checks_called(source)]
        called += [checks[identity]] if identity in checks else []
        is_ours = source.strip() in outline.given
        sorted_out.append(_Cell(number, source, is_ours, tuple(called)))
    chosen = sorted_out if whole else _needed(outline, sorted_out)
    return _with_answers(outline, chosen)


def _with_answers(outline: Outline, cells: list[_Cell]) -> list[Step]:
    found: list[Step] = []
    seen: set[str] = set()
    known = {task.check for task in outline.tasks}
    for cell in cells:
        if not (cell.checks and cell.is_ours):
            found.append(Step("run", cell.number, cell.source))
        for check in cell.checks:
            if check in known and check not in seen:
                seen.add(check)
                found.append(Step("answer", cell.number, check))
    last = cells[-1].number if cells else 0
    missing = [task.check for task in outline.tasks if task.check not in seen]
    return [*found, *(Step("answer", last, check) for check in missing)]


def _needed(outline: Outline, cells: list[_Cell]) -> list[_Cell]:
    """Keep the student's cells and, of ours, those that give them a value."""
    traced = [_names(cell.source) for cell in cells]
    if None in traced:
        return cells
    names = [found for found in traced if found is not None]
    firm = set().union(*(found.firm for found in names))
    firm -= set().union(*(found.assigned - found.firm for found in names))
    wanted = {task.answer for task in outline.tasks}
    kept: set[int] = set()
    while True:  # a function may use a name that a later cell gives
        before = len(kept)
        for cell, found in zip(reversed(cells), reversed(names), strict=True):
            gives = found.assigned | (found.touched - firm)
            if cell.is_ours and (cell.checks or not gives & wanted):
                continue
            kept.add(cell.number)
            wanted |= found.used
        if len(kept) == before:
            return [c for c in cells if c.number in kept or (c.checks and c.is_ours)]


@dataclass(frozen=True)
class _Names:
    """What a cell does with the notebook's names.

    Attributes:
        used: Names that it reads.
        assigned: Names that it gives a value to.
        firm: Those of them that no call changes: modules, functions, numbers, texts.
        touched: Names that it may change by a call or by writing into them.
    """

    used: set[str] = field(default_factory=set)
    assigned: set[str] = field(default_factory=set)
    firm: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)


def _names(source: str) -> _Names | None:
    """Read what a cell does with names; None if only running it can tell."""
    tree = parsed(source)
    names = _Names()
    if tree is None:
        # nobody traces IPython's own spellings; what else is no Python only fails
        return None if _MAGIC.search(source) else names
    try:
        _read_scope(symtable.symtable(source, "cell", "exec"), names)
    except SyntaxError:
        return names  # such as a `return` outside a function: it only fails
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.firm.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()):
                names.firm.add(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            names.touched.update(_may_change(node))
        elif _is_part(node) and not isinstance(node.ctx, ast.Load):
            names.touched.update(_loaded(node))
    # neither an argument's name nor `super` in `super().__init__()`
    names.touched.intersection_update(names.used - vars(builtins).keys())
    return None if names.used & _UNTRACEABLE else names


def _read_scope(scope: symtable.SymbolTable, names: _Names) -> None:
    """Note the notebook's own names that a scope and those within it deal with."""
    for symbol in scope.get_symbols():
        if scope.get_type() != "module" and not symbol.is_global():
            continue  # an argument or another name of a function's own
        name = symbol.get_name()
        if symbol.is_referenced():
            names.used.add(name)
        if symbol.is_assigned() or symbol.is_imported():
            names.assigned.add(name)
        if symbol.is_imported():
            names.firm.add(name)
    for child in scope.get_children():
        _read_scope(child, names)


def _is_part(node: ast.AST) -> TypeGuard[ast.Attribute | ast.Subscript]:
    return isinstance(node, ast.Attribute | ast.Subscript)


def _may_change(call: ast.Call) -> set[str]:
    """Names that a call may change: its arguments, and the object of a method."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute):
        given.append(call.func.value)
    return set().union(*map(_loaded, given))


def _loaded(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
