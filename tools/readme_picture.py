"""Take the README's picture: the explorer in its cell of lesson 02, in JupyterLab.

Run: ``python -m tools.readme_picture``
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, ViewportSize, expect

from tools.browser import open_notebook, run_all, running_chromium, running_lab
from tools.building.pictures import slim_png

ROOT: Final = Path(__file__).parents[1]
LESSON: Final = ROOT / "notebooks" / "02_convolution_by_hand.ipynb"
PICTURE: Final = ROOT / "notebooks" / "images" / "explorer.png"
# the cell fits, with little beside it
_WINDOW: Final[ViewportSize] = {"width": 985, "height": 1300}
_SCALE: Final = 1.5
_PATIENCE_MS: Final = 60_000

# the selected cell has a toolbar and a blue bar, which belong to no picture
_BRING_INTO_VIEW: Final = """async () => {
  const { shell } = window.jupyterapp;
  shell.collapseLeft();
  shell.collapseRight();
  const notebook = shell.currentWidget.content;
  const source = ({ model }) => model.sharedModel.source;
  const holds = (cell) => source(cell).includes('\\nexplorer = ConvolutionExplorer');
  const index = notebook.widgets.findIndex(holds);
  notebook.activeCellIndex = 0;
  await notebook.scrollToItem(index, 'start');
}"""


def main() -> None:
    """Take the picture and say where it lies."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(LESSON, folder)
        with running_lab(Path(folder)) as address, running_chromium() as chromium:
            page = chromium.new_page(
                viewport=_WINDOW,
                device_scale_factor=_SCALE,
                color_scheme="light",
            )
            open_notebook(page, address, LESSON.name)
            run_all(page)
            picture = _explorer_cell(page)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(base64.b64decode(slim_png(base64.b64encode(picture).decode())))
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


def _explorer_cell(page: Page) -> bytes:
    """Return the picture of the cell, once it shows what the README says it shows."""
    page.evaluate(_BRING_INTO_VIEW)
    expect(page.locator(".cnn-sum")).to_have_text("−11", timeout=_PATIENCE_MS)
    cell = page.locator(".jp-Cell", has=page.locator(".cnn-explorer"))
    return cell.screenshot(animations="disabled", timeout=_PATIENCE_MS)


if __name__ == "__main__":
    main()
