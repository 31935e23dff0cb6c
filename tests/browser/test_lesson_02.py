"""Lesson 02 in a real JupyterLab: run, predict, explore, answer, as a student does."""

from __future__ import annotations

import re

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Locator, Page, expect
from torch import Tensor

from course_utils.widgets import ConvolutionExplorer, words
from course_utils.widgets.images import LECTURE, named_image
from course_utils.widgets.kernels import PRESETS
from tests.browser.lab import Lesson, drag, numbers, pixels
from tests.browser.shim import cells, press

LESSON = "02"
EXPLORER = "explorer = ConvolutionExplorer("

RUNNING_SUM = """def slide_kernel(image: Tensor, kernel: Tensor) -> Tensor:
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    output = torch.zeros(rows, columns)
    total = 0.0
    for row in range(rows):
        for column in range(columns):
            window = image[row : row + height, column : column + width]
            total += (window * kernel).sum()
            output[row, column] = total
    return output
"""
RIGHT = RUNNING_SUM.replace("total +=", "total =")


def convolved(image: Tensor, kernel: list[list[float]], **setting: int) -> Tensor:
    """Ask torch, not the explorer."""
    image, weight = image.float()[None, None], torch.tensor(kernel)[None, None].float()
    return F.conv2d(image, weight, **setting)[0, 0]


@pytest.fixture
def page(lesson: Lesson) -> Page:
    """The page with a fresh explorer in view."""
    lesson.run(EXPLORER)
    expect(lesson.page.locator(".cnn-where")).to_have_text("position 1 of 16")
    return lesson.page


def test_every_cell_runs_and_every_check_says_not_attempted(lesson: Lesson) -> None:
    assert lesson.errors() == []
    verdicts = lesson.verdicts()
    assert len(verdicts) >= 5
    assert set(verdicts) == {"○ NOT ATTEMPTED"}


def test_a_prediction_is_recorded_and_compared(lesson: Lesson) -> None:
    lesson.run("second = predict(")
    field = lesson.page.get_by_label("The window covers columns 1 to 3")
    field.fill("-19")
    field.press("Enter")
    form = lesson.page.locator("form", has=field)
    expect(form.get_by_role("status")).to_have_text(
        "Recorded: −19. Run the next cell to compare."
    )
    compared = lesson.run("second.reveal(")
    expect(compared).to_contain_text("You predicted −19; it is −20.")


def test_a_running_sum_is_named_and_its_cure_passes(lesson: Lesson) -> None:
    lesson.write("def slide_kernel(", RUNNING_SUM)
    verdict = lesson.run("checks.check_slide_kernel(")
    expect(verdict).to_contain_text("✗ FAIL · 2.1 · Slide the kernel")
    expect(verdict).to_contain_text(
        "You slid the kernel but added the results up: −31 is −11 + −20."
    )
    lesson.write("def slide_kernel(", RIGHT)
    verdict = lesson.run("checks.check_slide_kernel(")
    expect(verdict).to_contain_text("✓ PASS · 2.1 · Slide the kernel")


def test_the_quiz_explains_wrong_and_right_answers(lesson: Lesson) -> None:
    lesson.run("questions.quiz")
    field = lesson.page.get_by_label("1. The first layer of a ResNet")
    form = lesson.page.locator("form", has=field)
    field.fill("113")
    field.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("✗ Not right. You rounded 111.5")
    field.fill("112")
    form.get_by_role("button", name="Check question 1").click()
    expect(form.get_by_role("status")).to_contain_text("✓ Right. ⌊(224 + 2·3 − 7) / 2⌋")
    score = lesson.page.get_by_text("Score: 1 of 5 right, 1 answered")
    expect(score).to_be_visible()


def test_the_explorer_opens_on_the_lectures_numbers(page: Page) -> None:
    sobel = PRESETS["sobel_horizontal"]
    assert numbers(page, "Output") == convolved(LECTURE, sobel).flatten().tolist()
    expect(page.locator(".cnn-sum")).to_have_text("−11")
    expect(page.locator(".cnn-words")).to_contain_text("add up to −11")


def test_a_typed_kernel_gives_torchs_numbers(lesson: Lesson, page: Page) -> None:
    kernel = [list(row) for row in PRESETS["sobel_horizontal"]]
    kernel[1][1], kernel[2][0] = 3, 0.5
    page.get_by_label("kernel row 1, column 1").fill("3")
    page.get_by_label("kernel row 2, column 0").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("0.5")
    expected = convolved(LECTURE, kernel)
    assert numbers(page, "Output") == expected.flatten().tolist()
    lesson.expect_python(
        "[explorer.kernel, explorer.output.tolist()]", [kernel, expected.tolist()]
    )


