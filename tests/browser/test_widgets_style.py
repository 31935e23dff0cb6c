"""The style explorer in Chromium without Jupyter: sliders, pictures, words, axe."""

from __future__ import annotations

import base64
import json
from importlib.resources import files
from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect

from course_utils.style.pictures import as_bytes
from course_utils.widgets.style import StyleExplorer
from course_utils.widgets.style_run import Report
from tests.browser.shim import Opener, press, shim_page, show, state

_PIXELS = """(node) => Array.from(
  node.getContext('2d').getImageData(0, 0, node.width, node.height).data)"""
_DECODED = """() => {
  const canvas = document.querySelector('.cnn-style-source');
  return canvas.getContext('2d').getImageData(9, 9, 1, 1).data[3] === 255;
}"""
# every trait is a plain value but the picture, which is bytes
_TELL = """([report, picture]) => model.set('_run', {
  ...report,
  picture: picture && new DataView(
    Uint8Array.from(atob(picture), (c) => c.charCodeAt(0)).buffer),
})"""


def explorer(**states: Any) -> StyleExplorer:
    shown = StyleExplorer()
    for name, value in states.items():
        setattr(shown, name, value)
    return shown


def opened(open_page: Opener, shown: StyleExplorer, **context: Any) -> Page:
    page = show(open_page, shown, **context)
    page.wait_for_function(_DECODED)
    return page


@pytest.fixture
def page(open_page: Opener) -> Page:
    return opened(open_page, explorer())


def same_state(page: Page) -> StyleExplorer:
    """A Python explorer in the state of the page."""
    names = ("pair", "style_weight", "style_layers")
    return explorer(**{name: state(page, name) for name in names})


def drawn(page: Page, canvas: str) -> torch.Tensor:
    """What a canvas shows, uint8, (3, H, W)."""
    node = page.locator(canvas).first
    height, width = node.evaluate("(node) => [node.height, node.width]")
    found = torch.tensor(node.evaluate(_PIXELS), dtype=torch.uint8)
    return found.reshape(height, width, 4).permute(2, 0, 1)[:3]


def expect_as_in_python(page: Page) -> None:
    shown = same_state(page)
    expect(page.locator(".cnn-style-words")).to_have_text(shown.table().sentences[0])
    expect(page.locator(".cnn-style > .cnn-notes")).to_have_text(
        shown.table().sentences[1]
    )
    # two decoders of the same lossy file may round differently
    difference = drawn(page, ".cnn-style-result").int() - shown.picture.int()
    assert difference.abs().float().mean() < 2
    source = drawn(page, ".cnn-style-source").int()
    content = shown.stored.content(shown.pair).int()
    assert (source - content).abs().float().mean() < 2


def tell(page: Page, report: Report) -> None:
    """What Python would send of a run."""
    rest = {**report.as_dict(), "picture": None}
    picture = report.picture and base64.b64encode(report.picture).decode("ascii")
    page.evaluate(_TELL, [json.loads(json.dumps(rest)), picture])


def test_shows_what_python_says(page: Page) -> None:
    expect_as_in_python(page)


def test_sliders_choose_weight_and_layers_by_keyboard(page: Page) -> None:
    press(page, "style_weight", "Home", "ArrowRight")
    press(page, "style_layers", "Home")
    assert state(page, "style_weight") == 0.3
    assert state(page, "style_layers") == [1]
    expect_as_in_python(page)
    weight = page.locator("[data-control=style_weight]")
    expect(weight).to_have_attribute("aria-valuetext", "0.3")
    press(page, "style_layers", "End")
    layers = page.locator("[data-control=style_layers]")
    expect(layers).to_have_attribute("aria-valuetext", "6, 7")
    expect_as_in_python(page)


@pytest.mark.parametrize("pair", ["coffee_mosaic", "chelsea_flower"])
def test_other_pictures_are_there_too(page: Page, pair: str) -> None:
    page.locator("[data-control=pair]").select_option(pair)
    assert state(page, "pair") == pair
    content = same_state(page).stored.content(pair)
    page.wait_for_function(
        "([wanted]) => Math.abs(document.querySelector('.cnn-style-source')"
        ".getContext('2d').getImageData(96, 96, 1, 1).data[0] - wanted) < 9",
        arg=[int(content[0, 96, 96])],
    )
    expect_as_in_python(page)


