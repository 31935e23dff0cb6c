"""The style explorer and the live view in a real JupyterLab: run, stop, fail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.lab import Lesson
from tests.browser.shim import press
from tests.lesson_functions import cell_with
from tests.real_files import asset
from tools.bench.widget_latency import write_notebook
from tools.browser import open_notebook, run_all

_PATIENCE_MS = 90_000
_CELLS = (
    "from course_utils.widgets.style import StyleExplorer\n"
    "explorer = StyleExplorer()\n"
    "explorer",
    "# scratch cell",
    "import torch\nfrom torch import Tensor\nfrom course_utils import style\n"
    "from course_utils.style.transfer import total_variation\nsteps = 1",
    cell_with("09", "def optimise("),
    "# the loop\nstart = torch.rand(1, 3, 64, 64)\n"
    "picture, losses = optimise(total_variation, start, steps=steps, watch=True)",
)
# without waiting for the end of the cell, which never comes
_START = "() => { window.jupyterapp.commands.execute('notebook:run-cell'); }"
_INTERRUPT = "() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')"


@pytest.fixture(scope="module")
def opened(
    chromium: Browser, lab: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lesson]:
    asset("squeezenet")
    page = chromium.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    upload(page, lab, tmp_path_factory.mktemp("style"))
    lesson = Lesson(page)
    page.on("pageerror", lambda error: lesson.faults.append(str(error)))
    open_notebook(page, lab, "style.ipynb")
    run_all(page)
    page.locator(".cnn-style").wait_for()
    yield lesson
    page.close()


def upload(page: Page, lab: str, folder: Path) -> None:
    """Put a notebook into the folder of the running JupyterLab."""
    notebook = (write_notebook(folder, *_CELLS) / "latency.ipynb").read_text("utf-8")
    content = {"type": "notebook", "format": "json", "content": json.loads(notebook)}
    where = lab.replace("/lab?", "/api/contents/style.ipynb?")
    assert page.request.put(where, data=content).ok


def message(lesson: Lesson) -> Locator:
    return lesson.page.locator(".cnn-style-message")


def test_sliders_tell_python(opened: Lesson) -> None:
    page = opened.page
    press(page, "style_weight", "End")
    press(page, "style_layers", "Home", "ArrowRight")
    opened.expect_python(
        "[explorer.style_weight, explorer.style_layers]", [100, [1, 4]]
    )
    sentence = opened.ask("explorer.table().sentences[0]")
    expect(page.locator(".cnn-style-words")).to_have_text(sentence)


def test_run_for_real_shows_the_picture_that_python_has(opened: Lesson) -> None:
    opened.page.locator("[data-control=run]").click()
    expect(message(opened)).to_contain_text("Done after step 50 of 50: pavilion")
    size = opened.page.locator(".cnn-style-live").evaluate("(node) => node.width")
    assert size == 128
    opened.expect_python("list(explorer.result.shape)", [1, 3, 128, 128])


def test_stop_keeps_the_picture(opened: Lesson) -> None:
    page = opened.page
    page.locator("[data-control=steps]").select_option("150")
    page.locator("[data-control=picture_size]").select_option("224")
    page.locator("[data-control=run]").click()
    expect(message(opened)).to_contain_text(re.compile(r"Step [1-9]\d* of 150"))
    page.locator("[data-control=stop]").click()
    expect(message(opened)).to_contain_text(
        re.compile(r"Stopped after step \d+ of 150")
    )
    opened.expect_python("list(explorer.result.shape)", [1, 3, 224, 224])
    expect(page.locator("[data-control=run]")).to_be_enabled()


def test_failure_says_why_inside_the_widget(opened: Lesson) -> None:
    opened.ask("setattr(explorer, '_features', 'no network')")
    opened.page.locator("[data-control=run]").click()
    expect(message(opened)).to_contain_text("It failed. AttributeError: 'str' object")
    expect(message(opened)).to_have_class("cnn-style-message cnn-alarm")


def test_the_explorer_has_no_violation_in_jupyterlab(opened: Lesson) -> None:
    area = opened.page.locator(".jp-OutputArea", has=opened.page.locator(".cnn-style"))
    assert opened.violations(area.first) == []
    assert opened.faults == []


def test_interrupting_the_kernel_keeps_the_picture(opened: Lesson) -> None:
    opened.ask("globals().update(steps=10**6)")
    output = opened.show("# the loop").locator(".jp-OutputArea")
    opened.page.evaluate(_START)
    caption = output.locator("figcaption")
    expect(caption).to_contain_text(re.compile(r"step [1-9]\d* of 1000000"))
    opened.page.evaluate(_INTERRUPT)
    expect(output).to_contain_text(re.compile(r"Interrupted after step \d+ of 1000000"))
    said = output.inner_text()
    found = re.search(r"Interrupted after step (\d+)", said)
    assert found is not None
    expect(caption).to_contain_text(f"step {found[1]} of 1000000")
    image = output.locator("img")
    assert f"after step {found[1]} of" in (image.get_attribute("alt") or "")
    opened.expect_python(
        "[len(losses), list(picture.shape)]", [int(found[1]), [1, 3, 64, 64]]
    )
    assert opened.errors() == []
