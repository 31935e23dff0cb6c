"""Lesson 03 in a real JupyterLab: run, predict, pool and shift, answer."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Page, expect
from torch import Tensor

from course_utils.widgets.images import FIVE_BY_FIVE, LECTURE, named_image
from tests.browser.lab import Lesson, drag, numbers, pixels
from tests.browser.shim import cells, press

LESSON = "03"
EXPLORER = "widget\nexplorer"

STRIDE_1 = """def max_pool(
    image: Tensor, kernel_size: int, stride: int | None = None
) -> Tensor:
    stride = stride or 1
    windows = image.unfold(0, kernel_size, stride).unfold(1, kernel_size, stride)
    return windows.amax((-2, -1))
"""
RIGHT = STRIDE_1.replace("or 1", "or kernel_size")


def max_pooled(image: Tensor, kernel_size: int = 2, **setting: int) -> Tensor:
    """Ask torch, not the explorer."""
    return F.max_pool2d(image.float()[None], kernel_size, **setting)[0]


def shifted_right(image: Tensor) -> Tensor:
    """One pixel to the right; the old border is repeated."""
    return torch.cat([image[:, :1], image[:, :-1]], dim=1)


@pytest.fixture
def page(lesson: Lesson) -> Page:
    """The page with a fresh explorer in view, the image shifted right by one pixel."""
    lesson.write(
        "cratch cell", "# scratch cell\nexplorer = PoolingExplorer(shift=(0, 1))"
    )
    lesson.run(EXPLORER)
    expect(lesson.page.locator(".cnn-where")).to_have_text("position 1 of 9")
    return lesson.page


def test_every_cell_runs_and_every_check_says_not_attempted(lesson: Lesson) -> None:
    assert lesson.errors() == []
    verdicts = lesson.verdicts()
    assert len(verdicts) >= 5
    assert set(verdicts) == {"○ NOT ATTEMPTED"}


def test_a_chosen_prediction_is_recorded_and_compared(lesson: Lesson) -> None:
    form = lesson.run("rows_guess = predict(").locator("form")
    form.get_by_role("radio", name="32", exact=True).focus()
    lesson.page.keyboard.press("Space")
    lesson.page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_have_text(
        "Recorded: “32”. Run the next cell to compare."
    )
    compared = lesson.run("rows_guess.reveal(")
    expect(compared).to_contain_text("You predicted “32”; it is “64”.")


def test_a_wrong_default_stride_is_named_and_its_cure_passes(lesson: Lesson) -> None:
    lesson.write("def max_pool(", STRIDE_1)
    verdict = lesson.run("checks.check_max_pool(")
    expect(verdict).to_contain_text("✗ FAIL · 3.1 · Max pooling with a loop")
    expect(verdict).to_contain_text("In pooling the default stride is kernel_size")
    lesson.write("def max_pool(", RIGHT)
    verdict = lesson.run("checks.check_max_pool(")
    expect(verdict).to_contain_text("✓ PASS · 3.1 · Max pooling with a loop")


def test_the_quiz_explains_a_wrong_and_a_right_choice(lesson: Lesson) -> None:
    form = lesson.run("questions.quiz").locator("form").first
    for option, verdict in (
        ("a) (8, 16, 30, 30)", "✗ Not right. That would be stride 1"),
        ("b) (8, 16, 10, 10)", "✓ Right. ⌊(32 − 3) / 3⌋ + 1 = 10"),
    ):
        form.get_by_label(option).check()
        form.get_by_role("button", name="Check question 1").click()
        expect(form.get_by_role("status")).to_contain_text(verdict)
    score = lesson.page.get_by_text("Score: 1 of 5 right, 1 answered")
    expect(score).to_be_visible()


def test_the_explorer_opens_on_the_shifted_image(lesson: Lesson) -> None:
    lesson.run("explorer = PoolingExplorer(")
    lesson.run(EXPLORER)
    page = lesson.page
    expect(page.locator(".cnn-where")).to_have_text("position 1 of 9")
    before, after = max_pooled(LECTURE), max_pooled(shifted_right(LECTURE))
    written = [float(text.rstrip("≠")) for text in cells(page, "Output")]
    assert written == after.flatten().tolist()
    assert numbers(page, "Output without the shift") == before.flatten().tolist()
    changed = int((before != after).sum())
    expect(page.locator(".cnn-change")).to_contain_text(f"{changed} of 9 values")


def test_arrow_keys_shift_the_image_and_not_the_notebook(
    lesson: Lesson, page: Page
) -> None:
    press(page, "horizontal shift", "ArrowLeft")
    assert numbers(page, "Output") == max_pooled(LECTURE).flatten().tolist()
    expect(page.locator(".cnn-change")).to_contain_text("0 of 9 values changed.")
    press(page, "kernel_size", "ArrowRight")
    press(page, "stride", "ArrowLeft")
    expected = max_pooled(LECTURE, 3, stride=1)
    assert numbers(page, "Output") == expected.flatten().tolist()
    assert lesson.active() == lesson.find(EXPLORER)
    lesson.expect_python(
        "[explorer.shift, explorer.kernel_size, explorer.output.tolist()]",
        [[0, 0], 3, expected.tolist()],
    )


def test_the_mouse_drags_a_slider(lesson: Lesson, page: Page) -> None:
    drag(page, "stride", 1)
    expected = max_pooled(shifted_right(LECTURE), stride=4)
    assert numbers(page, "Output") == expected.flatten().tolist()
    lesson.expect_python("explorer.stride", 4)


def test_the_average_of_the_five_by_five_image(lesson: Lesson, page: Page) -> None:
    page.locator("[data-control=image]").select_option("five_by_five")
    page.locator("[data-control=mode]").select_option("average")
    press(page, "horizontal shift", "ArrowLeft")
    expected = F.avg_pool2d(FIVE_BY_FIVE.float()[None], 2)[0]
    assert numbers(page, "Output") == expected.flatten().tolist()
    lesson.expect_python("explorer.output.tolist()", expected.tolist())


def test_step_and_arrow_keys_move_the_window(lesson: Lesson, page: Page) -> None:
    page.get_by_role("button", name="One step on").click()
    expect(page.locator(".cnn-numbers")).to_have_text("max(5, 8, 3, 4) = 8")
    page.locator("td[data-row][tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".cnn-numbers")).to_have_text("max(4, 1, 3, 8) = 8")
    assert lesson.active() == lesson.find(EXPLORER)
    lesson.expect_python("explorer.position", [1, 1])


def test_a_photograph_changes_its_pixels_with_the_window(
    lesson: Lesson, page: Page
) -> None:
    page.locator("[data-control=image]").select_option("chelsea")
    output = page.locator("canvas[tabindex='0']")
    before = pixels(output)
    press(page, "kernel_size", "ArrowRight", "ArrowRight")
    assert pixels(output) != before
    expected = max_pooled(shifted_right(named_image("chelsea")), 4, stride=2)
    rows, columns = expected.shape
    label = f"Output, {rows} × {columns} values"
    assert label in (output.get_attribute("aria-label") or "")
    lesson.expect_python("explorer.output.sum().item()", expected.sum().item())


@pytest.mark.parametrize(
    "cell", [EXPLORER, "rows_guess = predict(", "trace_shapes(layers", "questions.quiz"]
)
def test_axe_has_nothing_against_an_output(lesson: Lesson, cell: str) -> None:
    assert lesson.violations(lesson.run(cell)) == []


def test_the_page_never_complained(lesson: Lesson) -> None:
    assert lesson.faults == []