def test_every_stored_picture_is_reached(page: Page) -> None:
    seen = set()
    for _ in range(5):
        press(page, "style_layers", "ArrowLeft")
    for _ in range(5):
        press(page, "style_weight", "Home")
        for _ in range(7):
            label = page.locator(".cnn-style-result").get_attribute("aria-label")
            seen.add((label, drawn(page, ".cnn-style-result").float().mean().item()))
            press(page, "style_weight", "ArrowRight")
        press(page, "style_layers", "ArrowRight")
    assert len({label for label, _ in seen}) == 35
    assert len({mean for _, mean in seen}) == 35


def test_a_slider_answers_within_one_frame(page: Page) -> None:
    milliseconds = page.evaluate(
        """async () => {
          const slider = document.querySelector('[data-control=style_weight]');
          const canvas = document.querySelector('.cnn-style-result');
          const context = canvas.getContext('2d');
          const read = () => context.getImageData(0, 96, 192, 1).data.join();
          const times = [];
          for (let move = 0; move < 21; move++) {
            await new Promise(requestAnimationFrame);
            const before = read();
            const start = performance.now();
            slider.value = move % 2 ? 5 : 2;
            slider.dispatchEvent(new Event('input'));
            if (read() === before) return null;
            times.push(performance.now() - start);
          }
          return times.sort((a, b) => a - b)[10];
        }"""
    )
    assert milliseconds is not None, "the picture did not change at once"
    assert milliseconds < 50


def test_the_change_is_said_aloud(page: Page) -> None:
    press(page, "style_weight", "End")
    status = page.locator("[role=status][aria-live=polite]")
    expect(status).to_contain_text("Style weight 100, style layers 1, 4, 6, 7")


def test_pictures_say_what_they_show(page: Page) -> None:
    labels = page.locator("canvas").evaluate_all(
        "(all) => all.map((node) => node.getAttribute('aria-label'))"
    )
    assert labels == [
        "Content picture: china",
        "Style picture: strokes",
        "Stored result: pavilion, brush strokes, style weight 10, "
        "style layers 1, 4, 6, 7",
        "Nothing computed yet",
    ]


def test_run_asks_python_and_shows_progress_and_picture(page: Page) -> None:
    page.evaluate("() => { model.send = (content) => { window.sent = content; }; }")
    page.locator("[data-control=picture_size]").select_option("192")
    page.locator("[data-control=run]").click()
    assert page.evaluate("sent") == {
        "kind": "run",
        "settings": {
            "pair": "china_strokes",
            "style_weight": 10,
            "style_layers": [1, 4, 6, 7],
            "picture_size": 192,
            "steps": 50,
        },
    }
    expect(page.locator(".cnn-style-message")).to_have_text("Waiting for Python…")
    picture = torch.full((1, 3, 64, 64), 0.5)
    report = Report("running", "a test", "Step 20 of 50.", 20, 50, as_bytes(picture))
    tell(page, report)
    expect(page.locator(".cnn-style-message")).to_have_text("Step 20 of 50.")
    expect(page.locator("progress")).to_have_attribute(
        "aria-valuetext", "step 20 of 50"
    )
    assert page.locator("progress").evaluate("(node) => node.value") == 0.4
    expect(page.locator("[data-control=run]")).to_be_disabled()
    page.wait_for_function(
        "() => document.querySelector('.cnn-style-live').width === 64"
    )
    assert (drawn(page, ".cnn-style-live").int() - 128).abs().max() < 4
    page.locator("[data-control=stop]").click()
    assert page.evaluate("sent.kind") == "stop"
    tell(page, Report("stopped", "a test", "Stopped after step 21 of 50.", 21, 50))
    expect(page.locator("[data-control=run]")).to_be_enabled()
    expect(page.locator("[data-control=stop]")).to_be_disabled()
    status = page.locator("[role=status][aria-live=polite]")
    expect(status).to_have_text("Stopped after step 21 of 50.")


