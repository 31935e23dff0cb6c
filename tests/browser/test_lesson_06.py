"""Lesson 06 in a real JupyterLab: run, predict, mend a block, look inside, answer."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lesson

LESSON = "06"
EXPLORER = "widget\nexplorer"

BATCH_ONLY = """def batch_norm(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5
) -> Tensor:
    dims = (0,)
    mean, var = x.mean(dims, True), x.var(dims, correction=0, keepdim=True)
    normalised = (x - mean) / (var + eps).sqrt()
    return normalised * weight[:, None, None] + bias[:, None, None]
"""
RIGHT = BATCH_ONLY.replace("(0,)", "(0, 2, 3)")


def test_every_cell_runs_and_every_check_says_not_attempted(lesson: Lesson) -> None:
    assert lesson.errors() == []
    verdicts = lesson.verdicts()
    assert len(verdicts) == 10
    assert set(verdicts) == {"○ NOT ATTEMPTED"}


def test_a_chosen_prediction_is_recorded_and_compared(lesson: Lesson) -> None:
    form = lesson.run("tenfold = predict(").locator("form")
    form.get_by_role("radio", name="they stay as they are", exact=True).focus()
    lesson.page.keyboard.press("Space")
    lesson.page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("Recorded")
    compared = lesson.run("tenfold.reveal(")
    expect(compared).to_contain_text("You predicted “they stay as they are”, and so")


def test_statistics_over_the_batch_alone_are_named_and_their_cure_passes(
    lesson: Lesson,
) -> None:
    lesson.write("def batch_norm(", BATCH_ONLY)
    verdict = lesson.run("checks.check_batch_norm(")
    expect(verdict).to_contain_text("✗ FAIL · 6.7 · Normalise a batch")
    expect(verdict).to_contain_text("Statistics run over N, H and W")
    lesson.write("def batch_norm(", RIGHT)
    verdict = lesson.run("checks.check_batch_norm(")
    expect(verdict).to_contain_text("✓ PASS · 6.7 · Normalise a batch")


def test_the_explorer_shows_the_layer_of_the_lesson(lesson: Lesson) -> None:
    area = lesson.run(EXPLORER)
    expect(area).to_contain_text("receptive field 47 × 47 pixels")
    expect(area).to_contain_text("Egyptian cat")


def test_the_quiz_explains_a_wrong_and_a_right_number(lesson: Lesson) -> None:
    form = lesson.run("questions.quiz").locator("form").first
    for answer, verdict in (
        ("10", "✗ Not right. One over momentum"),
        ("44", "✓ Right. Nine tenths of the gap"),
    ):
        form.get_by_role("textbox").first.fill(answer)
        form.get_by_role("button", name="Check question 1").click()
        expect(form.get_by_role("status").first).to_contain_text(verdict)


@pytest.mark.parametrize(
    "cell", [EXPLORER, "most = predict(", "trace_shapes(alexnet", "questions.quiz"]
)
def test_axe_has_nothing_against_an_output(lesson: Lesson, cell: str) -> None:
    assert lesson.violations(lesson.run(cell)) == []


def test_the_page_never_complained(lesson: Lesson) -> None:
    assert lesson.faults == []
