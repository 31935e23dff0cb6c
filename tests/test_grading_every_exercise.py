"""Every exercise of every lesson can be graded: its answers reach the judge whole."""

from typing import Any

import pytest

from course_utils.checks.engine import Exercise
from course_utils.checks.result import Verdict
from tests.test_exercises import every_exercise
from tools.building.project import Lesson, Project
from tools.grading import sandbox, wire
from tools.grading.judge import judge
from tools.grading.outline import read_outline

PROJECT = Project.load()
LESSONS = PROJECT.lessons()


def _sent(exercise: Exercise, answer: Any) -> dict[str, Any]:
    """What the process of a submission with this answer sends."""
    cases = exercise.all_cases()
    message = (
        {"value": wire.encode(answer)}
        if exercise.is_value
        else {"outcomes": sandbox.outcomes(exercise, answer, cases)}
    )
    return wire.from_line(wire.to_line(message))


@every_exercise
def test_right_answer_passes(exercise: Exercise) -> None:
    result = judge(exercise, _sent(exercise, exercise.reference))
    assert result.verdict is Verdict.PASS, result


@every_exercise
def test_first_known_mistake_is_named(exercise: Exercise) -> None:
    mistake = exercise.mistakes[0]
    assert judge(exercise, _sent(exercise, mistake.wrong)).mistake == mistake.name


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_every_check_of_a_lesson_is_graded(lesson: Lesson) -> None:
    outline = read_outline(PROJECT, lesson)
    assert outline.exercises().keys() == {task.check for task in outline.tasks}
    assert all(1 <= task.points <= 5 for task in outline.tasks)