def test_failure_is_told_where_the_button_is(page: Page) -> None:
    tell(page, Report("failed", "", "It failed. FileNotFoundError: no weights\nTry x."))
    message = page.locator(".cnn-style-message")
    expect(message).to_contain_text("It failed. FileNotFoundError: no weights")
    expect(message).to_have_class("cnn-style-message cnn-alarm")
    expect(page.locator("[data-control=run]")).to_be_enabled()


def test_page_without_a_kernel_says_so(page: Page) -> None:
    page.locator("[data-control=run]").click()
    message = page.locator(".cnn-style-message")
    expect(message).to_contain_text("Python does not answer", timeout=10_000)
    press(page, "style_weight", "Home")  # the stored pictures still work
    expect_as_in_python(page)


def test_size_and_steps_are_chosen(page: Page) -> None:
    page.locator("[data-control=picture_size]").select_option("224")
    page.locator("[data-control=steps]").select_option("150")
    assert (state(page, "picture_size"), state(page, "steps")) == (224, 150)


def test_your_own_pictures_have_nothing_stored(open_page: Opener) -> None:
    mine = torch.zeros(3, 90, 120)
    mine[0] = 1
    shown = StyleExplorer(mine, torch.ones(3, 50, 50) / 2)
    page = opened(open_page, shown)
    expect(page.locator(".cnn-style-result")).to_be_hidden()
    expect(page.locator(".cnn-style-words")).to_contain_text("Nothing is stored")
    red = drawn(page, ".cnn-style-source")
    assert red.shape == (3, 144, 192)
    assert red[0].min() > 240
    assert red[1:].max() < 20
    page.locator("[data-control=pair]").select_option("china_strokes")
    expect(page.locator(".cnn-style-result")).to_be_visible()


def test_plain_keys_stay_inside_and_escape_leaves(page: Page) -> None:
    page.evaluate(
        "() => { window.seen = [];"
        "document.addEventListener('keydown', (e) => window.seen.push(e.key)); }"
    )
    press(page, "style_weight", "ArrowRight", "d", "Escape")
    press(page, "run", "j")
    assert page.evaluate("seen") == ["Escape"]


def test_a_state_set_from_python_is_drawn(page: Page) -> None:
    page.evaluate(
        "() => { model.set('style_layers', [1, 4]); model.set('style_weight', 100); }"
    )
    expect_as_in_python(page)


def test_a_removed_view_no_longer_follows(page: Page) -> None:
    before = page.locator(".cnn-style-words").inner_text()
    page.evaluate("() => { remove(); model.set('style_weight', 100); }")
    assert page.locator(".cnn-style-words").inner_text() == before


def test_the_layout_stays_when_a_run_shows_its_picture(page: Page) -> None:
    height = "() => document.querySelector('.cnn-explorer').offsetHeight"
    before = page.evaluate(height)
    report = Report("running", "x", "Step 1 of 50, about 9 s to go.", 1, 50)
    tell(page, report)
    picture = as_bytes(torch.rand(1, 3, 128, 128))
    tell(page, Report("done", "x", "Done after step 50 of 50: x.", 50, 50, picture))
    page.wait_for_function(
        "() => document.querySelector('.cnn-style-live').width === 128"
    )
    assert page.evaluate(height) == before


def test_a_narrow_screen_needs_no_sideways_scrolling(open_page: Opener) -> None:
    page = opened(open_page, explorer(), viewport={"width": 380, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 380


@pytest.mark.parametrize("failed", [False, True])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation(open_page: Opener, theme: str, failed: bool) -> None:
    pytest.importorskip(
        "axe_playwright_python",
        reason="axe-core is missing: run `python -m pip install axe-playwright-python`",
    )
    page = open_page(shim_page(explorer(), theme), color_scheme=theme)
    page.wait_for_selector("[data-ready=yes]", state="attached")
    if failed:
        tell(page, Report("failed", "", "It failed. RuntimeError: no."))
    else:
        tell(page, Report("running", "x", "Step 2 of 50.", 2, 50))
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    result = page.evaluate("() => axe.run('#widget')")
    found = {
        violation["id"]: [node["html"] for node in violation["nodes"]]
        for violation in result["violations"]
    }
    assert found == {}
    assert "color-contrast" in {passed["id"] for passed in result["passes"]}
