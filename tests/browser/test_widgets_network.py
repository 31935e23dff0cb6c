"""The network explorer in Chromium without Jupyter: keys, clicks, lists, words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from course_utils.network_activations import IN_ORDER
from course_utils.widgets import NetworkExplorer
from tests.browser.network_page import (
    answer,
    expect_as_in_python,
    map_canvas,
    photo_canvas,
)
from tests.browser.shim import Opener, press, show, state
from tests.network_toys import toy_explorer


@pytest.fixture
def page(open_page: Opener) -> Page:
    return show(open_page, toy_explorer("conv"))


@pytest.mark.parametrize("layer", toy_explorer().layers)
def test_shows_what_python_says(open_page: Opener, layer: str) -> None:
    explorer = toy_explorer(layer)
    explorer.position = (0, 0)
    expect_as_in_python(show(open_page, explorer), explorer)


def test_arrow_keys_move_the_position_and_the_box(page: Page) -> None:
    explorer = toy_explorer("conv")
    before = photo_canvas(page).evaluate("(node) => node.toDataURL()")
    map_canvas(page).focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert state(page, "_where")["position"] == [0, 7]
    expect(map_canvas(page)).to_be_focused()
    assert photo_canvas(page).evaluate("(node) => node.toDataURL()") != before
    expect_as_in_python(page, explorer)
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    assert state(page, "_where")["position"] == [19, 15]
    expect_as_in_python(page, explorer)


def test_a_click_on_the_map_chooses_the_position(page: Page) -> None:
    box = map_canvas(page).bounding_box()
    assert box is not None
    at = {"x": box["width"] * 3.5 / 16, "y": box["height"] * 12.5 / 20}
    map_canvas(page).click(position=at)
    assert state(page, "_where")["position"] == [12, 3]


def test_a_click_on_the_photograph_chooses_the_position_around_it(page: Page) -> None:
    box = photo_canvas(page).bounding_box()
    assert box is not None
    at = {"x": box["width"] * 20.5 / 32, "y": box["height"] * 8.5 / 40}
    photo_canvas(page).click(position=at)
    assert state(page, "_where")["position"] == [4, 10]  # centres are 2 pixels apart
    expect_as_in_python(page, toy_explorer("conv"))


def test_the_slider_walks_through_all_layers_and_keeps_the_place(page: Page) -> None:
    explorer = toy_explorer("conv")
    press(page, "layer_number", "ArrowRight", "ArrowRight", "ArrowRight")
    for _ in range(3):
        explorer.layer = explorer.layers[explorer.layers.index(explorer.layer) + 1]
    assert state(page, "_where") == explorer._where
    answer(page, explorer)
    expect_as_in_python(page, explorer)
    press(page, "layer_number", "End")
    assert state(page, "_where")["layer"] == "head"
    slider = page.locator("[data-control=layer_number]")
    expect(slider).to_have_attribute("aria-valuetext", "8 of 8")


def test_stage_block_and_layer_are_lists_within_each_other(page: Page) -> None:
    stages = page.locator("[data-control=stage] option")
    expect(stages).to_have_text(
        ["20 × 16: conv to joined", "3 × 3: pool", "vector: (flatten) to head"]
    )
    blocks = page.locator("[data-control=block]")
    expect(blocks.locator("option")).to_have_text(
        ["conv: Conv2d", "relu: ReLU", "joined: 3 layers"]
    )
    expect(page.locator("[data-control=layer]")).to_be_hidden()
    blocks.select_option("2")
    layers = page.locator("[data-control=layer]")
    expect(layers.locator("option")).to_have_text(
        ["narrow: Conv2d", "wide: Conv2d", "(concatenation)"]
    )
    layers.select_option("4")
    assert state(page, "_where")["layer"] == "joined (concatenation)"
    page.locator("[data-control=stage]").select_option("1")
    assert state(page, "_where")["layer"] == "pool"
    expect(blocks).to_be_hidden()


def test_arrow_keys_walk_over_the_maps_and_over_the_page(page: Page) -> None:
    explorer = toy_explorer("conv")
    page.locator(".cnn-strip-map[tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    assert state(page, "_where")["rank"] == 1
    focused = page.locator(".cnn-strip-map:focus")
    expect(focused).to_have_attribute("aria-checked", "true")
    expect_as_in_python(page, explorer)
    page.keyboard.press("End")
    assert state(page, "_where")["rank"] == 13
    answer(page, explorer)
    expect(page.locator(".cnn-strip-head .cnn-title")).to_have_text(
        "Maps 13 to 14 of 14, largest mean magnitude first"
    )
    expect(page.locator(".cnn-strip-map:visible")).to_have_count(2)
    expect_as_in_python(page, explorer)
    page.locator("[data-control=channels_back]").click()
    assert state(page, "_where")["rank"] == 1


def test_channels_in_order_are_named_by_their_numbers(open_page: Opener) -> None:
    explorer = toy_explorer("conv")
    explorer.order = IN_ORDER
    page = show(open_page, explorer)
    expect(page.locator(".cnn-strip-name")).to_have_text([str(i) for i in range(12)])
    expect_as_in_python(page, explorer)


def test_classes_are_listed_with_their_probabilities(page: Page) -> None:
    top = toy_explorer().top
    rows = page.locator(".cnn-classes tbody tr")
    expect(rows.locator("th")).to_have_text([name for name, _ in top])
    written = rows.locator(".cnn-number").all_inner_texts()
    assert [float(text) for text in written] == pytest.approx(
        [value for _, value in top], abs=0.005
    )


def test_without_an_answer_of_python_shapes_are_shown_and_said(page: Page) -> None:
    press(page, "layer_number", "End", "ArrowLeft", "ArrowLeft")
    expect(page.locator(".cnn-panel .cnn-note").last).to_contain_text(
        "Waiting for Python"
    )
    expect(page.locator(".cnn-network-strip")).to_be_hidden()
    facts = page.locator(".cnn-facts tr").nth(2)
    expect(facts).to_contain_text("(1, 14, 3, 3)")
    press(page, "layer_number", "Home")
    expect(page.locator(".cnn-network-strip")).to_be_visible()


def test_without_weights_there_are_positions_and_the_reason(open_page: Opener) -> None:
    explorer = NetworkExplorer("lenet5", "features.3", "camera")
    page = show(open_page, explorer)
    expect(page.locator(".cnn-network-strip")).to_be_hidden()
    expect(page.locator(".cnn-network-top")).to_be_hidden()
    expect(page.locator(".cnn-texts")).to_contain_text("Shapes only: the workbook has")
    map_canvas(page).focus()
    page.keyboard.press("ArrowUp")
    expect_as_in_python(page, explorer)


def test_the_sentence_of_an_error_is_shown_and_nothing_lost(open_page: Opener) -> None:
    explorer = toy_explorer("relu")
    with pytest.raises(ValueError, match="conv9") as error:
        explorer.layer = "conv9"
    page = show(open_page, explorer)
    expect(page.locator(".cnn-alarm")).to_have_text(str(error.value))
    status = page.locator("[role=status][aria-live=polite]")
    expect(status).to_contain_text(str(error.value))
    assert state(page, "_where")["layer"] == "relu"


def test_while_a_network_is_opened_the_old_one_stays(page: Page) -> None:
    before = state(page, "_where")
    page.locator("[data-control=architecture]").select_option("resnet18")
    expect(page.locator(".cnn-alarm")).to_have_text("Opening the network …")
    press(page, "layer_number", "ArrowRight")
    assert state(page, "_where") == before
    assert state(page, "architecture") == "resnet18"


def test_the_many_layers_of_resnet152_stay_a_few_lists(open_page: Opener) -> None:
    page = show(open_page, NetworkExplorer("resnet152", "layer3.20.conv2"))
    counts = [
        page.locator(f"[data-control={name}] option").count()
        for name in ("stage", "block", "layer")
    ]
    assert counts == [7, 36, 10]
