"""Verdicts on recorded answers: those that a notebook would give, and no others."""

from collections.abc import Callable
from typing import Any

import pytest

from course_utils.checks import lesson02
from course_utils.checks.engine import Exercise
from course_utils.checks.limits import TimeLimitError
from course_utils.checks.result import CheckResult, Verdict
from tools.grading import wire
from tools.grading.judge import judge

SIZE = lesson02.check_output_size
ROW = lesson02.check_first_row


def _sent(exercise: Exercise, answer: Callable[..., Any]) -> dict[str, Any]:
    outcomes = []
    for case in exercise.all_cases():
        value = answer(*case.args, **case.kwargs)
        outcomes.append({"value": wire.encode(value), "changed": False})
    return {"outcomes": outcomes}


def _failing(error: Exception, place: str = "") -> dict[str, Any]:
    return {"outcomes": [wire.encode_error(error, place)]}


def _facts(result: CheckResult) -> tuple[Verdict, str, str, str]:
    return result.verdict, result.message, result.hint, result.mistake


def test_right_answer_passes() -> None:
    assert judge(SIZE, _sent(SIZE, SIZE.reference)).passed


@pytest.mark.parametrize("mistake", SIZE.mistakes, ids=lambda m: m.name)
def test_known_mistake_gets_the_verdict_that_a_notebook_gives(mistake: Any) -> None:
    assert _facts(judge(SIZE, _sent(SIZE, mistake.wrong))) == _facts(
        SIZE(mistake.wrong)
    )


@pytest.mark.parametrize("mistake", ROW.mistakes, ids=lambda m: m.name)
def test_wrong_value_gets_the_verdict_that_a_notebook_gives(mistake: Any) -> None:
    assert _facts(judge(ROW, {"value": wire.encode(mistake.wrong)})) == _facts(
        ROW(mistake.wrong)
    )


def test_stub_is_not_attempted() -> None:
    result = judge(SIZE, _failing(NotImplementedError("…")))
    assert result.verdict is Verdict.NOT_ATTEMPTED


def test_missing_name_is_not_attempted_and_named() -> None:
    result = judge(SIZE, {"missing": True, "name": "output_size"})
    assert result.verdict is Verdict.NOT_ATTEMPTED
    assert "`output_size`" in result.message


def test_error_is_told_with_its_place() -> None:
    result = judge(SIZE, _failing(ZeroDivisionError("by zero"), " in line 2 (`a / 0`)"))
    assert "raised ZeroDivisionError in line 2 (`a / 0`): by zero" in result.message


def test_endless_answer_is_told_as_such() -> None:
    result = judge(SIZE, _failing(TimeLimitError(" in line 3 (`pass`)")))
    assert "still running" in result.message
    assert "in line 3" in result.message


def test_endless_in_a_later_case_still_gets_a_verdict() -> None:
    sent = {"outcomes": [{"value": wire.encode(-1), "changed": False}]}
    sent["outcomes"].append(wire.encode_error(TimeLimitError(""), ""))
    assert judge(SIZE, sent).verdict is Verdict.FAIL


def test_changed_input_fails() -> None:
    sent = _sent(SIZE, SIZE.reference)
    sent["outcomes"][0]["changed"] = True
    assert "changed its input" in judge(SIZE, sent).message


def test_value_in_place_of_a_function_is_explained() -> None:
    assert "expected a function" in judge(SIZE, {"value": wire.encode(4)}).message


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"outcomes": []},
        {"outcomes": "PASS"},
        {"outcomes": [{"value": {"plain": "x", "more": 1}}]},
        {"outcomes": [7]},
        {"value": {"pickle": ""}},
        {"verdict": "PASS", "outcomes": []},
        {"too_long": 10**9},
    ],
    ids=str,
)
def test_nonsense_never_passes(sent: dict[str, Any]) -> None:
    assert judge(SIZE, sent).verdict is Verdict.FAIL


def test_too_few_outcomes_never_pass() -> None:
    sent = _sent(SIZE, SIZE.reference)
    del sent["outcomes"][-1]
    assert judge(SIZE, sent).verdict is Verdict.FAIL
