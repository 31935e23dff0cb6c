"""The score card: fair comparisons, honest noise, judging by every image."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from course_utils import scorecard
from course_utils.budget import Budget
from course_utils.datasets import ImageData
from course_utils.lab import Batches, LabRun
from course_utils.scorecard import Baseline, ScoreCard, Task
from course_utils.scorecard.baselines import noise, pooled_spread
from tests.scorecard_toys import NAMES, RUN, card, task

MEASURED = {"device": "cpu: a test", "torch": "2", "date": "2026-01-01"}


def image_data(**changed: Any) -> ImageData:
    generator = torch.Generator().manual_seed(0)

    def some(count: int) -> tuple[Tensor, Tensor]:
        images = torch.randint(0, 256, (count, 3, 4, 4), generator=generator)
        return images.to(torch.uint8), torch.arange(count) % 3

    data = ImageData(*some(12), *some(6), *some(9), NAMES, "drawn", "Tiny images.")
    return dataclasses.replace(data, **changed)


def baseline(*accuracies: float, name: str = "a linear model") -> Baseline:
    return Baseline(name, "plain", 100, accuracies, (3, 4, 4), (), MEASURED)


class Lookup(nn.Module):
    """Predicts the class that is written in each image's first pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return 5 * nn.functional.one_hot(x[:, 0, 0, 0].long(), 3).float()


def labelled(labels: list[int], guesses: list[int]) -> Batches:
    images = torch.tensor(guesses).float().reshape(-1, 1, 1, 1).expand(-1, 1, 2, 2)
    return Batches(images, torch.tensor(labels), 4)


def judge(labels: list[int], guesses: list[int], **changed: Any) -> ScoreCard:
    arguments: dict[str, Any] = {
        "task": task(test_images=len(labels)),
        "run": RUN,
        "class_names": NAMES,
        "description": "Tiny images.",
        "seed": 3,
    }
    return scorecard.judge(Lookup(), labelled(labels, guesses), **arguments | changed)


# what may be compared


def test_fingerprint_is_the_same_however_the_images_are_cut() -> None:
    data = image_data()
    joined = image_data(
        train_images=torch.cat([data.validation_images, data.train_images]),
        train_labels=torch.cat([data.validation_labels, data.train_labels]),
        validation_images=data.validation_images[:0],
        validation_labels=data.validation_labels[:0],
    )
    assert scorecard.fingerprint(joined) == scorecard.fingerprint(data)
    assert Task.of(joined, Budget.of("60 s")) == Task.of(data, Budget.of("60 s"))


@pytest.mark.parametrize(
    "part", ["train_images", "train_labels", "test_images", "test_labels"]
)
def test_fingerprint_changes_with_one_pixel_or_label(part: str) -> None:
    changed = getattr(image_data(), part).clone()
    changed.view(-1)[-1] = (changed.view(-1)[-1] + 1) % 3
    other = image_data(**{part: changed})
    assert scorecard.fingerprint(other) != scorecard.fingerprint(image_data())


def test_fingerprint_tells_test_images_from_training_images() -> None:
    data = image_data()
    swapped = image_data(
        train_images=data.test_images,
        train_labels=data.test_labels,
        test_images=data.train_images,
        test_labels=data.train_labels,
    )
    assert scorecard.fingerprint(swapped) != scorecard.fingerprint(data)


def record(path: Path, found: Task) -> Path:
    entry = {
        "name": "a linear model",
        "recipe": "plain",
        "parameters": 100,
        "seeds": [0, 1, 2],
        "accuracies": [0.4, 0.41, 0.42],
        "epochs": [3, 3, 4],
        "history": [dataclasses.asdict(RUN.epochs[0])],
        "measured": MEASURED,
    }
    text = {"tasks": [{"task": dataclasses.asdict(found), "baselines": [entry]}]}
    path.write_text(json.dumps(text))
    return path


def test_baselines_of_the_very_task_are_found(tmp_path: Path) -> None:
    path = record(tmp_path / "record.json", task())
    (found,) = scorecard.baselines(task(), path)
    assert found.accuracy == pytest.approx(0.41)
    assert found.spread == pytest.approx(0.01)
    table = scorecard.targets(task(), path)
    assert "41.0% ± 1.0 (n = 3)" in repr(table)
    assert '<th scope="col">Network</th>' in table._repr_html_()


