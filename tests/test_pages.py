"""The pages to look things up agree with lessons, exercises and PyTorch."""

import inspect
import re
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from tests.notebooks import ROOT, read
from tools.building.project import BuildError, Project
from tools.writing.glossary import Term, glossary, terms
from tools.writing.lessons import exercise_link, heading_link
from tools.writing.mistakes import (
    ERROR,
    SHAPE,
    SILENT,
    Known,
    exercises,
    known_mistakes,
)
from tools.writing.pages import stale_pages

TERMS = terms(ROOT)
PROJECT = Project.load()
SHORT = {"nn": "torch.nn", "F": "torch.nn.functional"}


@cache
def words_of(lesson: str) -> str:
    return "\n".join(cell.source for cell in read(lesson, worked=False).cells).lower()


def look_up(name: str) -> Any:
    """What a name of the glossary stands for; an argument's is its default."""
    dotted, _, argument = name.rstrip(")").partition("(")
    first, *rest = dotted.split(".")
    path = [*SHORT.get(first, first).split("."), *rest]
    found: Any = import_module(path[0])
    for position, part in enumerate(path[1:], 1):
        if not hasattr(found, part):
            import_module(".".join(path[: position + 1]))
        found = getattr(found, part)
    return inspect.signature(found).parameters[argument] if argument else found


def test_pages_are_up_to_date() -> None:
    assert stale_pages(PROJECT) == []


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.name)
def test_term_occurs_in_the_lesson_that_it_names(term: Term) -> None:
    assert term.spelling.lower() in words_of(term.lesson)


@pytest.mark.parametrize("name", sorted({n for term in TERMS for n in term.pytorch}))
def test_name_is_pytorchs(name: str) -> None:
    assert look_up(name) is not None


def test_a_name_that_pytorch_lacks_is_noticed() -> None:
    with pytest.raises(KeyError, match="steps"):
        look_up("nn.Conv2d(steps)")


def test_glossary_is_in_the_order_of_the_alphabet() -> None:
    rows = re.findall(r"^- \*\*(.+?)\*\*", glossary(PROJECT), re.MULTILINE)
    assert len(rows) == len(TERMS)
    assert rows == sorted(rows, key=str.casefold)


def double(x: Tensor) -> Tensor:
    return 2 * x


def shows(wrong: Any) -> str:
    exercise = Exercise("1.1 · Double", double, (Case("three", (torch.ones(3),)),))
    (known,) = known_mistakes(replace(exercise, mistakes=(Mistake("m", wrong, "h"),)))
    return known.shows


def test_wrong_values_of_the_right_shape_are_silent() -> None:
    assert shows(lambda x: x + 2) == SILENT


def test_other_shape_is_not_silent() -> None:
    assert shows(lambda x: x[1:]) == SHAPE
    assert shows(lambda x: [x, x]) == SHAPE


def test_error_is_not_silent() -> None:
    assert shows(lambda x: x.nothing) == ERROR


def test_silent_mistakes_go_unmarked_and_loud_ones_say_how_they_show() -> None:
    mistake = Mistake("taken_twice", None, "Once\nis enough.")
    assert Known(mistake, SILENT).line == "- **taken twice**: Once is enough."
    assert Known(mistake, SHAPE).line.startswith("- **taken twice** (another shape):")


def test_exercises_come_by_number() -> None:
    (lesson,) = PROJECT.lessons(["02"])
    numbers = [e.title.partition(" ")[0] for e in exercises(lesson)]
    assert numbers == [f"2.{n}" for n in range(1, len(numbers) + 1)]


def test_link_to_a_missing_heading_is_refused() -> None:
    lesson = PROJECT.lessons(["02"])[0]
    with pytest.raises(BuildError, match="has no heading 'Nowhere'"):
        heading_link(lesson, "Nowhere", "x")


def test_link_to_an_exercise_without_a_card_is_refused() -> None:
    lesson = PROJECT.lessons(["02"])[0]
    with pytest.raises(BuildError, match=r"no heading for exercise '2\.99"):
        exercise_link(lesson, "2.99 · Nothing")
