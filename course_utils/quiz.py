"""Questions at the end of a lesson, each answer explained.

quiz = Quiz("Convolution", [Choice(…), Number(…)])
quiz                 # shows the form
quiz.answer(1, "b")  # answers from code
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from string import ascii_lowercase
from typing import Any, Final

import traitlets

from course_utils.live_form import LiveForm, prose, script
from course_utils.readings import is_number, read_number

Num = int | float

_VERDICTS: Final = {
    "right": "✓ Right.",
    "wrong": "✗ Not right.",
    "unread": "? Not understood.",
}


@dataclass(frozen=True)
class Answer:
    """What is said of one answer.

    Attributes:
        number: Which question, from 1.
        verdict: ``"right"``, ``"wrong"`` or ``"unread"``.
        explanation: Why, or what can be answered.
    """

    number: int
    verdict: str
    explanation: str

    @property
    def text(self) -> str:
        """The verdict in words, with its explanation."""
        return f"{_VERDICTS[self.verdict]} {self.explanation}"

    def __repr__(self) -> str:
        return f"Question {self.number}: {self.text}"

    def _repr_html_(self) -> str:
        return f"<p><strong>Question {self.number}:</strong> {prose(self.text)}</p>"


@dataclass(frozen=True)
class Choice:
    """A question with one right option.

    Args:
        question: The question; `code` between backticks.
        options: Each option with the explanation why it is right or not.
        correct: The right option, word for word.

    Raises:
        ValueError: If ``correct`` is no option, or a text is missing.
    """

    question: str
    options: Mapping[str, str]
    correct: str

    def __post_init__(self) -> None:
        _require_text("question", self.question)
        if not 2 <= len(self.options) <= len(ascii_lowercase):
            raise ValueError(
                f"{self.question!r} has {len(self.options)} options; expected 2 to 26"
            )
        if self.correct not in self.options:
            raise ValueError(
                f"correct is {self.correct!r}, which is none of the options of "
                f"{self.question!r}: {', '.join(map(repr, self.options))}"
            )
        for option, explanation in self.options.items():
            _require_text(f"an option of {self.question!r}", option)
            _require_text(f"the explanation of option {option!r}", explanation)

    def judge(self, value: object) -> tuple[str, str]:
        """Return verdict and explanation for an option or its letter."""
        option = self._option(str(value).strip())
        if option is None:
            letters = ascii_lowercase[: len(self.options)]
            return "unread", f"Answer with one of the letters {', '.join(letters)}."
        verdict = "right" if option == self.correct else "wrong"
        return verdict, self.options[option]

    def _option(self, text: str) -> str | None:
        if text in self.options:
            return text
        lettered = dict(zip(ascii_lowercase, self.options, strict=False))
        return lettered.get(text.casefold().rstrip(").")) if text else None


@dataclass(frozen=True)
class Number:
    """A question whose answer is a number, found by running code.

    Args:
        question: The question; `code` between backticks.
        compute: Returns the right answer; called when the first answer is checked.
        explanation: Why it is that number.
        wrong: Wrong answers that are to be expected, and what lies behind each.
        tolerance: By how much an answer may differ.

    Raises:
        ValueError: If a text is missing or ``tolerance`` is negative; when the first
            answer is checked, if the right answer stands among the wrong ones.
    """

    question: str
    compute: Callable[[], Num]
    explanation: str
    wrong: Mapping[Num, str] = field(default_factory=dict)
    tolerance: float = 0

    def __post_init__(self) -> None:
        _require_text("question", self.question)
        _require_text(f"the explanation of {self.question!r}", self.explanation)
        if self.tolerance < 0:
            raise ValueError(f"tolerance is {self.tolerance}; it must be at least 0")
        for value, explanation in self.wrong.items():
            _require_text(f"the explanation of the wrong answer {value}", explanation)

    @cached_property
    def correct(self) -> Num:
        """The right answer, computed once."""
        computed = self.compute()
        for value in self.wrong:
            if self._equal(value, computed):
                raise ValueError(
                    f"{self.question!r} calls {value} wrong, but compute() returns "
                    f"{computed} (tolerance {self.tolerance})"
                )
        return computed

    def judge(self, value: object) -> tuple[str, str]:
        """Return verdict and explanation for a number, or for a text that holds one."""
        found = value if is_number(value) else read_number(str(value))
        if not isinstance(found, (int, float)):
            return "unread", "Answer with one number, such as 12 or −0.5."
        if self._equal(found, self.correct):
            return "right", self.explanation
        for mistake, explanation in self.wrong.items():
            if self._equal(found, mistake):
                return "wrong", explanation
        return "wrong", "Work it out in code, then try again."

    def _equal(self, one: Num, other: Num) -> bool:
        # 0.1 + 0.2 and 0.3 are the same answer
        slack = self.tolerance + 1e-9 * max(1.0, abs(other))
        return bool(abs(one - other) <= slack)


class Quiz(LiveForm):
    """A few questions with their answers explained, live or from code."""

    _esm = script("quiz.js")
    title = traitlets.Unicode().tag(sync=True)
    shown: traitlets.List[Any] = traitlets.List().tag(
        sync=True
    )  # question and options of each
    given: traitlets.List[Any] = traitlets.List().tag(
        sync=True
    )  # text of each last answer, or ""
    feedback: traitlets.List[Any] = traitlets.List().tag(
        sync=True
    )  # verdict and text of each, or {}
    summary = traitlets.Unicode().tag(sync=True)

    def __init__(self, title: str, questions: Sequence[Choice | Number]) -> None:
        _require_text("title", title)
        if not questions:
            raise ValueError(f"the quiz {title!r} has no questions")
        texts = [question.question for question in questions]
        for text in texts:
            if texts.count(text) > 1:
                raise ValueError(f"the quiz {title!r} asks twice: {text!r}")
        self.questions = tuple(questions)
        self._answers: dict[int, Any] = {}
        self._verdicts: dict[int, str] = {}
        super().__init__(
            title=title,
            shown=[_shown(question) for question in questions],
            given=[""] * len(texts),
            feedback=[{}] * len(texts),
            summary=self._summary(),
        )

    @property
    def answers(self) -> dict[int, Any]:
        """The last answer to each question answered so far, by its number."""
        return dict(sorted(self._answers.items()))

    @property
    def score(self) -> int:
        """How many questions were last answered rightly."""
        return list(self._verdicts.values()).count("right")

    def answer(self, number: int, value: object) -> Answer:
        """Answer a question from code.

        Args:
            number: Which question, from 1.
            value: An option or its letter, or a number.

        Raises:
            ValueError: If there is no such question.
        """
        if number not in range(1, len(self.questions) + 1):
            raise ValueError(
                f"there is no question {number}; choose 1 to {len(self.questions)}"
            )
        verdict, explanation = self.questions[number - 1].judge(value)
        answer = Answer(number, verdict, explanation)
        self._answers[number], self._verdicts[number] = value, verdict
        self._show(answer, value)
        return answer

    def on_typed(self, content: dict[str, Any]) -> None:
        """Check what was typed or chosen in the browser."""
        self.answer(content["question"], content["value"])

    def __repr__(self) -> str:
        return f"Quiz({self.title!r}: {self._summary()})"

    def still_html(self) -> str:
        """Return the questions and their options, without the answers."""
        items = "".join(f"<li>{_still(question)}</li>" for question in self.questions)
        return (
            f"<p><strong>Quiz: {escape(self.title)}</strong></p><ol>{items}</ol>"
            "<p>Run this cell to answer here, "
            "or call <code>.answer(1, …)</code> on the quiz.</p>"
        )

    def _show(self, answer: Answer, value: object) -> None:
        index = answer.number - 1
        question = self.questions[index]
        option = question._option(str(value)) if isinstance(question, Choice) else None
        self.given = _replaced(self.given, index, option or str(value))
        self.summary = self._summary()
        # emptied first, so that the browser says it anew when it is the same again
        self.feedback = _replaced(self.feedback, index, {})
        said = {"verdict": answer.verdict, "text": answer.text}
        self.feedback = _replaced(self.feedback, index, said)

    def _summary(self) -> str:
        total = len(self.questions)
        return f"{self.score} of {total} right, {len(self._answers)} answered"


def _require_text(what: str, text: str) -> None:
    if not text.strip():
        raise ValueError(f"{what} is empty; write a sentence")


def _shown(question: Choice | Number) -> dict[str, Any]:
    options = list(question.options) if isinstance(question, Choice) else []
    return {"question": question.question, "options": options}


def _still(question: Choice | Number) -> str:
    asked = prose(question.question)
    if isinstance(question, Number):
        return f"{asked} (a number)"
    lettered = zip(ascii_lowercase, question.options, strict=False)
    options = "".join(f"<li>{letter}) {prose(text)}</li>" for letter, text in lettered)
    return f"{asked}<ul>{options}</ul>"


def _replaced(items: Sequence[Any], index: int, item: Any) -> list[Any]:
    return [*items[:index], item, *items[index + 1 :]]
