"""The prediction and the quiz in a browser: by keyboard, said aloud, axe content."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from course_utils.live_form import LiveForm, prose
from course_utils.predict import predict
from course_utils.quiz import Choice, Number, Quiz

# the colours that JupyterLab's own themes set
THEMES = {
    "light": "--jp-content-font-color1: rgba(0, 0, 0, 0.87); --jp-layout-color1: white",
    "dark": "--jp-content-font-color1: white; --jp-layout-color1: #111111",
}
TRAITS = ("question", "options", "typed", "status")
TRAITS += ("title", "shown", "given", "feedback", "summary")
PAGE = """<!doctype html><html lang="en"><head><title>Form</title>
<style>:root {{ {colours} }} body {{ background: var(--jp-layout-color1) }}
{css}</style>
</head><body><main id="widget"></main></body></html>"""
RENDER = """async ([source, state]) => {
  const blob = new Blob([source], { type: "text/javascript" });
  const module = await import(URL.createObjectURL(blob));
  const listeners = {};
  window.sent = [];
  window.keys = [];
  window.change = (name, value) => {
    state[name] = value;
    (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
  };
  const model = {
    get: (name) => state[name],
    send: (content) => window.sent.push(content),
    on: (event, listener) => { (listeners[event] ??= []).push(listener); },
    off: () => {},
  };
  module.default.render({ model, el: document.getElementById("widget") });
  document.addEventListener("keydown", (event) => window.keys.push(event.key));
}"""


class Shown:
    """A form in a page, linked to its Python side as a kernel would link it."""

    def __init__(self, form: LiveForm, page: Page) -> None:
        self.form, self.page = form, page
        state = {name: getattr(form, name) for name in TRAITS if form.has_trait(name)}
        page.evaluate(RENDER, [str(form._esm), state])
        form.observe(self._change, names=list(state))

    def _change(self, change: dict[str, Any]) -> None:
        self.page.evaluate(
            "([name, value]) => window.change(name, value)",
            [change["name"], change["new"]],
        )

    def deliver(self) -> None:
        """Hand to Python what the page has sent."""
        for content in self.page.evaluate("() => window.sent.splice(0)"):
            self.form.on_typed(content)


@pytest.fixture
def show(open_page: Callable[..., Page]) -> Callable[..., Shown]:
    def show_form(form: LiveForm, theme: str = "light") -> Shown:
        html = PAGE.format(colours=THEMES[theme], css=form._css)
        return Shown(form, open_page(html, color_scheme=theme))

    return show_form


def quiz() -> Quiz:
    return Quiz(
        "Convolution",
        [
            Choice(
                "Which layer is there?",
                {"`nn.Conv2d`": "With a small d.", "`nn.Conv2D`": "No such class."},
                "`nn.Conv2d`",
            ),
            Number(
                "How many weights has a 3×3 kernel?", lambda: 9, "Three times three."
            ),
        ],
    )


def test_code_and_stress_are_set_as_such(show: Callable[..., Shown]) -> None:
    shown = show(predict("Is `6*8*8` of *all* 2 * 3 numbers `wide`?"))
    label = shown.page.locator("label")
    expect(label).to_have_text("Is 6*8*8 of all 2 * 3 numbers wide?")
    assert label.locator("code").all_inner_texts() == ["6*8*8", "wide"]
    assert label.locator("em").all_inner_texts() == ["all"]
    assert prose(shown.form.question) in label.inner_html()


def test_typed_prediction_reaches_python_by_keyboard(
    show: Callable[..., Shown],
) -> None:
    shown = show(predict("What is at row 0?"))
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.type("−45")
    shown.page.keyboard.press("Enter")
    shown.deliver()
    assert repr(shown.form) == "Prediction('What is at row 0?', value=-45)"
    said = shown.page.get_by_role("status")
    expect(said).to_have_text("Recorded: −45. Run the next cell to compare.")


def test_option_is_chosen_by_keyboard(show: Callable[..., Shown]) -> None:
    shown = show(predict("Does it change?", options=["yes", "no"]))
    for key in ("Tab", "ArrowDown", "Tab", "Enter"):
        shown.page.keyboard.press(key)
    shown.deliver()
    assert repr(shown.form) == "Prediction('Does it change?', value='no')"


def test_empty_field_is_told_and_sends_nothing(show: Callable[..., Shown]) -> None:
    shown = show(predict("What is at row 0?"))
    shown.page.get_by_role("button", name="Record my prediction").click()
    expect(shown.page.get_by_role("status")).to_have_text("Write something first.")
    assert shown.page.evaluate("() => window.sent") == []


def test_prediction_from_code_shows_in_the_field(show: Callable[..., Shown]) -> None:
    prediction = predict("What is at row 0?")
    shown = show(prediction)
    prediction.record([1, -2])
    expect(shown.page.get_by_label("What is at row 0?")).to_have_value("[1, −2]")


def test_keys_stay_in_the_form_but_for_escape(show: Callable[..., Shown]) -> None:
    shown = show(predict("What is at row 0?"))
    shown.page.get_by_label("What is at row 0?").focus()
    for key in ("d", "ArrowUp", "Shift+M", "Escape"):
        shown.page.keyboard.press(key)
    assert shown.page.evaluate("() => window.keys") == ["Escape"]


def test_quiz_is_answered_by_keyboard(show: Callable[..., Shown]) -> None:
    shown = show(quiz())
    for key in ("Tab", "ArrowDown", "Enter", "Tab", "Tab", "9", "Enter"):
        shown.page.keyboard.press(key)
    shown.deliver()
    said = shown.page.get_by_role("status")
    expect(said.nth(0)).to_have_text("✗ Not right. No such class.")
    expect(said.nth(1)).to_have_text("✓ Right. Three times three.")
    expect(shown.page.get_by_text("Score: 1 of 2 right, 2 answered")).to_be_visible()


def test_same_quiz_answer_again_is_said_again(show: Callable[..., Shown]) -> None:
    shown = show(quiz())
    field = shown.page.get_by_label("How many weights")
    said = shown.page.get_by_role("status").nth(1)
    for _ in range(2):
        field.fill("9")
        field.press("Enter")
        expect(said).to_have_text("Checking… (this needs the running notebook)")
        shown.deliver()
        expect(said).to_have_text("✓ Right. Three times three.")


def test_questions_are_groups_with_their_text_as_name(
    show: Callable[..., Shown],
) -> None:
    page = show(quiz()).page
    expect(page.get_by_role("group", name="Quiz: Convolution")).to_be_visible()
    expect(page.get_by_role("group", name="1. Which layer is there?")).to_be_visible()
    expect(page.get_by_role("button", name="Check question 2 of 2")).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("which", ["field", "options", "quiz"])
def test_axe_finds_no_violation(
    show: Callable[..., Shown], which: str, theme: str
) -> None:
    pytest.importorskip(
        "axe_playwright_python",
        reason="axe-core is missing: run `python -m pip install axe-playwright-python`",
    )
    if which == "quiz":
        shown = show(quiz(), theme)
        shown.form.answer(1, "b")  # type: ignore[attr-defined]
    else:
        options = ["yes", "no"] if which == "options" else None
        shown = show(predict("Does `stride` matter?", options=options), theme)
        shown.form.record("no")  # type: ignore[attr-defined]
    page = shown.page
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    result = page.evaluate("() => axe.run('#widget')")
    assert [violation["id"] for violation in result["violations"]] == []
    assert "color-contrast" in {passed["id"] for passed in result["passes"]}
