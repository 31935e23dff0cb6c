"""The tool that measures the lab's baselines."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from course_utils import scorecard
from course_utils.budget import Budget
from course_utils.datasets import ImageData
from course_utils.scorecard import Task
from tools import record_lab
from tools.record_lab import Entry, entries, keep, measure, worked_lesson


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    return worked_lesson()


def coloured(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Noise with a tint: red is class 0, green 1, blue 2."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    images = torch.randint(0, 100, (count, 3, 32, 32), generator=generator)
    images[torch.arange(count), labels] += 100
    return images.to(torch.uint8), labels


@pytest.fixture(scope="module")
def data() -> ImageData:
    nothing = coloured(3, 0)[0][:0], torch.zeros(0).long()
    names = ("red", "green", "blue")
    parts = (*coloured(240, 1), *nothing, *coloured(30, 2))
    return ImageData(*parts, names, "drawn", "Coloured noise.")


def small_network() -> nn.Module:
    layers = nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU()
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )


def test_lesson_is_read_without_being_run(lesson: dict[str, Any]) -> None:
    assert {"prepare", "build_model", "schedule", "settings"} <= lesson.keys()
    assert not {"data", "model", "train", "targets"} & lesson.keys()
    assert lesson["run"] is None


def test_four_baselines_from_simple_to_worked(lesson: dict[str, Any]) -> None:
    found = entries(lesson)
    assert len(found) == 4
    assert found[-1].build is lesson["build_model"]
    for entry in found:
        assert entry.build()(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.parametrize("half_precision", [False, True])
def test_baseline_is_measured_and_learns(
    data: ImageData, lesson: dict[str, Any], half_precision: bool
) -> None:
    entry = Entry("small", "plain", small_network, 16, 0.1)
    entry = dataclasses.replace(entry, half_precision=half_precision)
    budget = Budget("6 epochs", epochs=6)
    found = measure(entry, data, budget, range(3), lesson)
    assert found["epochs"] == [6, 6, 6]
    assert found["seeds"] == [0, 1, 2]
    assert len(found["history"]) == 6
    assert (
        min(found["accuracies"]) > 0.9
    )  # stale weights in 16 bits would learn nothing


def test_long_history_is_thinned_and_keeps_its_end() -> None:
    thinned = record_lab._thinned(range(1, 138))
    assert len(thinned) <= 60
    assert thinned[-1] == 137
    assert list(record_lab._thinned(range(5))) == list(range(5))


def test_new_results_replace_those_of_the_same_task(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    task = Task("drawn", "a" * 16, 10, 5, "12 s", "cpu", 2)
    long = dataclasses.replace(task, budget="60 s")
    redrawn = dataclasses.replace(task, fingerprint="b" * 16)
    for number, one in enumerate((task, long, redrawn)):
        keep(one, [{"name": str(number)}], path)
    found = scorecard.baselines_on_record(path)
    assert [(Task(**f["task"]), f["baselines"][0]["name"]) for f in found] == [
        (redrawn, "2"),
        (long, "1"),
    ]
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]


def test_two_seeds_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        record_lab.main(["--seeds", "2"])
    assert "a spread needs at least 3" in capsys.readouterr().err
