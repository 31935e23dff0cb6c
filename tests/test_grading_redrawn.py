"""Numbers of a student's own: the same for the same seed, and checked as well."""

from pathlib import Path

import pytest

from course_utils.checks import lesson01, lesson02
from course_utils.checks.engine import Exercise
from course_utils.checks.result import Verdict
from tests.grading_books import outline
from tools.grading.seeds import course_secret, hidden_seeds, own_seeds, seed_for

REDRAWN = (lesson01.check_brightest, lesson02.check_first_row)
every_redrawn = pytest.mark.parametrize("exercise", REDRAWN, ids=lambda e: e.title)


@every_redrawn
def test_same_seed_same_numbers(exercise: Exercise) -> None:
    assert exercise.redrawn(5).task == exercise.redrawn(5).task
    assert exercise.redrawn(5).reference == exercise.redrawn(5).reference


@every_redrawn
def test_other_seeds_other_numbers(exercise: Exercise) -> None:
    assert len({exercise.redrawn(seed).task for seed in range(50)}) == 50


@every_redrawn
def test_right_answer_passes_and_each_mistake_is_named(exercise: Exercise) -> None:
    for seed in range(20):
        own = exercise.redrawn(seed)
        assert own(own.reference).passed
        assert own(...).verdict is Verdict.NOT_ATTEMPTED
        for mistake in own.mistakes:
            assert own(mistake.wrong).mistake == mistake.name


@every_redrawn
def test_mistakes_are_those_of_the_lesson(exercise: Exercise) -> None:
    names = [mistake.name for mistake in exercise.mistakes]
    assert [mistake.name for mistake in exercise.redrawn(1).mistakes] == names


@every_redrawn
def test_anothers_answer_does_not_pass(exercise: Exercise) -> None:
    answers = {exercise.redrawn(seed).reference for seed in range(50)}
    assert len(answers) > 10


def test_fixed_numbers_cannot_be_redrawn() -> None:
    with pytest.raises(ValueError, match="its numbers are fixed"):
        lesson02.check_output_size.redrawn(1)


def test_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    secret = course_secret(tmp_path / "course")
    assert course_secret(tmp_path / "course") == secret
    assert len(secret) == 64
    assert (tmp_path / "course" / "secret.txt").stat().st_mode & 0o077 == 0


def test_seeds_depend_on_secret_student_and_exercise() -> None:
    seeds = {
        seed_for("s", "ada", "x"),
        seed_for("t", "ada", "x"),
        seed_for("s", "bob", "x"),
        seed_for("s", "ada", "y"),
    }
    assert len(seeds) == 4
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_own_seeds_are_drawn_where_numbers_can_be() -> None:
    assert set(own_seeds("s", outline(), "ada")) == {"check_first_row"}


def test_hidden_cases_are_others_than_the_ones_in_the_notebook() -> None:
    known = outline().exercises()["check_slide_kernel"].all_cases()
    seeds = hidden_seeds("s", outline())
    hidden = outline().exercises(seeds)["check_slide_kernel"].all_cases()
    assert [case.name for case in hidden] == [case.name for case in known]
    assert not hidden[-1].args[0].equal(known[-1].args[0])
