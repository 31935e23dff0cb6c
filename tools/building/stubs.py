"""Turns the solution of an exercise into the stub that students get.

Signatures, docstrings and imports stay; bodies raise; assigned names become ``...``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from tools.building.markers import Region

_PLACEHOLDER = "# Write your code here."
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def without_markers(source: str, regions: Sequence[Region]) -> str:
    """The worked version: the source without the lines that hold markers."""
    markers = {line for region in regions for line in (region.begin, region.end)}
    lines = source.splitlines()
    return "\n".join(text for i, text in enumerate(lines) if i not in markers)


def with_stubs(source: str, regions: Sequence[Region]) -> str:
    """The student version: each region replaced by its stub.

    Raises:
        ValueError: If a region does not hold whole statements.
    """
    tree, lines = ast.parse(source), source.splitlines()
    result: list[str] = []
    position = 0
    for region in regions:
        result += lines[position : region.begin]
        result += _region_stub(tree, lines, region)
        position = region.end + 1
    return _valid("\n".join(result + lines[position:]))


def cell_stub(source: str) -> str:
    """The student version of a cell that is a solution as a whole."""
    stub = _stub_statements(ast.parse(source).body, source.splitlines())
    return _valid("\n".join(stub).strip("\n") or _PLACEHOLDER)


def _valid(source: str) -> str:
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise ValueError(
            f"without its solution the cell is not valid Python ({error.msg}, "
            f"line {error.lineno} of the stub); a region must hold whole statements "
            "of one block"
        ) from error
    return source


def _region_stub(tree: ast.Module, lines: list[str], region: Region) -> list[str]:
    inside, path = _statements_inside(tree.body, region, [])
    if not inside:
        raise ValueError("the solution region holds no whole statement")
    marker = lines[region.begin]
    indent = marker[: len(marker) - len(marker.lstrip())]
    function = next((n for n in reversed(path) if isinstance(n, _Function)), None)
    if function is not None:
        scopes = [n.name for n in path if isinstance(n, _Function | ast.ClassDef)]
        first = function.body[0]
        rest = function.body[1:] if _is_docstring(first) else function.body
        verb = "Write the body of" if inside[0] is rest[0] else "Complete"
        message = f"{verb} {'.'.join(scopes)}."
        return [f'{indent}raise NotImplementedError("{message}")']
    stub = _stub_statements(inside, lines)
    return stub or [f"{indent}pass  {_PLACEHOLDER}"]


def _statements_inside(
    body: Sequence[ast.stmt], region: Region, path: list[ast.stmt]
) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The outermost statements between the markers, and the blocks around them."""
    inside = [
        s for s in body if _start(s) > region.begin and _last(s) < region.end
    ]  # both counted from 0
    if inside:
        return inside, path
    for statement in body:
        if _start(statement) < region.begin and _last(statement) > region.begin:
            for block in _blocks(statement):
                found, way = _statements_inside(block, region, [*path, statement])
                if found:
                    return found, way
    return [], path


def _blocks(statement: ast.AST) -> Iterator[list[ast.stmt]]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if isinstance(block, list):
            yield block
    for child in [
        *getattr(statement, "handlers", []),
        *getattr(statement, "cases", []),
    ]:
        yield from _blocks(child)


def _stub_statements(
    body: Sequence[ast.stmt], lines: list[str], owner: str = ""
) -> list[str]:
    result: list[str] = []
    assigned: set[str] = set()
    before: ast.stmt | None = None
    for statement in body:
        stub = _stub_statement(statement, lines, owner, assigned)
        if stub and result and _is_definition(statement, before):
            result += [""] * (2 if statement.col_offset == 0 else 1)
        if stub:
            result += stub
            before = statement
    return result


def _stub_statement(
    statement: ast.stmt, lines: list[str], owner: str, assigned: set[str]
) -> list[str]:
    if isinstance(statement, _Function | ast.ClassDef):
        return _definition_stub(statement, lines, owner)
    if _is_interface(statement):
        return lines[_start(statement) : _last(statement) + 1]
    names = [name for name in _assigned_names(statement) if name not in assigned]
    assigned.update(names)
    return [f"{' ' * statement.col_offset}{name} = ..." for name in names]


def _is_definition(*statements: ast.stmt | None) -> bool:
    return any(isinstance(s, _Function | ast.ClassDef) for s in statements)


def _is_interface(statement: ast.stmt) -> bool:
    """Whether a statement names things without giving the answer away."""
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _definition_stub(
    node: _Function | ast.ClassDef, lines: list[str], owner: str
) -> list[str]:
    name = f"{owner}{node.name}"
    indent = " " * (node.col_offset + 4)
    documented = _is_docstring(node.body[0])
    if isinstance(node, ast.ClassDef):
        rest = node.body[1:] if documented else node.body
        body = _stub_statements(rest, lines, f"{name}.")
        body = body or ([] if documented else [f"{indent}pass"])
    else:
        body = [f'{indent}raise NotImplementedError("Write the body of {name}.")']
    first = node.body[0]
    if first.lineno == node.lineno or _shares_line(first, lines):
        header = [_header_of_one_liner(first, lines, _start(node))]
    elif documented:
        header = lines[_start(node) : _last(first) + 1]
    else:
        header = lines[_start(node) : _start(first)]
        while not header[-1].strip() or header[-1].lstrip().startswith("#"):
            header.pop()  # comments above the first statement belong to the answer
    gap = [""] if isinstance(node, ast.ClassDef) and documented and body else []
    return [*header, *gap, *body]


def _shares_line(first: ast.stmt, lines: list[str]) -> bool:
    return bool(lines[first.lineno - 1].encode()[: first.col_offset].strip())


def _header_of_one_liner(first: ast.stmt, lines: list[str], start: int) -> str:
    head = lines[start : first.lineno - 1]
    last = lines[first.lineno - 1].encode()[: first.col_offset].decode().rstrip()
    return "\n".join([*head, last])


def _assigned_names(statement: ast.stmt) -> list[str]:
    """Names that a statement gives a value to, without those of loops and contexts."""
    found: dict[str, None] = {}
    helpers: set[str] = set()
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop(0)
        if isinstance(node, (*_SCOPES, *_COMPREHENSIONS)):
            continue
        if isinstance(node, ast.For | ast.AsyncFor):
            helpers.update(_stored(node.target))
        if isinstance(node, ast.withitem) and node.optional_vars:
            helpers.update(_stored(node.optional_vars))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None
        todo[:0] = ast.iter_child_nodes(node)
    return [name for name in found if name not in helpers and name != "_"]


def _stored(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _start(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)]) - 1


def _last(statement: ast.stmt) -> int:
    return (statement.end_lineno or statement.lineno) - 1
