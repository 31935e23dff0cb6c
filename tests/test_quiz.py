"""Quizzes: answered from code and from the browser, each answer explained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from course_utils.quiz import Choice, Number, Quiz

PADDING = Choice(
    "What does `padding=1` do?",
    options={
        "It adds one pixel on each side": "Per side, in PyTorch.",
        "It adds one pixel in all": "That would be half a pixel on each side.",
    },
    correct="It adds one pixel on each side",
)
PARAMETERS = Number(
    "How many parameters?",
    compute=lambda: (5 * 5 * 3 + 1) * 200,
    explanation="(5·5·3 + 1)·200.",
    wrong={15_000: "Each output channel also has a bias."},
)


@pytest.fixture
def quiz() -> Quiz:
    return Quiz("Convolution", [PADDING, PARAMETERS])


@pytest.mark.parametrize(
    ("number", "value", "text"),
    [
        (1, "a", "Question 1: ✓ Right. Per side, in PyTorch."),
        (1, "B)", "Question 1: ✗ Not right. That would be half a pixel on each side."),
        (
            1,
            "It adds one pixel in all",
            "Question 1: ✗ Not right. That would be half a",
        ),
        (1, "c", "Question 1: ? Not understood. Answer with one of the letters a, b."),
        (1, "", "Question 1: ? Not understood."),
        (1, 3.5, "Question 1: ? Not understood."),
        (2, 15_200, "Question 2: ✓ Right. (5·5·3 + 1)·200."),
        (2, "15 200", "Question 2: ✓ Right."),
        (2, "15,000", "Question 2: ✗ Not right. Each output channel also has a bias."),
        (2, 7, "Question 2: ✗ Not right. Work it out in code, then try again."),
        (2, "many", "Question 2: ? Not understood. Answer with one number"),
        (2, None, "Question 2: ? Not understood."),
    ],
)
def test_answer_from_code_is_explained(
    quiz: Quiz, number: int, value: Any, text: str
) -> None:
    assert repr(quiz.answer(number, value)).startswith(text)


def test_answers_and_score_are_kept(quiz: Quiz) -> None:
    quiz.answer(2, 15_000)
    quiz.answer(1, "a")
    assert quiz.answers == {1: "a", 2: 15_000}
    assert quiz.score == 1
    quiz.answer(2, 15_200)
    assert quiz.score == 2
    assert repr(quiz) == "Quiz('Convolution': 2 of 2 right, 2 answered)"


def test_answer_in_the_browser_is_checked(quiz: Quiz) -> None:
    quiz.on_typed({"question": 2, "value": "15200"})
    assert quiz.score == 1
    assert quiz.given == ["", "15200"]
    assert quiz.feedback[1] == {"verdict": "right", "text": "✓ Right. (5·5·3 + 1)·200."}
    assert quiz.summary == "1 of 2 right, 1 answered"


def test_answer_from_code_shows_in_the_browser(quiz: Quiz) -> None:
    quiz.answer(1, "b")
    assert quiz.given[0] == "It adds one pixel in all"
    assert quiz.feedback[0]["verdict"] == "wrong"


def test_same_answer_again_is_said_anew(quiz: Quiz) -> None:
    seen: list[Any] = []
    quiz.observe(lambda change: seen.append(change["new"][0]), names="feedback")
    quiz.answer(1, "a")
    quiz.answer(1, "a")
    assert [bool(entry) for entry in seen] == [True, False, True]


def test_browser_is_not_told_which_option_is_right(quiz: Quiz) -> None:
    sent = repr(quiz.get_state(["shown", "given", "feedback", "summary", "title"]))
    assert "Per side, in PyTorch" not in sent
    assert "15200" not in sent


def test_no_such_question_is_refused(quiz: Quiz) -> None:
    with pytest.raises(ValueError, match="there is no question 3; choose 1 to 2"):
        quiz.answer(3, "a")


def test_right_answer_is_computed_once_and_not_before_it_is_needed() -> None:
    calls: list[int] = []

    def compute() -> int:
        calls.append(1)
        return 3

    quiz = Quiz("Lazy", [Number("How many?", compute, "Count them.")])
    assert calls == []
    quiz.answer(1, 2)
    quiz.answer(1, 3)
    assert calls == [1]


@pytest.mark.parametrize(("value", "verdict"), [(0.34, "right"), (0.4, "wrong")])
def test_tolerance_counts(value: float, verdict: str) -> None:
    number = Number("How much?", lambda: 1 / 3, "A third.", tolerance=0.01)
    assert number.judge(value)[0] == verdict


def test_rounding_errors_do_not_make_an_answer_wrong() -> None:
    assert Number("Sum?", lambda: 0.1 + 0.2, "Add.").judge("0.3")[0] == "right"


def test_wrong_answer_that_is_right_is_refused() -> None:
    number = Number("How many?", lambda: 3, "Count.", wrong={3: "Too many."})
    with pytest.raises(ValueError, match=r"calls 3 wrong, but compute\(\) returns 3"):
        number.judge(1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Choice("Q?", {"a": "x", "b": "y"}, "c"),
            "none of the options of 'Q\\?'",
        ),
        (lambda: Choice("Q?", {"a": "x"}, "a"), "has 1 options; expected 2"),
        (
            lambda: Choice("Q?", {"a": "x", "b": " "}, "a"),
            "explanation of option 'b' is",
        ),
        (lambda: Choice(" ", {"a": "x", "b": "y"}, "a"), "question is empty"),
        (lambda: Number("Q?", lambda: 1, ""), "explanation of 'Q\\?' is empty"),
        (lambda: Number("Q?", lambda: 1, "x", tolerance=-1), "tolerance is -1"),
        (
            lambda: Number("Q?", lambda: 1, "x", {2: ""}),
            "of the wrong answer 2 is empty",
        ),
        (lambda: Quiz("T", []), "the quiz 'T' has no questions"),
        (lambda: Quiz("", [PADDING]), "title is empty"),
        (lambda: Quiz("T", [PADDING, PADDING]), "the quiz 'T' asks twice"),
    ],
)
def test_faulty_question_is_refused_when_it_is_made(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_bundle_holds_the_live_view_and_the_questions_for_paper(quiz: Quiz) -> None:
    data, _ = quiz._repr_mimebundle_()
    html = data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "<code>padding=1</code>" in html
    assert "a) It adds one pixel on each side" in html
    assert "Per side" not in html


def test_html_of_an_answer_escapes_and_sets_code() -> None:
    choice = Choice("Q?", {"a": "`x < 1`", "b": "y"}, "a")
    html = Quiz("T", [choice]).answer(1, "a")._repr_html_()
    assert html == (
        "<p><strong>Question 1:</strong> ✓ Right. <code>x &lt; 1</code></p>"
    )
