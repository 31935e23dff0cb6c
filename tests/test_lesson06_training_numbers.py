"""The numbers that lesson 06 states about its digits, batch norm and depth."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.questions import lesson06 as questions
from tools import record_lesson06 as recorder


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    """What the lesson's cells define for its experiments."""
    found: dict[str, Any] = {}
    for source in recorder.lesson_cells(*recorder.BEFORE, *recorder.RECIPE):
        exec(compile(source, str(recorder.LESSON), "exec"), found)
    return found


# LeNet-5 and the digits


def test_the_digits_are_cut_into_1000_and_297_and_the_last_500(
    lesson: dict[str, Any],
) -> None:
    train, val, test = (lesson[name].tolist() for name in ("train", "val", "test"))
    assert (len(train), len(val)) == (1000, 297)
    assert test == list(range(1297, 1797))
    assert sorted(train + val) == list(range(1297))


def test_digits_are_normalised_by_the_training_ones(lesson: dict[str, Any]) -> None:
    for side in (8, 32):
        images = lesson["digits_at"](side)
        assert images.shape == (1797, 1, side, side)
        assert images[lesson["train"]].mean().item() == pytest.approx(0, abs=1e-5)
        assert images[lesson["train"]].std().item() == pytest.approx(1, abs=1e-4)


def test_lenet5_has_61706_parameters_four_fifths_after_the_flattening(
    lesson: dict[str, Any],
) -> None:
    model = lesson["lenet5"]()
    first_linear = next(layer for layer in model if isinstance(layer, nn.Linear))
    assert sum(p.numel() for p in model.parameters()) == 61_706
    share = sum(p.numel() for p in first_linear.parameters()) / 61_706
    assert share == pytest.approx(0.78, abs=0.01)


# batch normalisation


def test_batch_example_has_mean_4_and_variance_5() -> None:
    values = torch.tensor([1.0, 3.0, 5.0, 7.0])
    assert values.mean() == 4
    assert values.var(correction=0) == 5


def test_running_statistics_are_near_the_truth_after_30_batches() -> None:
    assert 0.9**30 < 0.05
    assert questions.batches_until(0.99, 0.1) == 44
    gap = 0.9**10
    assert 1 - gap == pytest.approx(0.65, abs=0.005)


def test_a_batch_of_one_pixel_fails_in_training() -> None:
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        nn.BatchNorm2d(1)(torch.ones(1, 1, 1, 1))


def first_gradients(lesson: dict[str, Any], model: nn.Module) -> Tensor:
    """Return the powers of ten of each convolution's gradient before training."""
    images, some = lesson["digits_at"](8), lesson["train"][:50]
    F.cross_entropy(model(images[some]), lesson["labels"][some]).backward()
    convs = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    return torch.stack([layer.weight.grad.norm() for layer in convs]).log10()


@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_span_twelve_powers_of_ten_without_norm_and_two_with(
    seed: int, lesson: dict[str, Any]
) -> None:
    ends: dict[str, list[Tensor]] = {"nothing": [], "batch norm": []}
    for norm, found in ends.items():
        for scale in (0.5, 1.0, 2.0):
            torch.manual_seed(seed)
            found.append(first_gradients(lesson, lesson["stack"](20, norm, scale)))
    middles = [found.median().item() for found in ends["nothing"]]
    assert middles == pytest.approx([-7, -1, 5], abs=0.6)
    assert middles[2] - middles[0] == pytest.approx(12, abs=0.4)
    assert torch.stack(ends["batch norm"]).abs().max() < 2


@pytest.mark.parametrize("seed", [0, 1])
def test_sigmoids_vanish_without_norm_by_five_powers_and_with_it_by_under_two(
    seed: int, lesson: dict[str, Any]
) -> None:
    for norm, low, high in (("nothing", 4.5, 6), ("batch norm", 1, 2)):
        torch.manual_seed(seed)
        network = lesson["stack"](10, norm)
        for index, layer in enumerate(network):
            if isinstance(layer, nn.ReLU):
                network[index] = nn.Sigmoid()
        found = first_gradients(lesson, network)
        assert low < (found[-1] - found[0]).item() < high


# depth


@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_explode_in_80_plain_layers_and_hardly_with_skips(
    seed: int, lesson: dict[str, Any]
) -> None:
    for skip, low, high in ((False, 4, 6), (True, 0.5, 1.5)):
        torch.manual_seed(seed)
        found = first_gradients(lesson, lesson["pairs"](80, skip))
        assert len(found) == 79
        assert low < (found[1] - found[-1]).item() < high


@pytest.mark.parametrize("depth", [10, 20, 40, 80])
def test_depth_counts_the_layers_with_weights(
    depth: int, lesson: dict[str, Any]
) -> None:
    layers = list(lesson["pairs"](depth, skip=True).modules())
    assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in layers) == depth
