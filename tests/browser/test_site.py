"""The site of all lessons in a real browser, opened as files: nothing is served.

``make site`` names the site that it has made, and has axe look at each of its pages;
without it, one is made, and axe looks at a few.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tools.building.project import Project
from tools.publishing.site import make_site

CONVOLUTION, POOLING = "02_convolution_by_hand", "03_pooling_and_flattening"
SEARCH = "search.html?q=sobel"
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
# a colour that was looked at once need not be looked at in every line of code
MERGE_TOKENS = """() => {
  const seen = new Set();
  for (const token of document.querySelectorAll(".highlight span")) {
    const kind = `${token.className} ${token.closest(".output") !== null}`;
    if (seen.has(kind)) token.replaceWith(...token.childNodes);
    else seen.add(kind);
  }
  document.body.normalize();
}"""
VIOLATIONS = """async (rules) => {
  const options = { preload: false, resultTypes: ["violations"] };
  if (rules) options.runOnly = rules;
  const { violations } = await axe.run(options);
  return violations.map((v) => [v.id, v.nodes.map((node) => node.html)]);
}"""
MADE = os.environ.get("MADE_SITE")
PAGES = ["index", CONVOLUTION, "glossary", SEARCH]
if MADE:
    PAGES = [SEARCH, *sorted(page.stem for page in Path(MADE).glob("*.html"))]
Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of all lessons and pages."""
    if MADE:
        return Path(MADE).resolve()
    project, folder = Project.load(), tmp_path_factory.mktemp("site")
    make_site(project, project.lessons(), folder)
    return folder / "html"


@pytest.fixture
def visit(site: Path, chromium: Browser) -> Iterator[Visit]:
    """Open a page; errors, and requests for more than the site's files, fail."""
    faults: list[str] = []
    pages: list[Page] = []

    def open_page(name: str, **context: object) -> Page:
        page = chromium.new_page(**context)
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda r: _is_ours(r.url, site) or faults.append(r.url))
        page.on("requestfailed", lambda request: faults.append(request.url))
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


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation_in_light_or_dark(visit: Visit, name: str) -> None:
    page = visit(name, color_scheme="light")
    page.wait_for_function("!document.querySelector('.live:not([data-ready])')")
    page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
    page.evaluate(MERGE_TOKENS)
    page.evaluate(AXE)
    assert page.evaluate(VIOLATIONS) == []
    light = _ground(page)
    page.emulate_media(color_scheme="dark")
    assert _ground(page) != light
    assert page.evaluate(VIOLATIONS, ["color-contrast"]) == []


def test_search_finds_the_lesson(visit: Visit) -> None:
    page = visit("index")
    page.get_by_role("textbox", name="Search").fill("sobel")
    page.keyboard.press("Enter")
    page.locator(f"#search-results a[href^='{CONVOLUTION}.html']").first.wait_for()


def test_dark_and_light_can_be_chosen(visit: Visit) -> None:
    page = visit("glossary")
    seen = set()
    for _ in range(3):  # auto, light, dark
        page.locator("button.theme-toggle:visible").press("Enter")
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
    fraction = visit(CONVOLUTION).locator(".formula mfrac").first
    above, below = (fraction.locator("> *").nth(n).bounding_box() for n in (0, 1))
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"] + 1


def test_convolution_explorer_answers_a_key_press(visit: Visit) -> None:
    page = visit(CONVOLUTION)
    page.get_by_text("Output, 4 × 4").wait_for()
    page.locator(".live [data-control='stride']").press("ArrowRight")
    page.get_by_text("Output, 2 × 2").wait_for()


def test_explorers_numbers_keep_to_their_cells(visit: Visit) -> None:
    cell = visit(CONVOLUTION).locator(".live").get_by_text("−20", exact=True).first
    too_wide = "cell => cell.scrollWidth - cell.clientWidth"
    assert cell.evaluate(too_wide) == 0


def test_pooling_explorer_is_alive(visit: Visit) -> None:
    page = visit(POOLING)
    page.locator(".live[data-ready]").wait_for()
    expect(page.get_by_text("Run this cell to move the window yourself")).to_have_count(
        0
    )


def test_solution_opens_by_keyboard(visit: Visit) -> None:
    fold = visit(CONVOLUTION).locator("details.solution").first
    expect(fold.locator("pre").first).not_to_be_visible()
    fold.locator("summary").press("Enter")
    expect(fold.locator("pre").first).to_be_visible()


def test_first_tab_stop_leads_past_the_menu(visit: Visit) -> None:
    page = visit("glossary")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('article') !== null")


def test_phone_opens_the_menu_by_keyboard_and_passes_it_by_until_then(
    visit: Visit,
) -> None:
    page = visit(CONVOLUTION, viewport={"width": 360, "height": 740})
    menu = page.get_by_role("button", name="Menu")
    lesson = page.locator(".sidebar-tree a").first
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(menu).to_be_focused()
    expect(lesson).not_to_be_visible()
    page.keyboard.press("Space")
    expect(lesson).to_be_in_viewport()


@pytest.mark.parametrize("name", PAGES)
def test_phone_scrolls_no_page_sideways(visit: Visit, name: str) -> None:
    page = visit(name, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
