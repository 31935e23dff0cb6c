"""The profile of a training step: its phases, its rates, its operators."""

import json
import re
from typing import Any

import pytest
import torch

from course_utils import devices
from course_utils.datasets import ImageData, load_cifar10
from course_utils.devices.recipes import RECIPES, Recipe, batches


@pytest.fixture(scope="module")
def data() -> ImageData:
    return load_cifar10("drawn", train_size=300, validation_size=20, test_size=20)


@pytest.fixture(scope="module")
def run(data: ImageData) -> dict[str, Any]:
    return devices.measure_profile("cpu", data, images=128, rounds=1)


def test_profile_has_five_phases_for_each_recipe(run: dict[str, Any]) -> None:
    assert json.loads(json.dumps(run)) == run
    assert [r["name"] for r in run["recipes"]] == [r.name for r in RECIPES]
    for recipe in run["recipes"]:
        assert tuple(recipe["phases"]) == devices.PHASES
        assert all(recipe["phases"][name] > 0 for name in ("loader", "forward"))
        assert recipe["images_per_second"] > 0
        assert recipe["slowdown"] > 0


def test_profile_trains_on_as_many_images_as_asked(run: dict[str, Any]) -> None:
    assert [r["steps"] for r in run["recipes"]] == [32, 1, 1]


def test_phases_add_up_to_the_profiled_step(run: dict[str, Any]) -> None:
    for recipe in run["recipes"]:
        seconds = sum(recipe["phases"].values()) / 1e6
        step = recipe["slowdown"] / recipe["images_per_second"]
        assert 0.05 * step < seconds < 1.5 * step


def test_convolutions_are_among_the_top_operators(run: dict[str, Any]) -> None:
    operators = run["recipes"][-1]["operators"]
    assert len(operators) == 5
    assert "aten::convolution_backward" in [row["name"] for row in operators]
    times = [row["microseconds"] for row in operators]
    assert times == sorted(times, reverse=True)


def test_two_convolutions_a_step_are_counted(run: dict[str, Any]) -> None:
    for recipe in run["recipes"]:
        calls = {row["name"]: row["calls"] for row in recipe["operators"]}
        assert calls.get("aten::convolution_backward", 2) == 2


def test_table_explains_operators_in_words(run: dict[str, Any]) -> None:
    text = devices.operator_table(run["recipes"][-1])
    assert re.search(r"aten::convolution_backward: gradients of a convolution", text)
    assert len(text.splitlines()) == 6


def test_profile_needs_a_whole_batch(data: ImageData) -> None:
    with pytest.raises(ValueError, match="images is 64 of 300"):
        devices.measure_profile("cpu", data, images=64)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_recipes_give_normalised_batches_without_end(
    data: ImageData, recipe: Recipe
) -> None:
    stream = batches(recipe, data.train_images, data.train_labels, torch.device("cpu"))
    for _ in range(300 // recipe.batch_size + 1):  # one more than an epoch has
        images, labels = next(stream)
    assert images.shape == (recipe.batch_size, 3, 32, 32)
    assert labels.shape == (recipe.batch_size,)
    assert images.dtype == torch.float32
    assert -1 <= images.min() < 0 < images.max() <= 1


def test_ways_of_loading_give_the_same_pixels(data: ImageData) -> None:
    images, labels = data.train_images[:4], data.train_labels[:4]
    given = [
        next(batches(Recipe("", pil, 4), images, labels, torch.device("cpu")))[0]
        for pil in (True, False)
    ]
    sums = [batch.sum(dim=(1, 2, 3)).sort().values for batch in given]
    torch.testing.assert_close(*sums, rtol=1e-4, atol=1e-2)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_profile_on_cuda(data: ImageData) -> None:
    run = devices.measure_profile("cuda", data, images=128, rounds=1)
    assert all(row["microseconds"] > 0 for row in run["recipes"][-1]["operators"])
