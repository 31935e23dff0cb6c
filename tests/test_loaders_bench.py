"""The loaders' benchmark: a fair comparison, and verdicts that can be negative."""

from __future__ import annotations

import pytest
import torch

from tools.bench import loader_throughput as bench


def rated(**rates: float) -> list[bench.Contender]:
    names = {"alone": bench.ALONE, "ours": bench.OURS, "pil": bench.PIL}
    return [
        bench.Contender(names[name], [], rates=[rate], cpu_rates=[rate])
        for name, rate in rates.items()
    ]


def test_every_contender_gives_the_same_images_and_labels() -> None:
    for contender in bench.contenders(4, 16):
        if "flip" in contender.name or not contender.one_process:
            continue
        images, labels = map(torch.cat, zip(*contender.batches, strict=True))
        keys = sorted(image.mul(1000).round().tolist() for image in images)
        if contender.name == bench.ALONE:
            expected, all_labels = keys, sorted(labels.tolist())
        assert keys == expected
        assert sorted(labels.tolist()) == all_labels


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert bench.ratio([1, 4, 9], [1, 2, 3]) == 2


def test_every_contender_is_measured_in_every_round() -> None:
    field = [contender for contender in bench.contenders(4, 8) if contender.one_process]
    bench.race(field, rounds=2)
    assert [len(contender.rates) for contender in field] == [2] * len(field)


@pytest.mark.parametrize(
    ("ours", "verdicts"),
    [(90, ["reached", "reached"]), (80, ["missed", "reached"]), (70, ["missed"] * 2)],
)
def test_goals_are_reached_or_missed(ours: float, verdicts: list[str]) -> None:
    lines = bench.table(64, rated(alone=100, ours=ours, pil=50))
    found = [line.rpartition(" ")[2] for line in lines if "goal" in line]
    assert found == verdicts


def test_a_goal_that_no_loader_can_reach_is_called_so() -> None:
    lines = bench.table(4, rated(alone=100, ours=98, pil=75))
    assert (
        lines[-1] == "  (no loader can: the network alone is 1.33 times PIL, 0 workers)"
    )


def test_our_loader_is_compared_with_the_others_at_two_batch_sizes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = (bench.OURS, bench.ALONE, bench.PIL, bench.PIL_WORKERS)
    monkeypatch.setattr(bench, "train", lambda batches: (2.0, 2.0))
    ratios = list(bench.measure(quick=True))
    assert {ratio.what for ratio in ratios} == {
        f"{bench.OURS}, batch 4",
        f"{bench.OURS}, batch 64",
    }
    assert {ratio.against for ratio in ratios} == set(known[1:])
    assert {ratio.values for ratio in ratios} == {(1.0,)}
