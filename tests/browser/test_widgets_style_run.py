"""A painting in the making in Chromium: asked for, watched, stopped, failed."""

from __future__ import annotations

import pytest
import torch
from playwright.sync_api import Page, expect

from course_utils.style.pictures import as_bytes
from course_utils.widgets.style_run import Report
from tests.browser.shim import Opener, press, state
from tests.browser.style_page import drawn, expect_as_in_python, explorer, opened, tell


@pytest.fixture
def page(open_page: Opener) -> Page:
    return opened(open_page, explorer())


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
