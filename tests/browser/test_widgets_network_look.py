"""How the network explorer looks in Chromium: colours, layout, axe in both themes."""

from __future__ import annotations

from importlib.resources import files

import pytest
from playwright.sync_api import Page

from course_utils.widgets import NetworkExplorer
from tests.browser.network_page import map_canvas
from tests.browser.shim import Opener, press, shim_page, show
from tests.network_toys import toy_explorer

_SHADOW = 0.5  # what is not seen is half as bright
# red, green and blue in the middle of each pixel of the photograph, 40 × 32
_COLOURS = """() => {
  const canvas = document.querySelector('.cnn-network-photo canvas');
  const [width, height] = [canvas.width / 32, canvas.height / 40];
  const context = canvas.getContext('2d');
  const at = (row, col) => {
    const [x, y] = [(col + 0.5) * width, (row + 0.5) * height];
    return Array.from(context.getImageData(x, y, 1, 1).data).slice(0, 3);
  };
  return Array.from({ length: 40 }, (_, row) =>
    Array.from({ length: 32 }, (_, col) => at(row, col)));
}"""
_REMOVE = """() => {
  remove();
  model.set('_where', { layer: 'pool', position: [0, 0], rank: 0 });
}"""


@pytest.fixture
def page(open_page: Opener) -> Page:
    return show(open_page, toy_explorer("conv"))


def test_only_what_the_position_sees_is_bright(open_page: Opener) -> None:
    explorer = toy_explorer("joined.wide")
    explorer.position = (0, 8)
    page = show(open_page, explorer)
    bright = page.evaluate(_COLOURS)
    pixels = (explorer.reading().pixels * 255).round()
    top, left, height, width = explorer.facts.box(*explorer.position)
    frame = {top - 1, top + height, left - 1, left + width}
    for row in sorted(set(range(0, 40, 3)) - frame):
        for col in sorted(set(range(0, 32, 3)) - frame):
            seen = top <= row < top + height and left <= col < left + width
            expected = (pixels[:, row, col] * (1 if seen else _SHADOW)).tolist()
            assert bright[row][col] == pytest.approx(expected, abs=1.5), (row, col)


def test_maps_have_the_colours_of_their_values(open_page: Opener) -> None:
    explorer = toy_explorer("conv")
    page = show(open_page, explorer)
    colours = page.locator(".cnn-strip-map canvas").first.evaluate(
        "(node) => Array.from(node.getContext('2d').getImageData(0, 0, 16, 20).data)"
    )
    values = explorer.feature_maps
    assert values is not None
    assert explorer.channel is not None
    chosen = values[explorer.channel].flatten().tolist()
    limit = explorer._page["brightest"]
    for place, value in enumerate(chosen):
        red, _, blue, _ = colours[4 * place : 4 * place + 4]
        if abs(value) > limit / 10:
            assert (red > blue) == (value > 0), place


def test_plain_keys_stay_inside_and_escape_leaves(page: Page) -> None:
    page.evaluate(
        "() => { window.seen = [];"
        "document.addEventListener('keydown', (e) => window.seen.push(e.key)); }"
    )
    press(page, "layer_number", "ArrowRight", "d", "Escape")
    map_canvas(page).focus()
    page.keyboard.press("ArrowUp")
    page.locator(".cnn-strip-map[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("seen") == ["Escape"]


def test_a_removed_view_no_longer_follows(page: Page) -> None:
    before = page.locator(".cnn-facts").inner_text()
    page.evaluate(_REMOVE)
    page.wait_for_timeout(50)
    assert page.locator(".cnn-facts").inner_text() == before


def test_moving_does_not_move_the_layout(page: Page) -> None:
    height = "() => document.querySelector('.cnn-explorer').offsetHeight"
    before = page.evaluate(height)
    map_canvas(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("PageUp")
    assert page.evaluate(height) == before


def test_a_narrow_screen_needs_no_sideways_scrolling(open_page: Opener) -> None:
    view = {"width": 380, "height": 800}
    page = show(open_page, toy_explorer("joined.wide"), viewport=view)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 380


def refused() -> NetworkExplorer:
    explorer = toy_explorer("joined.wide")
    explorer.position = (0, 0)
    with pytest.raises(ValueError, match="dog"):
        explorer.image = "dog"
    return explorer


SHOWN = {
    "maps": refused,
    "vector": lambda: toy_explorer("head"),
    "shapes": lambda: NetworkExplorer("resnet152", "layer3.20.conv2"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", SHOWN)
def test_axe_finds_no_violation(open_page: Opener, name: str, theme: str) -> None:
    pytest.importorskip(
        "axe_playwright_python",
        reason="axe-core is missing: run `python -m pip install axe-playwright-python`",
    )
    page = open_page(shim_page(SHOWN[name](), theme), color_scheme=theme)
    page.wait_for_selector("[data-ready=yes]", state="attached")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    result = page.evaluate("() => axe.run('#widget')")
    found = {
        violation["id"]: [node["html"] for node in violation["nodes"]]
        for violation in result["violations"]
    }
    assert found == {}
    assert "color-contrast" in {passed["id"] for passed in result["passes"]}
