"""What lesson 05 says of the climb and of memory, against the recording."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.climb import CLIMB, rung
from course_utils.climb.ladder import (
    accuracy_steps,
    gained,
    rates_of,
    speed_steps,
    times_as_fast,
    worth_keeping,
)
from course_utils.networks import LectureCNN
from course_utils.recorded import recorded

AGAIN = "run `python -m tools.record_runs climb` on a quiet machine"


@pytest.fixture(scope="module")
def slot() -> dict[str, Any]:
    try:
        found = recorded("training_climb")["cpu"]
    except FileNotFoundError:
        pytest.fail(f"there is no recording of the climb: {AGAIN}")
    assert found is not None, f"the recording has no slot for the CPU: {AGAIN}"
    return dict(found)


def test_the_recording_is_of_the_climb_as_it_is(slot: dict[str, Any]) -> None:
    recorded_setups = {one["name"]: one["setup"] for one in slot["rungs"]}
    assert recorded_setups == {one.name: vars(one.setup) for one in CLIMB}, AGAIN
    verdicts = {one["name"]: (one["base"], one["kept"]) for one in slot["rungs"]}
    assert verdicts == {one.name: (one.base, one.kept) for one in CLIMB}, AGAIN


def test_the_recording_says_how_it_was_made(slot: dict[str, Any]) -> None:
    assert slot["seeds"] >= 3
    assert slot["seconds"] == 12
    assert {len(one["runs"]) for one in slot["rungs"]} == {slot["seeds"]}
    assert "cores" in slot["machine"]
    assert len(slot["date"]) == len("2026-11-22")


@pytest.mark.parametrize("one", CLIMB[1:], ids=lambda one: one.name)
def test_what_was_kept_was_worth_it_and_the_rest_was_not(
    slot: dict[str, Any], one: Any
) -> None:
    ratio, points = times_as_fast(rates_of(slot), one.name), gained(slot, one.name)
    measured = f"x {ratio:.2f} as fast, {points:+.4f}"
    assert worth_keeping(slot, one.name) is one.kept, measured


def test_the_larger_batch_gains_more_speed_than_data_in_memory(
    slot: dict[str, Any],
) -> None:
    rates = rates_of(slot)
    batch = times_as_fast(rates, "batch 128 alone")
    assert batch > 2 > times_as_fast(rates, "data in memory") > 1


@pytest.mark.parametrize("name", ["batch 128 alone", "tutorial style"])
def test_a_larger_batch_alone_learns_less_in_the_same_time(
    slot: dict[str, Any], name: str
) -> None:
    assert gained(slot, name) < -0.005


def test_the_fitted_rate_leaps_up(slot: dict[str, Any]) -> None:
    assert gained(slot, "batch 128, rate fitted") > 0.03
    after = {step.name: step.middle for step in accuracy_steps(slot)}
    assert after["batch 128, rate fitted"] > after["batch 128 alone"] + 0.1


def test_only_channels_last_makes_the_small_network_faster(
    slot: dict[str, Any],
) -> None:
    rates = rates_of(slot)
    names = ("channels last", "bfloat16", "compiled")
    assert [name for name in names if times_as_fast(rates, name) >= 1.05] == [names[0]]


def test_the_compilers_first_call_costs_seconds(slot: dict[str, Any]) -> None:
    first_calls = {one["name"]: one["first_call"] for one in slot["rungs"]}
    assert first_calls["compiled"] > 1
    assert first_calls["channels last"] < 1


def test_batch_norm_makes_the_small_network_slower(slot: dict[str, Any]) -> None:
    assert times_as_fast(rates_of(slot), "batch norm") < 0.9


def test_the_residual_network_in_bfloat16_brings_most_of_the_recipe_though_slower(
    slot: dict[str, Any],
) -> None:
    names = ["batch norm", "schedule", "label smoothing", "augmentation"]
    best = gained(slot, "residual, bfloat16")
    assert best > max(gained(slot, name) for name in names)
    assert times_as_fast(rates_of(slot), "residual, bfloat16") < 0.7


def test_bfloat16_pays_for_the_larger_network(slot: dict[str, Any]) -> None:
    rates = {name: median(found) for name, found in rates_of(slot).items()}
    assert rates["residual, bfloat16"] > 1.3 * rates["residual network"]


def test_the_foot_of_the_ladder_is_the_most_accurate_and_not_the_fastest(
    slot: dict[str, Any],
) -> None:
    after = {step.name: step.middle for step in accuracy_steps(slot)}
    speeds = {step.name: step.middle for step in speed_steps(rates_of(slot))}
    last = CLIMB[-1].name
    assert max(after, key=after.__getitem__) == last
    assert speeds[last] < max(speeds.values()) / 2


def test_label_smoothing_asks_for_ninety_one_per_cent_of_the_class() -> None:
    share = rung("label smoothing").setup.label_smoothing
    assert 1 - share + share / 10 == pytest.approx(0.91)
    logits = torch.tensor([[2.0, -1.0] + [0.0] * 8])
    target = torch.full((1, 10), share / 10)
    target[0, 0] = 0.91
    smoothed = F.cross_entropy(logits, torch.tensor([0]), label_smoothing=share)
    assert smoothed.item() == pytest.approx(F.cross_entropy(logits, target).item())


def test_the_lectures_network_keeps_66_912_bytes_for_each_image() -> None:
    model, kept = LectureCNN(), dict[int, int]()
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    images, labels = torch.randn(8, 3, 32, 32), torch.zeros(8, dtype=torch.int64)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = F.cross_entropy(model(images), labels)
    assert loss.requires_grad
    assert sum(kept.values()) == 8 * 66_912 + 4


def test_with_four_images_weights_take_more_than_activations_and_with_128_less() -> (
    None
):
    network = 3 * 4 * sum(weight.numel() for weight in LectureCNN().parameters())
    assert 4 * 66_912 < network < 128 * 66_912 / 10


def test_bfloat16_has_the_exponent_of_float32_and_float16_has_not() -> None:
    wide, half = torch.finfo(torch.bfloat16), torch.finfo(torch.float16)
    assert wide.tiny == torch.finfo(torch.float32).tiny
    assert torch.tensor(1e-8, dtype=torch.float16).item() == 0
    assert torch.tensor(1e-8, dtype=torch.bfloat16).item() > 0
    assert half.eps < wide.eps
