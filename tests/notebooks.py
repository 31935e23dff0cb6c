"""Read the built notebooks, for tests that look at what is stored in them."""

from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
LESSONS = sorted(path.name[:2] for path in ROOT.glob("lessons/[0-9]*.py"))


def read(lesson: str, worked: bool) -> nbformat.NotebookNode:
    """Return the built notebook of a lesson ("02"): the worked one or the student's."""
    folder = ROOT / "notebooks" / ("solutions" if worked else ".")
    (path,) = folder.glob(f"{lesson}_*.ipynb")
    return nbformat.read(path, as_version=4)


def check_cells(lesson: str, worked: bool) -> list[tuple[str, str]]:
    """Return (source, stored text output) of each cell that ends in a check."""
    return [
        (cell.source, "".join(_texts(cell)))
        for cell in read(lesson, worked).cells
        if cell.cell_type == "code"
        and cell.source.splitlines()[-1].startswith("checks.check_")
    ]


def _texts(cell: nbformat.NotebookNode) -> list[str]:
    return [
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    ]
