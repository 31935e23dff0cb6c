"""axe-core on the explorers: no violations, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Page

from course_utils.widgets import ConvolutionExplorer, PoolingExplorer
from course_utils.widgets.explorer import Explorer
from tests.browser.shim import shim_page

pytest.importorskip(
    "axe_playwright_python",
    reason="axe-core is missing: run `python -m pip install axe-playwright-python`",
)

EXPLORERS = {
    "matrix": lambda: ConvolutionExplorer(stride=2, padding=1, kernel="emboss"),
    "never visited": lambda: ConvolutionExplorer(stride=2),
    "photograph": lambda: ConvolutionExplorer("camera"),
    "misfit": lambda: ConvolutionExplorer(kernel=[[1] * 5] * 5, dilation=2),
    "pooling": lambda: PoolingExplorer(shift=(1, 1), padding=1),
    "pooled photograph": lambda: PoolingExplorer("chelsea", "average", shift=(0, 1)),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", EXPLORERS)
def test_axe_finds_no_violation(
    open_page: Callable[..., Page], name: str, theme: str
) -> None:
    make: Callable[[], Explorer] = EXPLORERS[name]
    page = open_page(shim_page(make(), theme), color_scheme=theme)
    page.wait_for_selector("[data-ready=yes]", state="attached")
    axe = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    page.evaluate(axe)
    result = page.evaluate("() => axe.run('#widget')")
    found = {
        violation["id"]: [node["html"] for node in violation["nodes"]]
        for violation in result["violations"]
    }
    assert found == {}
    assert "color-contrast" in {passed["id"] for passed in result["passes"]}
