"""Runs the students' notebooks as Colab does: no workbook, only what Colab brings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from tools.building.project import Lesson
from tools.notebook import cell_place, read
from tools.versioning.wheel import HOST

_SETUP: Final = 1  # the cell with this index fetches the library
_WIDGET: Final = "application/vnd.jupyter.widget-view+json"
_IS_WIDGET: Final = "# differs: widget"  # what such cells are excused with
_ADVICE: Final = re.compile(r"%pip install (.*)")
_CELL_SECONDS: Final = 300


class Colab:
    """An environment with Colab's packages, and an empty folder to run notebooks in.

    Args:
        python: The environment's interpreter; it has pip.
        folder: Takes the place of the student's home.
        address: Serves the library's wheel as GitHub does.
    """

    def __init__(self, python: Path, folder: Path, address: str) -> None:
        self._python = str(python.absolute())
        self._folder = folder
        self._address = address
        self.advised: list[str] = []
        kernel = folder / "kernels" / "colab"
        kernel.mkdir(parents=True)
        command = [self._python, "-m", "ipykernel_launcher"]
        spec = {
            "argv": [*command, "-f", "{connection_file}"],
            "display_name": "Colab",
            "language": "python",
        }
        (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")
        self._kernels = KernelSpecManager(
            kernel_dirs=[str(kernel.parent)], ensure_native_kernel=False
        )

    def faults(self, lesson: Lesson) -> list[str]:
        """Run a lesson from its first cell on, in a fresh session, and say what broke.

        Where the first cell names a command, a student runs it and starts again.
        """
        self._pip("uninstall", "--yes", "cnn-workbook")
        before = self._torch()
        messages = []
        notebook, error = self._run(lesson)
        advice = _ADVICE.search(error or "")
        if advice:
            self.advised.append(f"{lesson.number}: {advice[0]}")
            self._pip("install", *re.findall(r'"([^"]+)"', advice[1]))
            notebook, error = self._run(lesson)
        if error:
            messages.append(error)
        if self._torch() != before:
            messages.append(f"{lesson.name}: torch was {before}, is {self._torch()}")
        return messages + _silent_widgets(notebook, lesson)

    def _run(self, lesson: Lesson) -> tuple[NotebookNode, str | None]:
        notebook = read(lesson.notebook("student"))
        setup = notebook.cells[_SETUP]
        setup.source = setup.source.replace(HOST, self._address)
        empty = self._folder / "content"
        shutil.rmtree(empty, ignore_errors=True)
        empty.mkdir()
        current: list[int] = []
        kernel = AsyncKernelManager(
            kernel_name="colab", kernel_spec_manager=self._kernels
        )
        client = NotebookClient(
            notebook,
            km=kernel,
            timeout=_CELL_SECONDS,
            resources={"metadata": {"path": str(empty)}},
            on_cell_start=lambda cell, cell_index: current.append(cell_index),
        )
        try:
            client.execute(env=self._environment())
        except CellExecutionError as error:
            place = cell_place(notebook, current[-1])
            return notebook, f"{lesson.name}, {place}: {error.ename}: {error.evalue}"
        finally:
            run_sync(kernel.shutdown_kernel)(now=True)
        return notebook, None

    def _environment(self) -> dict[str, str]:
        ours = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return ours | {
            "HOME": str(self._folder),
            "OMP_NUM_THREADS": "1",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }

    def _torch(self) -> str:
        ask = "from importlib.metadata import version as v; print(v('torch'))"
        command = [self._python, "-c", ask]
        return subprocess.run(
            command, check=True, capture_output=True, text=True
        ).stdout

    def _pip(self, *arguments: str) -> None:
        command = [self._python, "-m", "pip", "-qqq", *arguments]
        subprocess.run(command, check=True, env=self._environment())


def _silent_widgets(notebook: NotebookNode, lesson: Lesson) -> list[str]:
    """Name the cells without their widget, or whose widget lacks words for paper."""
    messages = []
    for index, cell in enumerate(notebook.cells):
        shown = [
            output.data
            for output in cell.get("outputs", [])
            if _WIDGET in output.get("data", {})
        ]
        place = f"{lesson.name}, {cell_place(notebook, index)}"
        if cell.source.startswith(_IS_WIDGET) and not shown:
            messages.append(f"{place}: no widget was shown")
        if any("text/html" not in data for data in shown):
            messages.append(f"{place}: a widget without HTML")
    return messages
