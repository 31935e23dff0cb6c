"""What lesson 06 says about its recorded runs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from course_utils.recorded import recorded
from tools import record_lesson06 as recorder

NAMES = ("lesson06_lenet", "lesson06_norms", "lesson06_depth")


def good(sweep: str, norm: str) -> list[float]:
    """The values of a sweep at which the mean accuracy is above 85 %."""
    run = recorded("lesson06_norms")[sweep]
    means = torch.tensor(run["accuracies"][norm]).mean(dim=1).tolist()
    return [v for v, mean in zip(run["values"], means, strict=True) if mean > 0.85]


def depth_means(what: str, kind: str) -> Tensor:
    return torch.tensor(recorded("lesson06_depth")[what][kind]).mean(dim=1)


@pytest.mark.parametrize("name", NAMES)
def test_recording_is_of_the_lesson_as_it_is(name: str) -> None:
    again = "run `python -m tools.record_lesson06` again"
    assert recorded(name)["code"] == recorder.fingerprint(), again


@pytest.mark.parametrize("name", NAMES)
def test_recording_says_how_it_was_made(name: str) -> None:
    run = recorded(name)
    assert run["n"] >= 3
    assert run["epochs"] >= 4
    assert "torch" in run["machine"]
    assert len(run["date"]) == len("2026-11-22")


def test_known_hands_are_five_points_easier_for_every_seed() -> None:
    run = recorded("lesson06_lenet")["accuracies"]
    found = {name: torch.tensor(shares) for name, shares in run.items()}
    gap = found["known hands"].mean() - found["other hands"].mean()
    assert gap.item() == pytest.approx(0.05, abs=0.008)
    assert found["known hands"].min() > found["other hands"].max() + 0.02
    same = found["known, same people"].mean() - found["known hands"].mean()
    assert abs(same) < 0.01


def test_batch_norm_has_the_widest_range_of_learning_rates() -> None:
    with_norm, without = (
        good("learning rate", "batch norm"),
        good("learning rate", "nothing"),
    )
    assert max(with_norm) / min(with_norm) == pytest.approx(100)
    assert max(without) / min(without) == pytest.approx(10)
    assert min(good("learning rate", "LRN")) > min(without)


def test_batch_norm_learns_from_weights_that_differ_by_256_and_nothing_from_one() -> (
    None
):
    with_norm = good("initial weights", "batch norm")
    assert max(with_norm) / min(with_norm) == pytest.approx(256)
    assert good("initial weights", "nothing") == [1.0]
    assert max(good("initial weights", "LRN")) > 1


def test_plain_networks_get_worse_with_depth_in_training_already() -> None:
    losses = depth_means("losses", "plain")
    assert (losses.diff() > 0).all()
    assert losses[0].item() == pytest.approx(0.3, abs=0.05)
    assert losses[-1].item() == pytest.approx(2.0, abs=0.05)
    assert depth_means("accuracies", "plain")[-1] < 0.2


def test_networks_with_skips_train_at_every_depth() -> None:
    assert depth_means("losses", "with skips").max() < 0.15
    assert depth_means("accuracies", "with skips").min() > 0.9


def test_no_learning_rate_saves_40_plain_layers() -> None:
    others = recorded("lesson06_depth")["plain_at_other_rates"]
    assert others["depth"] == 40
    assert (min(others["values"]), max(others["values"])) == (0.003, 0.5)
    assert torch.tensor(others["losses"]).mean(dim=1).min() > 1
