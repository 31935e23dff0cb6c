"""Every exercise of every lesson: right answers pass, each known mistake is named."""

import dataclasses
import importlib
import pkgutil
from typing import Any

import pytest
import torch
from torch import Tensor

from course_utils import checks
from course_utils.checks.engine import Exercise, Mistake
from course_utils.checks.result import Verdict
from tests.notebooks import LESSONS, check_cells

MODULES = [
    importlib.import_module(f"course_utils.checks.{module.name}")
    for module in pkgutil.iter_modules(checks.__path__)
    if module.name.startswith("lesson")
]
# a module that re-exports another's exercises shows the same objects: once is enough
EXERCISES: dict[str, Exercise] = {
    exercise.title: exercise
    for module in MODULES
    for name, exercise in vars(module).items()
    if name.startswith("check_")
}
FUNCTIONS = {k: e for k, e in EXERCISES.items() if not e.is_value and e.use is None}
MISTAKES = [
    pytest.param(exercise, mistake, id=f"{title}-{mistake.name}")
    for title, exercise in EXERCISES.items()
    for mistake in exercise.mistakes
]
every_exercise = pytest.mark.parametrize(
    "exercise", EXERCISES.values(), ids=list(EXERCISES)
)
every_function = pytest.mark.parametrize(
    "exercise", FUNCTIONS.values(), ids=list(FUNCTIONS)
)


CALLABLES = {k: e for k, e in EXERCISES.items() if not e.is_value}
every_callable = pytest.mark.parametrize(
    "exercise", CALLABLES.values(), ids=list(CALLABLES)
)


def _stub(*args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError


@every_exercise
def test_reference_passes(exercise: Exercise) -> None:
    result = exercise(exercise.reference)
    assert result.verdict is Verdict.PASS, result


@every_exercise
def test_stub_is_not_attempted(exercise: Exercise) -> None:
    stub = ... if exercise.is_value else _stub
    assert exercise(stub).verdict is Verdict.NOT_ATTEMPTED


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_known_mistake_fails_with_its_own_hint(
    exercise: Exercise, mistake: Mistake
) -> None:
    result = exercise(mistake.wrong)
    assert (result.verdict, result.mistake) == (Verdict.FAIL, mistake.name), result
    assert result.hint == mistake.hint


@every_exercise
def test_exercise_knows_mistakes_and_explains_them(exercise: Exercise) -> None:
    assert len(exercise.mistakes) >= 2
    names = [mistake.name for mistake in exercise.mistakes]
    hints = [mistake.hint for mistake in exercise.mistakes]
    assert len(set(names)) == len(names)
    assert len(set(hints)) == len(hints)
    assert all(len(hint) > 20 for hint in hints)
    assert exercise.praise


@pytest.mark.parametrize("lesson", [lesson for lesson in LESSONS if lesson != "00"])
def test_lesson_has_five_exercises_with_five_known_mistakes(lesson: str) -> None:
    counts = [
        len(e.mistakes) for t, e in EXERCISES.items() if t.startswith(f"{int(lesson)}.")
    ]
    assert len(counts) >= 5
    assert sum(count >= 5 for count in counts) >= 5


def _gives_float_tensor(exercise: Exercise) -> bool:
    first = exercise.all_cases()[0]
    expected = exercise.reference(*first.args, **first.kwargs)
    return isinstance(expected, Tensor) and expected.is_floating_point()


TENSOR_FUNCTIONS = {k: e for k, e in FUNCTIONS.items() if _gives_float_tensor(e)}
SPOILERS = {
    "zeros": (torch.zeros_like, "0"),
    "wrong shape": (lambda t: t[None], "shape"),
    "integers": (lambda t: t.long(), "dtype"),
    "NaN": (lambda t: t * torch.nan, "NaN"),
}


@pytest.mark.parametrize("spoil", SPOILERS)
@pytest.mark.parametrize(
    "exercise", TENSOR_FUNCTIONS.values(), ids=list(TENSOR_FUNCTIONS)
)
def test_spoilt_tensor_fails_usefully(exercise: Exercise, spoil: str) -> None:
    change, word = SPOILERS[spoil]

    def spoilt(*args: Any, **kwargs: Any) -> Tensor:
        return change(exercise.reference(*args, **kwargs))

    result = exercise(spoilt)
    assert result.verdict is Verdict.FAIL
    assert word in result.message or result.mistake, result


def _raises(*args: Any, **kwargs: Any) -> Any:
    raise ZeroDivisionError("division by zero")


def _returns_nothing(*args: Any, **kwargs: Any) -> None:
    return None


@every_callable
def test_exception_is_reported(exercise: Exercise) -> None:
    result = exercise(_raises)
    assert result.verdict is Verdict.FAIL
    assert "ZeroDivisionError" in result.message


@every_function
def test_missing_return_is_reported(exercise: Exercise) -> None:
    result = exercise(_returns_nothing)
    assert result.verdict is Verdict.FAIL
    assert "return" in result.message or "changed its input" in result.message


@every_exercise
def test_nonsense_values_fail(exercise: Exercise) -> None:
    for nonsense in (None, float("nan"), "nonsense", -1, [], {}):
        assert exercise(nonsense).verdict is Verdict.FAIL


def test_endless_loop_in_any_exercise_is_stopped() -> None:
    def endless(*args: Any, **kwargs: Any) -> Any:
        while True:
            pass

    for exercise in FUNCTIONS.values():
        hurried = dataclasses.replace(exercise, seconds=0.05)
        assert "still running" in hurried(endless).message


@pytest.mark.parametrize("lesson", LESSONS)
def test_worked_notebook_passes_every_check(lesson: str) -> None:
    for source, output in check_cells(lesson, worked=True):
        assert "✓ PASS" in output, source


@pytest.mark.parametrize("lesson", LESSONS)
def test_student_notebook_is_not_attempted_anywhere(lesson: str) -> None:
    for source, output in check_cells(lesson, worked=False):
        assert "○ NOT ATTEMPTED" in output, source


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_of_the_lesson_is_checked_in_its_notebook(lesson: str) -> None:
    outputs = "".join(output for _, output in check_cells(lesson, worked=True))
    for title in EXERCISES:
        if title.startswith(f"{int(lesson)}."):
            assert title in outputs
