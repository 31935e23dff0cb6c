"""Time until a notebook is ready: what the lessons import, against importing all.

Each contender is a fresh kernel, timed from its start until its cells have run: one
imports the library, one runs lesson 02 up to its imports, and one imports at once every
module of the library and the large packages that some of them use.

Run: ``python -m tools.bench start_up``
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from jupyter_client.manager import start_new_kernel

from tools.benchmarking.ratio import Ratio, in_turns
from tools.building.project import ROOT, Lesson, Project, kernel_environment
from tools.notebook import read

ROUNDS: Final = 5
LIBRARY: Final = "import course_utils"
LESSON: Final = "lesson 02 up to its imports"
ALL: Final = "all of course_utils and what it uses"
IMPORT_ALL: Final = """
import importlib, pkgutil
import ipywidgets, matplotlib.pyplot, skimage.data, sklearn.datasets, torchvision
import course_utils
for module in pkgutil.walk_packages(course_utils.__path__, "course_utils."):
    importlib.import_module(module.name)
"""
_PATIENCE: Final = 120  # seconds for a kernel or a cell


def measure(quick: bool = False) -> Iterator[Ratio]:
    """Compare kernels that import little with one that imports everything."""
    (lesson,) = Project.load().lessons(["02"])
    cells = {LIBRARY: [LIBRARY], LESSON: opening(lesson), ALL: [IMPORT_ALL]}
    kernels = {name: partial(seconds_until_ready, own) for name, own in cells.items()}
    if not quick:
        in_turns(kernels, rounds=1)  # bytecode is written, the disk's caches fill
    seconds = in_turns(kernels, rounds=1 if quick else ROUNDS)
    for name in (LIBRARY, LESSON):
        yield Ratio.of_seconds(name, ALL, seconds)


def opening(lesson: Lesson) -> list[str]:
    """Return a student's first code cells, up to the one that imports the library."""
    cells = read(lesson.notebook("student")).cells
    sources: list[str] = [c.source for c in cells if c.cell_type == "code"]
    last = next(k for k, text in enumerate(sources) if "\nfrom course_utils" in text)
    return sources[: last + 1]


def seconds_until_ready(cells: Sequence[str]) -> float:
    """Start a kernel, run cells, and return the seconds that both took.

    Raises:
        RuntimeError: If a cell fails, with its error.
    """
    with tempfile.TemporaryDirectory() as scratch:
        environment = kernel_environment(ROOT, Path(scratch))
        begin = time.perf_counter()
        manager, client = start_new_kernel(
            startup_timeout=_PATIENCE,
            kernel_name="python3",
            env=environment,
            extra_arguments=["--log-level=ERROR"],  # it warns of its transport
        )
        try:
            for cell in cells:
                answer = client.execute(cell, reply=True, timeout=_PATIENCE)["content"]
                if answer["status"] != "ok":
                    error = f"{answer['ename']}: {answer['evalue']}"
                    raise RuntimeError(f"a cell failed with {error}\n{cell}")
            return time.perf_counter() - begin
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
