"""The drawn world teaches: easy for a good recipe, hard for a line, fair between.

The bands are tried here on a small scale; the full figures were measured over three
seeds by `tools.tune_drawn`, and hold for the drawings whose fingerprint they carry.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from course_utils.drawn import fingerprint
from course_utils.networks import LectureCNN
from tools.tune_drawn import (
    LINEAR,
    RECORD,
    Recipe,
    World,
    accuracy,
    confusion,
    linear_model,
    load_world,
    train,
)

RECORDED = json.loads(RECORD.read_text(encoding="utf-8"))
FIGURES: dict[str, list[Any]] = RECORDED["figures"]
LOOKALIKES = {"cat-dog", "deer-horse", "automobile-truck"}


@pytest.fixture(scope="module")
def world() -> World:
    return load_world(seed=11, train=4000, test=1000)


def test_linear_model_does_badly(world: World) -> None:
    torch.manual_seed(0)
    model = linear_model()
    train(model, world.train, LINEAR, seed=0)
    assert 25 < accuracy(confusion(model, world.test)) < 45


def test_lecture_cnn_does_fairly_with_less_than_half_the_images(world: World) -> None:
    torch.manual_seed(0)
    model = LectureCNN()
    train(model, world.train, Recipe(10, 0.03, one_cycle=True), seed=0)
    assert 45 < accuracy(confusion(model, world.test)) < 70


def test_record_belongs_to_these_drawings() -> None:
    assert RECORDED["fingerprint"] == fingerprint(), (
        "the drawings have changed since their difficulty was measured: "
        "run `python -m tools.tune_drawn`"
    )


def test_record_has_three_seeds() -> None:
    assert len(RECORDED["seeds"]) >= 3
    assert all(len(values) == len(RECORDED["seeds"]) for values in FIGURES.values())


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("linear_test", 25, 45),
        ("lecture_cnn_plain_test", 50, 75),
        ("lecture_cnn_test", 55, 75),
        ("good_recipe_test", 88, 100),
    ],
)
def test_recorded_accuracy_is_in_its_band(name: str, low: float, high: float) -> None:
    assert all(low <= value <= high for value in FIGURES[name])


def test_small_training_set_overfits() -> None:
    for trained, validated in zip(
        FIGURES["small_set_train"], FIGURES["small_set_validation"], strict=True
    ):
        assert trained - validated > 20


def test_augmentation_helps_a_small_training_set() -> None:
    for plain, augmented in zip(
        FIGURES["small_set_validation"],
        FIGURES["small_set_augmented_validation"],
        strict=True,
    ):
        assert augmented > plain + 2


def test_lookalikes_are_what_is_confused() -> None:
    for confused in FIGURES["lecture_cnn_confused"]:
        assert set(confused) >= LOOKALIKES
