"""The style explorer in Chromium without Jupyter: sliders, pictures, words, axe."""

from __future__ import annotations

from importlib.resources import files

import pytest
import torch
from playwright.sync_api import Page, expect

from course_utils.widgets.style import StyleExplorer
from course_utils.widgets.style_run import Report
from tests.browser.shim import Opener, press, shim_page, state
from tests.browser.style_page import (
    drawn,
    expect_as_in_python,
    explorer,
    opened,
    same_state,
    tell,
)


@pytest.fixture
def page(open_page: Opener) -> Page:
    return opened(open_page, explorer())


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
    seen = page.evaluate(
        """async () => {
          const [weight, layers] = ['style_weight', 'style_layers'].map(
            (name) => document.querySelector(`[data-control=${name}]`));
          const canvas = document.querySelector('.cnn-style-result');
          const context = canvas.getContext('2d');
          const seen = [];
          const move = (slider, value) => {
            slider.value = value;
            slider.dispatchEvent(new Event('input'));
          };
          for (let layer = +layers.min; layer <= +layers.max; layer++) {
            move(layers, layer);
            for (let step = +weight.min; step <= +weight.max; step++) {
              move(weight, step);
              await new Promise(requestAnimationFrame);
              const { data } = context.getImageData(
                0, 0, canvas.width, canvas.height);
              const sum = data.reduce((total, value) => total + value, 0);
              seen.push([canvas.getAttribute('aria-label'), sum]);
            }
          }
          return seen;
        }"""
    )
    assert len(seen) == 35
    assert len({label for label, _ in seen}) == 35
    assert len({total for _, total in seen}) == 35


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
