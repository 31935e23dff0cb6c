"""Record how far the numbers of lesson 10 scatter over seeds.

python -m tools.record_lesson10         # five seeds, about five minutes on one core

The recipe is the lesson's: its own worked cells are run, each time with another seed.
Run it again when a training of the lesson changes.
"""

from __future__ import annotations

import ast
import json
import os
import platform
import time
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch

from tools import recording_code
from tools.building.project import Project
from tools.building.source import read_cells
from tools.markdown import headings

RECORDING = Path(__file__).parents[1] / "data" / "recorded" / "lesson10.json"
SEEDS = 5
LAST = "All seven at a glance"  # the heading under which the recording is shown
Numbers = dict[str, dict[str, float]]


def code_cells() -> Iterator[tuple[str, str]]:
    """Yield for each code cell that has results the h2 above it and its source."""
    page = ""
    for cell in read_cells(Project.load().lessons(["10"])[0]):
        if cell.kind == "markdown":
            found = [words for level, words in headings(cell.source) if level == 2]
            page = found[-1] if found else page
        if LAST in page:
            return
        if cell.kind == "code":
            yield page, cell.source


class _WithoutWords(ast.NodeTransformer):
    """Leaves out what a lesson says of its numbers: it changes none of them."""

    def visit_Assert(self, node: ast.Assert) -> None:
        """Leave out an assertion."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        """Leave out the import of `claim`."""
        return None if node.module == "course_utils.claims" else node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
        """Leave out the excuse of the claims."""
        return None if ast.unparse(node.targets[0]) == "excuse" else node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Leave out a call of `claim` or `print`."""
        called = node.value.func if isinstance(node.value, ast.Call) else node.value
        says = isinstance(called, ast.Name) and called.id in ("claim", "print")
        return None if says else node


def recipe(sources: Iterable[str] | None = None) -> str:
    """Return twelve digits that change when what the lesson computes does.

    Args:
        sources: Of the code cells; the lesson's own if they are not given.
    """
    text = "\n".join(sources or (source for _, source in code_cells()))
    return recording_code.fingerprint([_WithoutWords().visit(ast.parse(text))])


def run(seed: int) -> tuple[Numbers, dict[str, float]]:
    """Run the lesson with a seed; return its numbers, and the seconds of each page."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    namespace: dict[str, Any] = {"__name__": "lesson10"}
    seconds: dict[str, float] = {}
    for page, source in code_cells():
        begin = time.perf_counter()
        with redirect_stdout(StringIO()):
            exec(compile(source, f"lesson 10, {page}", "exec"), namespace)
        if namespace.get("seed") != seed and "profile" in namespace:
            namespace["seed"] = seed  # the cell of parameters has just run
        if "excuse" in namespace:  # the claims state ranges that follow from these runs
            namespace["excuse"] = "about to be recorded"
        plt.close("all")
        seconds[page] = seconds.get(page, 0) + time.perf_counter() - begin
    return namespace["results"], seconds


def record() -> dict[str, Any]:
    """Run the lesson once for each seed; return what is to be stored."""
    torch.set_num_threads(1)
    runs = []
    for seed in range(SEEDS):
        numbers, seconds = run(seed)
        runs.append(numbers)
        times = ", ".join(f"{page[:6]} {taken:.1f}" for page, taken in seconds.items())
        print(f"seed {seed}, seconds: {times}", flush=True)
    return {
        "recipe": recipe(),
        "seeds": list(range(SEEDS)),
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()} processor, one of {os.cpu_count()} cores, "
        f"torch {torch.__version__.split('+')[0]}",
        "ranges": {
            page: {name: _range([run[page][name] for run in runs]) for name in numbers}
            for page, numbers in runs[0].items()
        },
        "runs": [
            {
                page: {name: round(value, 4) for name, value in numbers.items()}
                for page, numbers in run.items()
            }
            for run in runs
        ],
    }


def _range(values: list[float]) -> list[float]:
    return [round(min(values), 4), round(max(values), 4)]


if __name__ == "__main__":
    RECORDING.parent.mkdir(parents=True, exist_ok=True)
    RECORDING.write_text(json.dumps(record(), indent=2) + "\n", "utf-8")
    print(f"wrote {RECORDING.name}")
