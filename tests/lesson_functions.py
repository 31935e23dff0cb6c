"""Take functions and cells out of a lesson's source, to try them by themselves."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import jupytext

LESSONS = Path(__file__).parents[1] / "lessons"


def code_cells(lesson: str) -> list[str]:
    """Return the sources of a lesson's code cells, solutions included."""
    (path,) = LESSONS.glob(f"{lesson}_*.py")
    return [c.source for c in jupytext.read(path).cells if c.cell_type == "code"]


def cell_with(lesson: str, text: str) -> str:
    """Return the one code cell of a lesson that holds a text."""
    (found,) = [source for source in code_cells(lesson) if text in source]
    return found


def functions_of(lesson: str, *names: str) -> dict[str, Any]:
    """Return functions that a lesson defines, by name, with its imports at hand."""
    imports: list[ast.stmt] = []
    wanted: list[ast.stmt] = []
    for source in code_cells(lesson):
        for node in ast.parse(source).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                imports.append(node)
            elif isinstance(node, ast.FunctionDef) and node.name in names:
                wanted.append(node)
    namespace: dict[str, Any] = {}
    module = ast.Module([*imports, *wanted], type_ignores=[])
    exec(compile(module, f"lesson {lesson}", "exec"), namespace)
    return {name: namespace[name] for name in names}
