"""Lesson 05 in a real JupyterLab: two processes, a guess, a mended step, a quiz."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lesson

LESSON = "05"

DROPPED = """def step_anywhere(model, images, labels, class_weights, optimizer):
    device = next(model.parameters()).device
    images.to(device)
    labels.to(device)
    class_weights.to(device)
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels, weight=class_weights)
    loss.backward()
    optimizer.step()
    return loss.detach()
"""
ASSIGNED = (
    DROPPED.replace("    images.to", "    images = images.to")
    .replace("    labels.to", "    labels = labels.to")
    .replace("    class_weights.to", "    class_weights = class_weights.to")
)


def test_every_cell_runs_and_every_check_says_not_attempted(lesson: Lesson) -> None:
    assert lesson.errors() == []
    verdicts = lesson.verdicts()
    assert len(verdicts) == 11
    assert set(verdicts) == {"○ NOT ATTEMPTED"}


def test_two_processes_trained_and_survived_the_accident(lesson: Lesson) -> None:
    (told,) = lesson.outputs(lesson.find("many_devices.run_on_ranks("))
    assert "a power cut in epoch 1" in told["text"]
    assert "going on with epoch 1" in told["text"]
    (compared,) = lesson.outputs(lesson.find("alone = train_alone("))
    assert "every weight the same to 1e-5: True" in compared["text"]


def test_a_chosen_prediction_is_recorded_and_compared(lesson: Lesson) -> None:
    form = lesson.run("stopped = predict(").locator("form")
    form.get_by_role("radio", name="far less than 10 ms", exact=True).focus()
    lesson.page.keyboard.press("Space")
    lesson.page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("Recorded")
    compared = lesson.run("stopped.reveal(")
    expect(compared).to_contain_text("You predicted “far less than 10 ms”")


def test_every_rung_of_the_climb_is_predicted_and_counted(lesson: Lesson) -> None:
    forms = lesson.run("verdicts = {").locator("form")
    expect(forms).to_have_count(14)
    form = forms.nth(1)  # data in memory
    form.get_by_role("radio", name="kept", exact=True).check()
    form.get_by_role("button", name="Record").click()
    expect(form.get_by_role("status")).to_contain_text("Recorded")
    counted = lesson.run("foreseen = 0")
    expect(counted).to_contain_text("you foresaw 1 of 14")


def test_a_tensor_that_is_moved_and_dropped_is_named_and_its_cure_passes(
    lesson: Lesson,
) -> None:
    lesson.write("def step_anywhere(", DROPPED)
    verdict = lesson.run("checks.check_step_anywhere(")
    expect(verdict).to_contain_text("✗ FAIL · 5.1 · A step of training on any device")
    expect(verdict).to_contain_text("dropped what it returns")
    lesson.write("def step_anywhere(", ASSIGNED)
    verdict = lesson.run("checks.check_step_anywhere(")
    expect(verdict).to_contain_text("✓ PASS · 5.1 · A step of training on any device")


def test_the_quiz_explains_a_wrong_and_a_right_number(lesson: Lesson) -> None:
    form = lesson.run("questions.quiz").locator("form").nth(1)
    for answer, verdict in (
        ("77", "✗ Not right. That is with n³ operations"),
        ("61", "✓ Right. The GPU's call costs 9 µs more"),
    ):
        form.get_by_role("textbox").first.fill(answer)
        form.get_by_role("button", name="Check question 2").click()
        expect(form).to_contain_text(verdict)


@pytest.mark.parametrize(
    "cell", ["stopped = predict(", "verdicts = {", "questions.quiz"]
)
def test_axe_has_nothing_against_an_output(lesson: Lesson, cell: str) -> None:
    assert lesson.violations(lesson.run(cell)) == []


def test_the_page_never_complained(lesson: Lesson) -> None:
    assert lesson.faults == []
