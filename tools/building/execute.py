"""Runs a notebook in a clean kernel and keeps of the outputs what is stable."""

from __future__ import annotations

import re
import tempfile
from itertools import pairwise
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools.building.pictures import slim_png
from tools.building.project import NEVER_BEGAN, BuildError, kernel_environment
from tools.markdown import plain
from tools.notebook import cell_place

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
FIGURE = "**Figure.** "


def execute(
    notebook: NotebookNode, *, root: Path, name: str, cell_timeout: int
) -> NotebookNode:
    """Run every cell, top to bottom, and return the notebook with stable outputs.

    Args:
        notebook: The notebook, changed in place.
        root: Folder that holds ``course_utils``.
        name: The notebook's path, for messages.
        cell_timeout: Longest time for one cell, in seconds.

    Raises:
        BuildError: If a cell raises, runs too long or kills the kernel.
    """
    current: list[int] = []
    with tempfile.TemporaryDirectory() as empty:
        client = NotebookClient(
            notebook,
            timeout=cell_timeout,
            kernel_name="python3",
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": empty}},
            on_cell_start=lambda cell, cell_index: current.append(cell_index),
        )
        try:
            _run(client, kernel_environment(root, Path(empty)))
        except CellExecutionError as error:
            reason = f"{error.ename}: {error.evalue}\n{_traceback(error)}"
        except CellTimeoutError:
            reason = f"ran over {cell_timeout} s"
        except DeadKernelError:
            reason = "the kernel died"
        except RuntimeError as error:
            if NEVER_BEGAN not in str(error):
                raise
            reason = "the kernel never began"
        else:
            return normalise(notebook)
    place = cell_place(notebook, current[-1]) if current else "before the first cell"
    raise BuildError(f"{name}, {place}: {reason}")


def _run(client: NotebookClient, env: dict[str, str]) -> None:
    """Execute; once more if the kernel never began, as ``run_kernel`` explains."""
    try:
        client.execute(env=env)
    except RuntimeError as error:
        if NEVER_BEGAN not in str(error):
            raise
        client.execute(env=env)


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Drop from an executed notebook what depends on the run or on the machine."""
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = {"tags": tags} if tags else {}
        if cell.cell_type == "code":
            cell.outputs = _stable_outputs(cell.outputs)
    return notebook


def keep_unstable_outputs(notebook: NotebookNode, stored: NotebookNode) -> None:
    """Take over stored outputs of cells that may differ, so that rebuilds are equal."""
    old = {cell.get("id"): cell for cell in stored.cells}
    for cell in notebook.cells:
        before = old.get(cell.id)
        if (
            "nbval-ignore-output" in cell.metadata.get("tags", [])
            and before is not None
            and before.source == cell.source
            and before.get("execution_count")
        ):
            cell.outputs = before.outputs


def add_alt_texts(notebook: NotebookNode) -> None:
    """Give each PNG the words of the figure paragraph in the cell that follows."""
    for cell, following in pairwise(notebook.cells):
        if cell.cell_type != "code" or not following.source.startswith(FIGURE):
            continue
        paragraph = following.source.removeprefix(FIGURE).split("\n\n")[0]
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                image = output.metadata.setdefault("image/png", {})
                image["alt"] = plain(paragraph)


def _stable_outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    stable: list[NotebookNode] = []
    for output in outputs:
        before = stable[-1] if stable else {}
        if output.output_type == "stream" and before.get("name") == output.name:
            stable[-1].text += output.text
            continue
        if "data" in output:
            output.data.pop(_WIDGET_VIEW, None)
            if "image/png" in output.data:
                output.data["image/png"] = slim_png(output.data["image/png"])
            if not output.data:
                continue
        stable.append(output)
    return stable


def _traceback(error: CellExecutionError) -> str:
    text = _ANSI.sub("", error.traceback)
    return text[text.rfind("-" * 60) :].strip() if "-" * 60 in text else text.strip()