@pytest.mark.parametrize(
    "other",
    [
        {"fingerprint": "f" * 16},
        {"budget": "12 s"},
        {"budget": "full"},
        {"device": "cuda"},
        {"threads": 8},
    ],
)
def test_other_data_budget_or_threads_are_not_compared(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    path = record(tmp_path / "record.json", task(**other))
    assert scorecard.baselines(task(), path) == ()
    said = repr(scorecard.targets(task(), path))
    assert "no fair comparison, so none is made" in said
    assert "tools.record_lab --data drawn --budget '60 s'" in said


def test_missing_record_means_no_comparison(tmp_path: Path) -> None:
    assert scorecard.baselines(task(), tmp_path / "nothing.json") == ()
    (sentence,) = card().comparison([])
    assert sentence.startswith("No baseline was measured on drawn data")


# noise


def test_noise_adds_sampling_and_seeds() -> None:
    other = baseline(0.8, 0.8, 0.8)
    sampling = 2 * (2 * 0.8 * 0.2 / 1000) ** 0.5
    assert noise(0.8, other, 1000, spread=0.0) == pytest.approx(sampling)
    with_seeds = 2 * (2 * 0.8 * 0.2 / 1000 + 0.02**2 * 4 / 3) ** 0.5
    assert noise(0.8, other, 1000, spread=0.02) == pytest.approx(with_seeds)


def test_spread_is_pooled_over_the_baselines() -> None:
    found = [baseline(0.1, 0.2, 0.3), baseline(0.5, 0.5, 0.5)]
    assert pooled_spread(found) == pytest.approx((0.01 / 2) ** 0.5)


def test_small_difference_is_called_noise_and_a_large_one_is_not() -> None:
    found = [
        baseline(0.40, 0.41, 0.42, name="a linear model"),
        baseline(0.79, 0.80, 0.81, name="the same network"),
        baseline(0.94, 0.95, 0.96, name="a better one"),
    ]
    worse, same, better = card(correct=805).comparison(found)
    assert "better by 39.5 points" in worse
    assert "within noise (0.5 points above" in same
    assert "worse by 14.5 points" in better


# judging


def test_judge_counts_every_image() -> None:
    found = judge([0, 0, 1, 1, 2], [0, 1, 1, 1, 0])
    assert found.confusion == ((1, 1, 0), (0, 2, 0), (1, 0, 0))
    assert (found.correct, found.images, found.accuracy) == (3, 5, 0.6)
    assert found.per_class == {"cat": 0.5, "dog": 1.0, "ship": 0.0}
    assert found.interval[0] < 0.6 < found.interval[1]
    assert found.seed == 3
    assert found.parameters == 0
    assert found.machine["torch"] == torch.__version__


def test_class_without_test_images_has_no_accuracy() -> None:
    found = judge([0, 1], [0, 1])
    assert found.per_class["ship"] is None
    assert "no image was mistaken" in repr(found)


def test_part_of_the_test_set_is_refused() -> None:
    with pytest.raises(ValueError, match="hold 2 images, and the test set has 9"):
        judge([0, 1], [0, 1], task=task(test_images=9))


def test_run_with_another_budget_is_refused() -> None:
    short = LabRun(Budget.of("3 s"), RUN.epochs)
    with pytest.raises(ValueError, match="within 3 s, and the task allows 60 s"):
        judge([0], [0], run=short)


def test_run_without_an_epoch_is_refused() -> None:
    with pytest.raises(ValueError, match="0 epochs"):
        judge([0], [0], run=LabRun(Budget.of("60 s"), interrupted=True))


def test_network_with_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="returns 3 logits, and there are 2"):
        judge([0, 1], [0, 1], class_names=("cat", "dog"))


def test_card_says_what_was_confused_and_how_sure_it_is() -> None:
    text = repr(card())
    assert "cat taken for dog, 200 times" in text
    assert "80.0%; with 1,000 test images the truth lies between 77.4%" in text
    assert "used 60.0 s, 1 epoch; seed 0" in text
    assert "interrupted" in repr(card(interrupted=True))
    assert "other programs" not in repr(card())
    assert "1 epoch, as other programs kept" in repr(card(seconds=31.0))
    assert '<th scope="row"' in card()._repr_html_()
