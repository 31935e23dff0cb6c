"""Verdicts on what came out of a student's process, by our own checks in our own.

The engine tries answers by calling them. A `Recorded` answer was called elsewhere: the
judge looks up what it gave. Everything else, from the reference to the known mistakes,
is the engine that students know from their notebooks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from course_utils.checks.engine import Case, Exercise, _Outcome
from course_utils.checks.result import CheckResult, Verdict
from tools.grading import wire


class Recorded:
    """An answer that was called in another process, case by case."""

    def __init__(self, outcomes: Sequence[Any]) -> None:
        self.outcomes = outcomes

    def __call__(self) -> None:
        """Callable, as the engine expects of an answer; never called."""

    def outcome(self, number: int) -> tuple[_Outcome, bool, str]:
        """What a case gave, whether it changed its input, and an error's place.

        Raises:
            WireError: If the process sent something else than an outcome.
        """
        # a stub or an endless answer was tried no further: the last outcome stands
        last = self.outcomes[-1] if self.outcomes else None
        sent = self.outcomes[number] if number < len(self.outcomes) else last
        beyond = number >= len(self.outcomes)
        if not isinstance(sent, dict) or (beyond and "value" in sent):
            raise wire.WireError(f"nothing was recorded for case {number}")
        if "value" in sent:
            return _Outcome(wire.decode(sent["value"])), sent.get("changed") is True, ""
        error, place = wire.decode_error(sent)
        return _Outcome(error=error), False, place


@dataclass(frozen=True)
class _Judged(Exercise):
    """An exercise that takes recorded answers too."""

    def _number(self, case: Case) -> int:
        return next(n for n, one in enumerate(self.cases) if one is case)

    def all_cases(self) -> tuple[Case, ...]:
        return (Case("your answer"),) if self.is_value else self.cases

    def _try(self, answer: Any, case: Case, deadline: float) -> tuple[_Outcome, bool]:
        if isinstance(answer, Recorded):
            outcome, changed, _ = answer.outcome(self._number(case))
            return outcome, changed
        # ours: a slow machine must not cost a student the hint
        return super()._try(answer, case, float("inf"))


def _judged(exercise: Exercise) -> _Judged:
    values = {one.name: getattr(exercise, one.name) for one in fields(Exercise)}
    if not exercise.is_value:
        values |= {"cases": exercise.all_cases(), "draw": None}
    return _Judged(**values)


def judge(exercise: Exercise, sent: Mapping[str, Any]) -> CheckResult:
    """Return the verdict on one answer.

    Args:
        exercise: Ours, with the same cases on which the answer was tried.
        sent: The message of the student's process.
    """
    title = exercise.title
    if sent.get("missing") is True:
        text = f"There is no `{sent.get('name')}` in the notebook."
        return CheckResult(Verdict.NOT_ATTEMPTED, title, text)
    if "too_long" in sent:
        text = "The answer is too large to be looked at."
        return CheckResult(Verdict.FAIL, title, text)
    try:
        if "value" in sent:
            return _judged(exercise)(wire.decode(sent["value"]))
        outcomes = sent.get("outcomes")
        answer = Recorded(outcomes if isinstance(outcomes, list) else [])
        return _with_place(_judged(exercise)(answer), answer)
    except wire.WireError as error:
        text = f"The notebook's process sent no answer that can be read ({error})."
        return CheckResult(Verdict.FAIL, title, text)
    except Exception as error:  # an answer that even comparing cannot cope with
        text = f"The answer cannot be compared: {type(error).__name__}: {error}"
        return CheckResult(Verdict.FAIL, title, text)


def _with_place(result: CheckResult, answer: Recorded) -> CheckResult:
    """Say in which line an answer raised: only its own process knows the line."""
    message = result.message
    for number in range(len(answer.outcomes)):
        outcome, _, place = answer.outcome(number)
        name = f"your code raised {type(outcome.error).__name__}"
        if place and f"{name}: " in message:
            message = message.replace(f"{name}: ", f"{name}{place}: ", 1)
            break
    return CheckResult(
        result.verdict, result.exercise, message, result.hint, result.mistake
    )
