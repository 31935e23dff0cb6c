"""The script that lesson 05 writes, put together from the lesson's source."""

from __future__ import annotations

import ast
from pathlib import Path

import torch
from torch import Tensor

from course_utils.drawn import draw_dataset
from tests.lesson_functions import cell_with, code_cells

Data = dict[str, Tensor]


def lesson_script() -> str:
    """Return the script as the lesson's cells write it to a file."""
    sources = dict(
        function for cell in code_cells("05") for function in _functions(cell)
    )
    pieces = ast.parse(cell_with("05", "pieces = (")).body[0]
    assert isinstance(pieces, ast.Assign)
    assert isinstance(pieces.value, ast.Tuple)
    names = [ast.unparse(name) for name in pieces.value.elts]
    head, tail = (
        ast.literal_eval(node.value)
        for node in ast.parse(cell_with("05", "HEAD = ")).body
        if isinstance(node, ast.Assign)
    )
    return head + "\n\n".join(sources[name] for name in names) + tail


def _functions(cell: str) -> list[tuple[str, str]]:
    lines = cell.splitlines(keepends=True)
    found = []
    for node in ast.parse(cell).body:
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            source = "".join(lines[first - 1 : node.end_lineno])
            found.append((node.name, source.rstrip("\n") + "\n"))
    return found


def write_data(folder: Path, train: int, test: int) -> Data:
    """Write the data file that the script reads, with so many drawn pictures."""
    data = {}
    for part, count in (("train", train), ("test", test)):
        images, labels = draw_dataset(count, split=part)
        data |= {f"{part}_images": images, f"{part}_labels": labels}
    torch.save(data, folder / "data.pt")
    return data
