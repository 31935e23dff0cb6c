"""The convolution explorer in Chromium without Jupyter: keys, mouse, play, words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from course_utils.widgets import ConvolutionExplorer
from tests.browser.shim import Opener, cells, press, show, state


@pytest.fixture
def convolution(open_page: Opener) -> Page:
    return show(open_page, ConvolutionExplorer())


def test_shows_the_output_of_the_lecture(convolution: Page) -> None:
    expected = ConvolutionExplorer().output.int().flatten().tolist()
    written = [text.replace("−", "-") for text in cells(convolution, "Output")]
    assert [int(text) for text in written] == expected


def test_shows_nine_products_and_their_sum(convolution: Page) -> None:
    step = ConvolutionExplorer().step((0, 0))
    expect(convolution.locator(".cnn-numbers")).to_have_text(step.numbers())
    expect(convolution.locator(".cnn-words")).to_have_text(step.in_words())
    expect(convolution.locator(".cnn-sum")).to_have_text("−11")


def test_arrow_keys_move_the_window_and_stop_at_the_edge(convolution: Page) -> None:
    convolution.locator("td[data-row][tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowLeft"):
        convolution.keyboard.press(key)
    assert state(convolution, "position") == [2, 0]
    focused = convolution.locator("td:focus")
    expect(focused).to_have_attribute("aria-current", "true")
    expect(focused).to_have_text("−1")


def test_end_and_page_down_reach_the_last_value(convolution: Page) -> None:
    convolution.locator("td[data-row][tabindex='0']").focus()
    convolution.keyboard.press("End")
    convolution.keyboard.press("PageDown")
    assert state(convolution, "position") == [3, 3]


def test_hover_moves_the_window_around_the_pointer(convolution: Page) -> None:
    grid = convolution.locator("table:has(caption:text-is('Input'))")
    grid.locator("td[data-row='2'][data-col='3']").hover()
    assert state(convolution, "position") == [1, 2]


def test_a_click_on_the_input_lets_arrow_keys_go_on(convolution: Page) -> None:
    grid = convolution.locator("table:has(caption:text-is('Input'))")
    grid.locator("td[data-row='3'][data-col='3']").click()
    convolution.keyboard.press("ArrowLeft")
    assert state(convolution, "position") == [2, 1]


def test_a_resting_pointer_does_not_undo_the_keys(convolution: Page) -> None:
    grid = convolution.locator("table:has(caption:text-is('Output'))")
    grid.locator("td[data-row='1'][data-col='1']").click()
    press(convolution, "padding", "ArrowRight")  # the page changes under the pointer
    convolution.locator("td[data-row][tabindex='0']").focus()
    convolution.keyboard.press("ArrowDown")
    convolution.wait_for_timeout(200)
    assert state(convolution, "position") == [2, 1]


def test_step_buttons_go_round(convolution: Page) -> None:
    convolution.locator("[data-control=back]").click()
    assert state(convolution, "position") == [3, 3]
    convolution.locator("[data-control=step]").click()
    assert state(convolution, "position") == [0, 0]


def test_play_reveals_the_output_value_by_value_until_paused(open_page: Opener) -> None:
    page = show(open_page, ConvolutionExplorer())
    page.locator("[data-control=play]").click()
    expect(page.locator("[data-control=play]")).to_have_text("⏸ Pause")
    assert cells(page, "Output")[1:] == [""] * 15
    expect(page.locator(".cnn-where")).to_have_text("position 2 of 16")
    assert cells(page, "Output")[2:] == [""] * 14
    page.keyboard.press("Enter")  # the button still has the focus
    expect(page.locator("[data-control=play]")).to_have_text("▶ Play")
    assert "" not in cells(page, "Output")


def test_play_is_silent_for_screen_readers(convolution: Page) -> None:
    status = convolution.locator("[role=status]")
    expect(status).not_to_be_empty()
    spoken = status.inner_text()
    convolution.locator("[data-control=play]").click()
    expect(convolution.locator(".cnn-where")).to_have_text("position 3 of 16")
    assert status.inner_text() == spoken


def test_play_takes_longer_steps_with_reduced_motion(open_page: Opener) -> None:
    page = show(open_page, ConvolutionExplorer(), reduced_motion="reduce")
    page.locator("[data-control=play]").click()
    page.wait_for_timeout(900)
    assert state(page, "position") == [0, 0]
    frame = page.locator(".cnn-window").first
    duration = "(node) => getComputedStyle(node).transitionDuration"
    assert frame.evaluate(duration) == "0s"


def test_sliders_follow_the_arrow_keys(convolution: Page) -> None:
    press(convolution, "padding", "ArrowRight")
    press(convolution, "stride", "ArrowRight")
    explorer = ConvolutionExplorer(stride=2, padding=1)
    assert len(cells(convolution, "Output")) == explorer.output.numel()
    expect(convolution.locator(".cnn-sizes")).to_contain_text(
        "⌊(6 + 2·1 − 1·(3−1) − 1)/2⌋ + 1 = 3"
    )


def test_plain_keys_stay_inside_and_escape_leaves(convolution: Page) -> None:
    convolution.evaluate(
        "() => { window.seen = [];"
        "document.addEventListener('keydown', (e) => window.seen.push(e.key)); }"
    )
    press(convolution, "stride", "ArrowRight", "d", "Escape")
    assert convolution.evaluate("seen") == ["Escape"]


def test_typing_changes_the_kernel(convolution: Page) -> None:
    convolution.get_by_label("kernel row 1, column 1").fill("2.5")
    assert state(convolution, "kernel")[1][1] == 2.5
    expect(convolution.locator("[data-control=preset]")).to_have_value("custom")
    expect(convolution.locator(".cnn-sum")).to_have_text("−3.5")


def test_an_empty_kernel_field_says_what_to_type(convolution: Page) -> None:
    field = convolution.get_by_label("kernel row 0, column 2")
    field.fill("")
    expect(convolution.locator(".cnn-notes")).to_have_text(
        "kernel row 0, column 2 is not a number; type one such as −1 or 0.5"
    )
    field.blur()
    expect(field).to_have_value("-1")
    expect(convolution.locator(".cnn-notes")).to_have_text("")


@pytest.mark.parametrize("name", ["laplacian", "box_blur", "emboss"])
def test_presets_set_the_kernel(convolution: Page, name: str) -> None:
    convolution.locator("[data-control=preset]").select_option(name)
    assert state(convolution, "kernel") == ConvolutionExplorer(kernel=name).kernel


def test_another_kernel_size_keeps_the_middle(convolution: Page) -> None:
    convolution.locator("[data-control=kernel_size]").select_option("5×5")
    kernel = state(convolution, "kernel")
    assert [row[1:4] for row in kernel[1:4]] == ConvolutionExplorer().kernel
    assert len(cells(convolution, "Output")) == 4


def test_a_misfit_shows_the_sentence_of_the_library(convolution: Page) -> None:
    explorer = ConvolutionExplorer(dilation=3)
    with pytest.raises(ValueError, match="kernel spans 7") as error:
        _ = explorer.output
    press(convolution, "dilation", "End")
    expect(convolution.locator(".cnn-error")).to_have_text(str(error.value))
    press(convolution, "padding", "ArrowRight")
    expect(convolution.locator(".cnn-error")).to_have_count(0)


def test_never_visited_pixels_are_marked_and_named(open_page: Opener) -> None:
    page = show(open_page, ConvolutionExplorer(stride=2))
    expect(page.locator("td.cnn-unvisited")).to_have_count(11)
    expect(page.locator(".cnn-notes")).to_contain_text(
        "row 5 and column 5 of the input"
    )


def test_a_state_set_from_python_is_drawn(convolution: Page) -> None:
    convolution.evaluate("() => { model.set('position', [1, 1]); }")
    expect(convolution.locator(".cnn-sum")).to_have_text("13")


def test_a_removed_view_no_longer_follows(convolution: Page) -> None:
    convolution.evaluate("() => { remove(); model.set('position', [1, 1]); }")
    expect(convolution.locator(".cnn-sum")).to_have_text("−11")


def test_a_photograph_answers_to_keys_and_says_its_range(open_page: Opener) -> None:
    explorer = ConvolutionExplorer("camera")
    page = show(open_page, explorer)
    output = page.locator("canvas[tabindex='0']")
    output.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    row, col = explorer.position
    assert state(page, "position") == [row - 8, col + 1]
    low, high = int(explorer.output.min()), int(explorer.output.max())
    text = f"Values from −{-low} to {high}."
    assert text in (output.get_attribute("aria-label") or "")


def test_the_image_list_changes_the_picture(convolution: Page) -> None:
    convolution.locator("[data-control=image]").select_option("chelsea")
    expect(convolution.locator("canvas")).to_have_count(2)
    assert state(convolution, "position") == [63, 63]


def test_moving_does_not_move_the_layout(convolution: Page) -> None:
    height = "() => document.querySelector('.cnn-explorer').offsetHeight"
    before = convolution.evaluate(height)
    press(convolution, "padding", "ArrowRight", "ArrowRight")
    for _ in range(5):
        convolution.locator("[data-control=step]").click()
    assert convolution.evaluate(height) == before


def test_a_narrow_screen_needs_no_sideways_scrolling(open_page: Opener) -> None:
    page = show(
        open_page, ConvolutionExplorer(), viewport={"width": 380, "height": 800}
    )
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 380


@pytest.mark.parametrize(
    ("page_says", "system", "expected"),
    [
        ("document.body.dataset.jpThemeLight = 'false'", "light", "dark"),
        ("document.body.dataset.jpThemeLight = 'true'", "dark", "light"),
        ("document.documentElement.setAttribute('theme', 'dark')", "light", "dark"),
        ("document.documentElement.setAttribute('theme', 'light')", "dark", "light"),
        ("document.body.className = 'vscode-dark'", "light", "dark"),
        ("null", "dark", "dark"),
        ("null", "light", "light"),
    ],
)
def test_colours_follow_the_page_before_the_system(
    convolution: Page, page_says: str, system: str, expected: str
) -> None:
    convolution.emulate_media(color_scheme="dark" if system == "dark" else "light")
    convolution.evaluate("() => { delete document.body.dataset.jpThemeLight; }")
    convolution.evaluate(f"() => {{ {page_says}; }}")
    scheme = "(node) => getComputedStyle(node).colorScheme"
    assert convolution.locator(".cnn-explorer").evaluate(scheme) == expected
