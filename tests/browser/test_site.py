"""The site of two lessons in a real browser, opened as files: nothing is served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tools.building.project import Project
from tools.publishing.site import make_site

LESSONS = ("02", "03")  # formulas and both explorers
CONVOLUTION, POOLING = "02_convolution_by_hand", "03_pooling_and_flattening"
PAGES = ("index", CONVOLUTION, POOLING, "errata", "glossary", "search.html?q=sobel")
Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of two lessons and all pages."""
    project = Project.load()
    folder = tmp_path_factory.mktemp("site")
    return make_site(project, project.lessons(LESSONS), folder).parent


@pytest.fixture
def visit(site: Path, chromium: Browser) -> Iterator[Visit]:
    """Open a page; errors and requests beyond the site's files fail the test."""
    faults: list[str] = []
    pages: list[Page] = []

    def open_page(name: str, theme: str = "light") -> Page:
        page = chromium.new_page(color_scheme=theme)
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda r: _is_ours(r.url, site) or faults.append(r.url))
        page.goto(f"{site.as_uri()}/{name if '.' in name else f'{name}.html'}")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert faults == []


def _is_ours(url: str, site: Path) -> bool:
    return url.startswith((site.as_uri(), "blob:", "data:"))


def _ground(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def test_search_finds_the_lesson(visit: Visit) -> None:
    page = visit("index")
    page.get_by_role("textbox", name="Search").fill("sobel")
    page.keyboard.press("Enter")
    found = page.locator(f"#search-results a[href^='{CONVOLUTION}.html']").first
    found.wait_for()


def test_dark_and_light_can_be_chosen(visit: Visit) -> None:
    page = visit(CONVOLUTION)
    seen = set()
    for _ in range(3):  # auto, light, dark
        page.locator("button.theme-toggle:visible").click()
        seen.add(_ground(page))
    assert len(seen) == 2


def test_explorer_takes_the_chosen_colours(visit: Visit) -> None:
    page = visit(CONVOLUTION)
    page.locator(".live[data-ready] .cnn-explorer").wait_for()
    scheme = "getComputedStyle(document.querySelector('.cnn-explorer')).colorScheme"
    while page.evaluate("document.body.dataset.theme") != "dark":
        page.locator("button.theme-toggle:visible").click()
    page.wait_for_function(f"{scheme} === 'dark'")


def test_formulas_are_drawn(visit: Visit) -> None:
    page = visit(CONVOLUTION)
    fraction = page.locator(".formula mfrac").first
    above, below = (fraction.locator("> *").nth(n).bounding_box() for n in (0, 1))
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"] + 1


def test_convolution_explorer_answers_a_key_press(visit: Visit) -> None:
    page = visit(CONVOLUTION)
    stride = page.locator(".live [data-control='stride']")
    page.get_by_text("Output, 4 × 4").wait_for()
    stride.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("Output, 2 × 2").wait_for()


def test_pooling_explorer_is_alive(visit: Visit) -> None:
    page = visit(POOLING)
    page.locator(".live[data-ready]").wait_for()
    assert page.get_by_text("Run this cell to move the window yourself").count() == 0


def test_solution_opens_by_keyboard(visit: Visit) -> None:
    page = visit(CONVOLUTION)
    fold = page.locator("details.solution").first
    assert not fold.locator("pre").first.is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    fold.locator("pre").first.wait_for(state="visible")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(visit: Visit, name: str, theme: str) -> None:
    page = visit(name, theme)
    if name in (CONVOLUTION, POOLING):
        page.locator(".live[data-ready]").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    # it would ask for style sheets again, which a file may not
    result = page.evaluate("() => axe.run({ preload: false })")
    found = {v["id"]: [n["html"] for n in v["nodes"]] for v in result["violations"]}
    assert found == {}