def test_a_preset_reaches_python(lesson: Lesson, page: Page) -> None:
    page.locator("[data-control=preset]").select_option("laplacian")
    expected = convolved(LECTURE, PRESETS["laplacian"])
    assert numbers(page, "Output") == expected.flatten().tolist()
    lesson.expect_python("explorer.kernel", PRESETS["laplacian"])


def test_arrow_keys_move_a_slider_and_not_the_notebook(
    lesson: Lesson, page: Page
) -> None:
    press(page, "padding", "ArrowRight", "ArrowRight")
    press(page, "stride", "ArrowUp")
    expected = convolved(LECTURE, PRESETS["sobel_horizontal"], stride=2, padding=2)
    assert numbers(page, "Output") == expected.flatten().tolist()
    assert lesson.active() == lesson.find(EXPLORER)
    lesson.expect_python(
        "[explorer.stride, explorer.padding, explorer.output.tolist()]",
        [2, 2, expected.tolist()],
    )


def test_the_mouse_drags_a_slider(lesson: Lesson, page: Page) -> None:
    drag(page, "padding", 0.5)
    expected = convolved(LECTURE, PRESETS["sobel_horizontal"], padding=2)
    assert numbers(page, "Output") == expected.flatten().tolist()
    lesson.expect_python("explorer.padding", 2)


def test_the_step_button_and_arrow_keys_move_the_window(
    lesson: Lesson, page: Page
) -> None:
    page.get_by_role("button", name="One step on").click()
    expect(page.locator(".cnn-sum")).to_have_text("−20")
    page.locator("td[data-row][tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    step = ConvolutionExplorer().step((1, 2))
    expect(page.locator(".cnn-numbers")).to_have_text(step.numbers())
    expect(page.locator(".cnn-words")).to_have_text(step.in_words())
    assert lesson.active() == lesson.find(EXPLORER)
    lesson.expect_python("explorer.position", [1, 2])


def test_play_reveals_the_output_until_paused(page: Page) -> None:
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".cnn-where")).to_have_text("position 3 of 16")
    assert cells(page, "Output")[-1] == ""
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_have_text("▶ Play")
    assert "" not in cells(page, "Output")


def test_a_photograph_changes_its_pixels_with_kernel_and_stride(
    lesson: Lesson, page: Page
) -> None:
    page.locator("[data-control=image]").select_option("camera")
    output = page.locator("canvas[tabindex='0']")
    camera = named_image("camera")
    sobel = PRESETS["sobel_horizontal"]
    seen = {pixels(output)}
    expect_range(output, convolved(camera, sobel))

    page.get_by_label("kernel row 0, column 0").fill("4")
    mine = [[4, *sobel[0][1:]], *sobel[1:]]
    seen.add(pixels(output))
    expect_range(output, convolved(camera, mine))

    press(page, "stride", "ArrowRight")
    expected = convolved(camera, mine, stride=2)
    seen.add(pixels(output))
    expect_range(output, expected)
    assert len(seen) == 3
    lesson.expect_python("explorer.output.sum().item()", expected.sum().item())


def expect_range(output: Locator, values: Tensor) -> None:
    low, high = (words.format_number(float(v)) for v in (values.min(), values.max()))
    expected = re.compile(f"Values from {low} to {high}\\.")
    expect(output).to_have_attribute("aria-label", expected)


def test_a_kernel_set_from_python_is_drawn(lesson: Lesson, page: Page) -> None:
    lesson.ask("explorer.set_trait('kernel', 'emboss')")
    lesson.show(EXPLORER)  # it was scrolled away, so this is also: it lives on
    expected = convolved(LECTURE, PRESETS["emboss"])
    first = words.format_number(expected[0, 0].item())
    expect(page.locator(".cnn-sum")).to_have_text(first)
    assert numbers(page, "Output") == expected.flatten().tolist()
    expect(page.locator("[data-control=preset]")).to_have_value("emboss")


@pytest.mark.parametrize(
    "cell",
    [
        EXPLORER,
        "static.table()",
        "wall = predict(",
        "checks.check_pad_zeros",
        "questions.quiz",
    ],
)
def test_axe_has_nothing_against_an_output(lesson: Lesson, cell: str) -> None:
    assert lesson.violations(lesson.run(cell)) == []


def test_the_page_never_complained(lesson: Lesson) -> None:
    assert lesson.faults == []
