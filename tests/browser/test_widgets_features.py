"""The feature-map explorer in Chromium without Jupyter: keys, drag, words, axe."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from torch import nn

from course_utils.networks import LectureCNN
from course_utils.widgets import FeatureMapExplorer
from tests.browser.shim import Opener, press, shim_page, show, state

NAMES = ("airplane", "automobile", "bird", "cat", "deer")
NAMES += ("dog", "frog", "horse", "ship", "truck")


def explorer(model: nn.Module | None = None, **states: Any) -> FeatureMapExplorer:
    torch.manual_seed(0)
    images = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8)
    scale = {"mean": (0.5, 0.45, 0.4), "std": (0.25, 0.2, 0.3)}
    network = model or LectureCNN()
    shown = FeatureMapExplorer(network, images, [3, 5, 0, 9, 1], NAMES, **scale)
    for name, value in states.items():
        setattr(shown, name, value)
    return shown


@pytest.fixture
def page(open_page: Opener) -> Page:
    return show(open_page, explorer())


def tap(page: Page, row: int, col: int) -> Locator:
    return page.get_by_label(f"kernel row {row}, column {col}")


def column(page: Page, number: int) -> list[str]:
    """A column of the table of classes."""
    return page.locator(
        f".cnn-classes tbody tr > :nth-child({number})"
    ).all_inner_texts()


def same_state(page: Page) -> FeatureMapExplorer:
    """A Python explorer in the state of the page."""
    shown = explorer()
    for name in ("image_index", "layer", "channel", "in_channel", "_edits"):
        setattr(shown, name, state(page, name))
    return shown


def expect_as_in_python(page: Page) -> None:
    """Every word and number of the page is the one that Python gives."""
    shown = same_state(page)
    table = shown.table()
    words = page.locator(".cnn-texts p")
    for place, sentence in enumerate(table.sentences[1:]):
        expect(words.nth(place)).to_have_text(sentence)
    assert column(page, 2) == [row[1] for row in table.rows]
    assert [text.strip() for text in column(page, 3)] == [row[2] for row in table.rows]
    assert column(page, 4) == [row[3] for row in table.rows]
    expect(page.locator(".cnn-feature-picture .cnn-note").last).to_contain_text(
        table.sentences[0]
    )
    flat = [c for layer in shown.changed_maps().values() for c in layer]
    differs = "(all) => all.map((node) => node.classList.contains('cnn-differs'))"
    assert page.locator(".cnn-map").evaluate_all(differs) == flat


def test_shows_what_python_says(page: Page) -> None:
    expect_as_in_python(page)


def test_typing_a_number_changes_maps_and_prediction(page: Page) -> None:
    before = column(page, 3)
    tap(page, 1, 2).fill("-3.5")
    assert state(page, "_edits")[0]["kernel"][1][2] == -3.5
    assert column(page, 3) != before
    assert column(page, 4) == [text.strip() for text in before]
    expect_as_in_python(page)


def test_dragging_a_number_up_raises_it_by_a_hundredth_a_pixel(page: Page) -> None:
    tap(page, 0, 0).fill("0.5")
    box = tap(page, 0, 0).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 30, steps=5)
    assert state(page, "_edits")[0]["kernel"][0][0] == pytest.approx(0.8)
    page.mouse.move(x, y + 70, steps=5)
    page.mouse.up()
    page.mouse.move(x, y - 50)
    assert state(page, "_edits")[0]["kernel"][0][0] == pytest.approx(-0.2)
    expect(tap(page, 0, 0)).to_be_focused()
    expect_as_in_python(page)


def test_a_click_on_a_number_changes_nothing(page: Page) -> None:
    tap(page, 0, 0).click()
    assert state(page, "_edits") == []
    expect(tap(page, 0, 0)).to_be_focused()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("ArrowUp", 1.05),
        ("ArrowDown", 0.95),
        ("Shift+ArrowUp", 1.5),
        ("PageDown", 0.5),
    ],
)
def test_keys_step_a_number(page: Page, key: str, expected: float) -> None:
    tap(page, 2, 1).fill("1")
    page.keyboard.press(key)
    assert state(page, "_edits")[0]["kernel"][2][1] == pytest.approx(expected)


def test_a_number_too_large_says_what_to_type(page: Page) -> None:
    tap(page, 0, 1).fill("1e9")
    expect(page.locator(".cnn-alarm")).to_contain_text("type a number from −100 to 100")
    assert state(page, "_edits") == []


def test_zero_put_back_and_put_all_back(page: Page) -> None:
    page.locator("[data-control=zero]").click()
    assert state(page, "_edits")[0]["kernel"] == [[0, 0, 0]] * 3
    press(page, "channel", "ArrowRight")
    tap(page, 1, 1).fill("2")
    page.locator("[data-control=reset]").click()
    assert [edit["out_channel"] for edit in state(page, "_edits")] == [0]
    page.locator("[data-control=reset_all]").click()
    assert state(page, "_edits") == []
    expect_as_in_python(page)


def test_sliders_choose_image_and_channels(page: Page) -> None:
    press(page, "image_index", "End")
    press(page, "channel", "ArrowRight", "ArrowRight")
    press(page, "in_channel", "End")
    names = ("image_index", "channel", "in_channel")
    assert [state(page, name) for name in names] == [4, 2, 2]
    slider = page.locator("[data-control=in_channel]")
    expect(slider).to_have_attribute("aria-valuetext", "2 (blue)")
    expect_as_in_python(page)


def test_the_kernel_shown_is_the_chosen_one(open_page: Opener) -> None:
    shown = explorer(layer="act1 (2)", channel=5, in_channel=3)
    page = show(open_page, shown)
    expect(page.locator(".cnn-which")).to_have_text("in_channel 3, out_channel 5")
    assert shown.kernel is not None
    written = page.locator(".cnn-kernel input").evaluate_all(
        "(all) => all.map((field) => field.valueAsNumber)"
    )
    assert written == pytest.approx(shown.kernel.flatten().tolist(), abs=1e-3)


def test_arrow_keys_walk_over_the_maps(page: Page) -> None:
    page.locator(".cnn-map[tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    assert (state(page, "layer"), state(page, "channel")) == ("pool1", 1)
    focused = page.locator(".cnn-map:focus")
    expect(focused).to_have_attribute("aria-selected", "true")
    expect(focused).to_have_attribute("aria-label", "pool1, channel 1")
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    assert (state(page, "layer"), state(page, "channel")) == ("pool1 (2)", 5)
    expect(page.locator(".cnn-map[tabindex='0']")).to_have_count(1)


def test_a_click_on_a_map_chooses_it(page: Page) -> None:
    page.get_by_label("conv2, channel 3").click()
    assert (state(page, "layer"), state(page, "channel")) == ("conv2", 3)
    expect_as_in_python(page)


def test_a_layer_with_fewer_channels_keeps_the_choice_inside(open_page: Opener) -> None:
    layers = (nn.Conv2d(3, 4, 3), nn.AvgPool2d(5), nn.Conv2d(4, 2, 3), nn.Flatten())
    shown = explorer(nn.Sequential(*layers, nn.Linear(32, 10)), channel=3)
    page = show(open_page, shown)
    page.locator("[data-control=layer]").select_option("2")
    assert state(page, "channel") == 1
    press(page, "channel", "End")
    assert state(page, "channel") == 1
    press(page, "in_channel", "End")
    page.locator("[data-control=layer]").select_option("0")
    assert state(page, "in_channel") == 2


def test_before_the_first_convolution_it_says_so(open_page: Opener) -> None:
    layers = (nn.AvgPool2d(2), nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(392, 10))
    page = show(open_page, explorer(nn.Sequential(*layers), layer="0"))
    expect(page.locator(".cnn-which")).to_have_text(
        "No convolution comes before this layer."
    )
    expect(page.locator(".cnn-kernel")).to_be_hidden()


def test_pictures_have_the_colours_of_their_values(page: Page) -> None:
    pixels = (
        "(node) => Array.from(node.getContext('2d').getImageData(0, 0, 32, 32).data)"
    )
    shown = explorer()
    image, chosen = page.locator(".cnn-feature-picture canvas").all()
    drawn = torch.tensor(image.evaluate(pixels)).reshape(32, 32, 4).permute(2, 0, 1)
    assert torch.equal(drawn[:3], shown.image.long())
    colours = torch.tensor(chosen.evaluate(pixels)).reshape(32, 32, 4)
    values = shown.feature_maps[0]
    strong = values.abs() > shown.map_limit() / 10
    redder = colours[..., 0] > colours[..., 2]
    assert torch.equal(redder[strong], (values > 0)[strong])


def test_the_true_class_is_marked_by_word_and_symbol(page: Page) -> None:
    marks = page.locator(".cnn-true:visible")
    expect(marks).to_have_count(1)
    expect(marks).to_have_text("✓ true")
    row = page.locator(".cnn-classes tr", has=marks)
    expect(row.locator(".cnn-class")).to_have_text("cat")
    best = page.locator(".cnn-best-class")
    expect(best.locator(".cnn-class")).to_have_text(explorer().prediction)
    expect(best.locator(".cnn-predicted")).to_contain_text("▸prediction")


def test_the_change_is_said_aloud(page: Page) -> None:
    press(page, "channel", "ArrowRight", "ArrowRight")
    page.locator("[data-control=zero]").click()
    status = page.locator("[role=status][aria-live=polite]")
    expect(status).to_contain_text("Channel 2 of conv1 changed; prediction")


def test_plain_keys_stay_inside_and_escape_leaves(page: Page) -> None:
    page.evaluate(
        "() => { window.seen = [];"
        "document.addEventListener('keydown', (e) => window.seen.push(e.key)); }"
    )
    press(page, "image_index", "ArrowRight", "d", "Escape")
    page.locator(".cnn-map[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    tap(page, 0, 0).focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("seen") == ["Escape"]


def test_a_state_set_from_python_is_drawn(page: Page) -> None:
    page.evaluate("() => { model.set('layer', 'pool1'); model.set('image_index', 1); }")
    expect_as_in_python(page)


def test_a_removed_view_no_longer_follows(page: Page) -> None:
    before = column(page, 3)
    page.evaluate("() => { remove(); model.set('image_index', 3); }")
    assert column(page, 3) == before


def test_changing_numbers_does_not_move_the_layout(page: Page) -> None:
    height = "() => document.querySelector('.cnn-explorer').offsetHeight"
    before = page.evaluate(height)
    tap(page, 1, 1).fill("-99")
    press(page, "image_index", "End")
    assert page.evaluate(height) == before


def test_a_narrow_screen_needs_no_sideways_scrolling(open_page: Opener) -> None:
    page = show(open_page, explorer(), viewport={"width": 380, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 380


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation(open_page: Opener, theme: str) -> None:
    pytest.importorskip(
        "axe_playwright_python",
        reason="axe-core is missing: run `python -m pip install axe-playwright-python`",
    )
    shown = explorer(layer="act1", channel=2)
    shown.kernel = "laplacian"
    page = open_page(shim_page(shown, theme), color_scheme=theme)
    page.wait_for_selector("[data-ready=yes]", state="attached")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    result = page.evaluate("() => axe.run('#widget')")
    found = {
        violation["id"]: [node["html"] for node in violation["nodes"]]
        for violation in result["violations"]
    }
    assert found == {}
    assert "color-contrast" in {passed["id"] for passed in result["passes"]}
