"""A lesson that is open in a real JupyterLab: written in, run and read by a student."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import torch
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.shim import cells
from tools.browser import open_notebook, run_all

PATIENCE_MS: Final = 60_000
NOTEBOOKS: Final = Path(__file__).parents[2] / "notebooks"
OpenLesson = Callable[[str], "Lesson"]

# the badge at the top is the only thing that a lesson shows from elsewhere
_BADGE: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_NOTEBOOK: Final = "window.jupyterapp.shell.currentWidget.content"
_CELLS: Final = f"""() => {_NOTEBOOK}.widgets.map(({{ model }}) => ({{
  type: model.type,
  source: model.sharedModel.source,
  outputs: model.type === 'code' ? model.outputs.toJSON() : [],
}}))"""
_SHOW: Final = f"""async (index) => {{
  {_NOTEBOOK}.deselectAll();
  {_NOTEBOOK}.activeCellIndex = index;
  await {_NOTEBOOK}.scrollToItem(index, 'smart');
}}"""
_RUN: Final = "() => window.jupyterapp.commands.execute('notebook:run-cell')"
_ACTIVE: Final = f"() => {_NOTEBOOK}.activeCellIndex"
_AXE: Final = """async (nodes) => {
  const { violations, passes } = await axe.run(nodes);
  return [
    violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]),
    passes.map(({ id }) => id),
  ];
}"""


def copy_lessons(folder: Path) -> Path:
    """Copy the students' notebooks, so that those of the workbook stay as they are."""
    for notebook in NOTEBOOKS.glob("[0-9]*.ipynb"):
        shutil.copy(notebook, folder)
    return folder


def open_lesson(chromium: Browser, address: str, number: str) -> Lesson:
    """Open a lesson ("02") in a page of its own and run all of its cells."""
    page = chromium.new_page(viewport={"width": 1280, "height": 1100})
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    lesson = Lesson(page)
    page.on("pageerror", lambda error: lesson.faults.append(str(error)))
    page.on(
        "console",
        lambda said: said.type == "error" and lesson.faults.append(said.text),
    )
    page.route("**/*", _from_here_only)
    (notebook,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    open_notebook(page, address, notebook.name)
    run_all(page)
    return lesson


def _from_here_only(route: Route) -> None:
    if "//127.0.0.1:" in route.request.url:
        route.continue_()
    else:
        route.fulfill(body=_BADGE, content_type="image/svg+xml")


@dataclass
class Lesson:
    """The copy of a lesson in a page; every cell has been run once."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def cells(self) -> list[dict[str, Any]]:
        """Type, source and outputs of all cells, as the notebook holds them."""
        found: list[dict[str, Any]] = self.page.evaluate(_CELLS)
        return found

    def find(self, start: str) -> int:
        """The index of the one code cell that has a line beginning like this."""
        (index,) = (
            index
            for index, cell in enumerate(self.cells())
            if cell["type"] == "code" and f"\n{start}" in f"\n{cell['source']}"
        )
        return index

    def active(self) -> int:
        """The index of the cell that JupyterLab has selected."""
        index: int = self.page.evaluate(_ACTIVE)
        return index

    def show(self, index: int) -> Locator:
        """Select a cell, bring it into view and return it."""
        self.page.evaluate(_SHOW, index)
        return self.page.locator(f".jp-Cell[data-windowed-list-index='{index}']")

    def run(self, index: int) -> Locator:
        """Run a cell and return its output area."""
        cell = self.show(index)
        self.page.evaluate(_RUN)
        return cell.locator(".jp-OutputArea")

    def type(self, index: int, source: str) -> None:
        """Replace what stands in a cell, by keyboard, and run it."""
        self.show(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Escape")
        self.page.evaluate(_RUN)

    def ask(self, expression: str) -> Any:
        """What Python answers in the lesson's own scratch cell."""
        scratch = self.find(("# Scratch cell", "# Your scratch cell"))
        self.type(scratch, f"# Scratch cell\nimport json\nprint(json.dumps({expression}))")
        (output,) = self.cells()[scratch]["outputs"]
        return json.loads(output["text"])
