"""The network explorer's JavaScript against Python, over layers of real networks."""

from __future__ import annotations

import random
from typing import Any

import pytest
from playwright.sync_api import Page

from course_utils.network_anatomy import LayerFacts
from course_utils.network_zoo import ARCHITECTURES
from course_utils.widgets import network_words as words
from course_utils.widgets.module import network_module
from course_utils.widgets.network_data import network_data
from course_utils.widgets.network_places import moved, size_of
from course_utils.widgets.network_subject import Subject, named_subject
from tests.browser.shim import Opener

_LOAD = """async ([source, network]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  window.core = await import(url);
  window.network = network;
}"""
_SAY = """(cases) => cases.map(([from, position, to]) => {
  const [layer, other] = [network.layers[from], network.layers[to]];
  const box = core.boxOf(layer, position);
  const centre = [box.top + (box.height - 1) / 2, box.left + (box.width - 1) / 2];
  const isMap = layer.output.length === 4;
  return [
    core.fieldText(isMap ? position : null, box, network.size),
    core.layerText(from, network.layers.length, layer),
    core.movedTo(layer, position, other),
    core.outputSize(layer),
    core.positionAt(layer, centre),
  ];
})"""
_ROUND = "(pairs) => pairs.map(([value, limit]) => core.roundedValue(value, limit))"


def load(open_page: Opener, subject: Subject) -> Page:
    page = open_page("<!doctype html><title>core</title>")
    page.evaluate(_LOAD, [network_module(), network_data(subject)])
    return page


def said(subject: Subject, case: tuple[int, tuple[int, int], int]) -> list[Any]:
    place, position, to = case
    facts = subject.rows[place]
    size = (subject.input_shape[-2], subject.input_shape[-1])
    where = position if facts.gives_maps else None
    shapes = (*facts.input_shapes, facts.output_shape)
    return [
        words.field_text(where, facts.box(*position), size),
        words.layer_text(place, len(subject.rows), facts.name, shapes),
        list(moved(facts, position, subject.rows[to])),
        list(size_of(facts)),
        list(position),
    ]


def anywhere(dice: random.Random, facts: LayerFacts) -> tuple[int, int]:
    """A position, often at the border."""
    height, width = size_of(facts)
    row = dice.choice([0, height - 1, dice.randrange(height)])
    return row, dice.choice([0, width - 1, dice.randrange(width)])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_places_and_sentences_are_those_of_python(open_page: Opener, name: str) -> None:
    subject = named_subject(name)
    dice = random.Random(name)
    cases = []
    for _ in range(150):
        place, to = (dice.randrange(len(subject.rows)) for _ in range(2))
        cases.append((place, anywhere(dice, subject.rows[place]), to))
    page = load(open_page, subject)
    for case, found in zip(cases, page.evaluate(_SAY, cases), strict=True):
        assert found == said(subject, case), subject.rows[case[0]].name


def test_numbers_are_written_as_in_python(open_page: Opener) -> None:
    dice = random.Random(0)
    pairs = []
    for _ in range(400):
        limit = 10 ** dice.uniform(-5, 5)
        pairs.append((dice.uniform(-limit, limit), limit))
    pairs += [(0.0, 1.0), (-0.0001, 5.0), (-2.0, 100.0), (0.5, 0.1)]
    page = load(open_page, named_subject("lenet5"))
    expected = [words.rounded(value, limit) for value, limit in pairs]
    assert page.evaluate(_ROUND, pairs) == expected
