"""A lesson that is open in a real JupyterLab: written in, run and read by a student."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import nbformat
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.shim import cells
from tools.browser import open_notebook, run_all
from tools.checks.parameters import shortened

NOTEBOOKS: Final = Path(__file__).parents[2] / "notebooks"
_PATIENCE_MS: Final = 60_000
# the badge at the top is the only thing that a lesson shows from elsewhere
_ELSEWHERE: Final = re.compile(r"^https?://(?!127\.0\.0\.1)")
_BLANK: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_NOTEBOOK: Final = "window.jupyterapp.shell.currentWidget.content"
_FIND: Final = f"""(text) => [...{_NOTEBOOK}.widgets.entries()]
  .filter(([, {{ model }}]) => model.type === 'code')
  .filter(([, {{ model }}]) => model.sharedModel.source.includes(text))
  .map(([index]) => index)"""
# pictures stay behind: they are large, and these tests read words
_OUTPUTS: Final = f"""(index) => {_NOTEBOOK}.widgets[index].model.outputs.toJSON()
  .map(({{ output_type, text, evalue, data }}) => ({{
    output_type, evalue, text: text ?? data?.['text/plain'] ?? '',
  }}))"""
_SHOW: Final = f"""async (index) => {{
  {_NOTEBOOK}.deselectAll();
  {_NOTEBOOK}.activeCellIndex = index;
  await {_NOTEBOOK}.scrollToItem(index, 'smart');
}}"""
_RUN: Final = "() => window.jupyterapp.commands.execute('notebook:run-cell')"
_AXE: Final = """async (node) => {
  const { violations, passes } = await axe.run(node);
  const nodes = (found) => found.nodes.map(({ html }) => html);
  return [violations.map((found) => [found.id, nodes(found)]), passes.length];
}"""


def copy_lessons(folder: Path) -> Path:
    """Copy the students' notebooks, so that those of the workbook stay as they are.

    The long trainings are short in them: other runs prove what these print.
    """
    for path in NOTEBOOKS.glob("[0-9]*.ipynb"):
        notebook = load_notebook_node(str(path))
        if chosen := shortened(path):
            notebook = parameterize_notebook(notebook, chosen)
        nbformat.write(notebook, folder / path.name)
    return folder


def open_lesson(chromium: Browser, address: str, number: str) -> Lesson:
    """Open a lesson ("02") in a page of its own and run all of its cells."""
    page = chromium.new_page(viewport={"width": 1280, "height": 1100})
    page.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    page.route(_ELSEWHERE, _blank)
    lesson = Lesson(page)
    page.on("pageerror", lambda error: lesson.faults.append(str(error)))
    page.on("console", lesson.heard)
    (notebook,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    open_notebook(page, address, notebook.name)
    run_all(page)
    return lesson


def _blank(route: Route) -> None:
    route.fulfill(body=_BLANK, content_type="image/svg+xml")


@dataclass
class Lesson:
    """The copy of a lesson in a page; every cell has been run once."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def heard(self, message: Any) -> None:
        """Note what the page complains of."""
        if message.type == "error":
            self.faults.append(message.text)

    def every(self, text: str) -> list[int]:
        """The indices of the code cells that contain this text."""
        found: list[int] = self.page.evaluate(_FIND, text)
        return found

    def find(self, text: str) -> int:
        """The index of the one code cell that contains this text."""
        (index,) = self.every(text)
        return index

    def outputs(self, index: int) -> list[dict[str, str]]:
        """Kind and text of what a cell shows."""
        found: list[dict[str, str]] = self.page.evaluate(_OUTPUTS, index)
        return found

    def errors(self) -> list[str]:
        """What went wrong in any cell."""
        shown = [output for index in self.every("") for output in self.outputs(index)]
        return [o["evalue"] for o in shown if o["output_type"] == "error"]

    def verdicts(self) -> list[str]:
        """Sign and word of every check, in the order of the lesson."""
        shown = [self.outputs(index) for index in self.every("checks.check_")]
        return [output["text"].partition(" · ")[0] for (output,) in shown]

    def active(self) -> int:
        """The index of the cell that JupyterLab has selected."""
        index: int = self.page.evaluate(f"() => {_NOTEBOOK}.activeCellIndex")
        return index

    def show(self, text: str) -> Locator:
        """Select the cell with this text, bring it into view and return it."""
        index = self.find(text)
        self.page.evaluate(_SHOW, index)
        return self.page.locator(f".jp-Cell[data-windowed-list-index='{index}']")

    def run(self, text: str) -> Locator:
        """Run the cell with this text and return its output area."""
        cell = self.show(text)
        self.page.evaluate(_RUN)
        return cell.locator(".jp-OutputArea")

    def write(self, text: str, source: str) -> None:
        """Replace the cell with this text, through its editor, and run it."""
        self.show(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        self.page.evaluate(_RUN)
        self.page.keyboard.press("Escape")

    def ask(self, expression: str) -> Any:
        """What Python answers in the cell that the lesson leaves empty."""
        question = f"# scratch cell\nimport json\nprint(json.dumps({expression}))"
        self.write("cratch cell", question)
        (output,) = self.outputs(self.find("cratch cell"))
        return json.loads(output["text"])

    def expect_python(self, expression: str, expected: Any) -> None:
        """Ask until Python agrees: what the page sends arrives a moment later."""
        deadline = time.monotonic() + _PATIENCE_MS / 1000
        while (answer := self.ask(expression)) != expected:
            assert time.monotonic() < deadline, f"{expression} is {answer}"

    def violations(self, area: Locator) -> list[Any]:
        """What axe-core has against an output area."""
        axe = files("axe_playwright_python") / "axe.min.js"
        self.page.evaluate(axe.read_text("utf-8"))
        found, passed = area.evaluate(_AXE)
        assert passed > 0, "axe tested nothing"
        return list(found)


def numbers(page: Page, panel: str) -> list[float]:
    """The numbers of an explorer's grid, row after row."""
    return [float(text.replace("−", "-")) for text in cells(page, panel)]


def drag(page: Page, control: str, share: float) -> None:
    """Move a slider by mouse to a share of its length."""
    slider = page.locator(f"[data-control='{control}']")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, height)
    page.mouse.down()
    page.mouse.move(box["x"] + share * box["width"], height, steps=4)
    page.mouse.up()


def pixels(canvas: Locator) -> str:
    """The bytes of a canvas."""
    found: str = canvas.evaluate("(node) => node.toDataURL()")
    return found
