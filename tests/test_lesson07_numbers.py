"""The numbers that lesson 07 states in its prose, its hints and its quiz."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
import torch
from torch import nn
from torchvision import models

from course_utils import pretrained, transfer
from course_utils.drawn import draw_dataset
from course_utils.questions import lesson07 as questions
from course_utils.recorded import recorded
from course_utils.transfer import comparison, fine_tuning
from tests.notebooks import read
from tools import record_lesson07 as recorder

AGAIN = "run `python -m tools.record_lesson07` again"


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    return recorded("lesson07_shrinking")


def accuracies(run: dict[str, Any], way: str, count: int) -> list[float]:
    """Of all seeds."""
    found = [r for r in run["runs"] if (r["way"], r["per_class"]) == (way, count)]
    return [r["accuracy"] for r in found]


def accuracy(run: dict[str, Any], way: str, count: int) -> float:
    """Mean over the seeds."""
    return mean(accuracies(run, way, count))


# the slides


@pytest.mark.parametrize(
    ("build", "features"), [(models.resnet18, 512), (models.resnet50, 2048)]
)
def test_resnets_have_as_many_features_as_the_lesson_says(
    build: Any, features: int
) -> None:
    with torch.device("meta"):
        assert build(weights=None).fc.in_features == features


def test_resnet18_of_11_7_million_trains_5130_with_a_new_head() -> None:
    with torch.device("meta"):
        model = models.resnet18(weights=None).requires_grad_(False)
        before = sum(p.numel() for p in model.parameters())
        model.fc = nn.Linear(512, 10)
    total = sum(p.numel() for p in model.parameters())
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert trained == 512 * 10 + 10 == 5130
    assert round(before / 1e6, 1) == 11.7
    assert trained / total < 0.01 / 20


def test_resnet50_has_two_sets_of_weights_nearly_five_points_apart() -> None:
    first, second = models.ResNet50_Weights
    scores = [w.meta["_metrics"]["ImageNet-1K"]["acc@1"] for w in (first, second)]
    assert 4.5 < scores[1] - scores[0] < 5
    assert first.transforms().resize_size != second.transforms().resize_size


def test_imagenet_runs_from_tench_to_toilet_tissue() -> None:
    classes = models.ResNet50_Weights.DEFAULT.meta["categories"]
    assert (classes[0], classes[-1]) == ("tench", "toilet tissue")


def test_efficientnet_lite0_has_49_batch_norms_and_its_own_statistics() -> None:
    body = pretrained.body("efficientnet_lite0", download=False)
    layers = [m for m in body.features.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(layers) == 49
    assert body.mean == (127 / 255,) * 3
    assert body.std == (128 / 255,) * 3


# the recording


def test_recording_is_of_the_pictures_and_the_recipe_as_they_are(
    run: dict[str, Any],
) -> None:
    size = recorder.picture_size()
    assert run["picture_size"] == size
    images, _ = draw_dataset(recorder.TEST_SIZE, split="test", size=size)
    assert run["test_pictures"] == recorder.fingerprint(images), AGAIN


def test_recording_holds_every_run_once(run: dict[str, Any]) -> None:
    found = [(r["way"], r["per_class"], r["seed"]) for r in run["runs"]]
    assert sorted(found) == sorted(recorder.jobs()), AGAIN
    assert len(run["seeds"]) >= 3


def test_recording_says_where_and_with_what_it_was_made(run: dict[str, Any]) -> None:
    for fact in ("network", "weights", "data", "machine", "torch", "date", "seconds"):
        assert run[fact]
    assert run["seconds"] < 20 * 60


@pytest.mark.parametrize("count", recorder.PER_CLASS)
def test_transfer_beats_training_from_scratch_at_every_size(
    count: int, run: dict[str, Any]
) -> None:
    scratch = accuracy(run, "from scratch", count)
    assert accuracy(run, "feature extraction", count) > scratch + 0.05
    assert accuracy(run, "fine-tuning", count) > scratch + 0.05


@pytest.mark.parametrize("count", recorder.PER_CLASS)
def test_fine_tuning_leads_within_the_error_bars_up_to_20_and_clearly_from_50(
    count: int, run: dict[str, Any]
) -> None:
    kept = accuracies(run, "feature extraction", count)
    tuned = accuracies(run, "fine-tuning", count)
    lead, doubt = mean(tuned) - mean(kept), stdev(tuned) + stdev(kept)
    assert lead > 0
    assert (lead < doubt + 0.005) is (count <= 20)
    assert (lead > 0.05) is (count >= 50) or count == 5


def test_fine_tuning_leads_by_about_ten_points_at_500(run: dict[str, Any]) -> None:
    lead = accuracy(run, "fine-tuning", 500) - accuracy(run, "feature extraction", 500)
    assert lead == pytest.approx(0.1, abs=0.015)


def test_slides_recipe_gains_nothing_and_scatters_with_five_pictures(
    run: dict[str, Any],
) -> None:
    for count in (5, 50):
        gain = accuracy(run, "as on the slides", count)
        assert gain < accuracy(run, "feature extraction", count) + 0.01
    slides = stdev(accuracies(run, "as on the slides", 5))
    assert slides > 2 * stdev(accuracies(run, "feature extraction", 5))


def test_one_large_rate_ends_near_guessing_in_most_runs(run: dict[str, Any]) -> None:
    found = [a for n in (5, 50) for a in accuracies(run, "one rate for all", n)]
    assert sum(a < 0.25 for a in found) > len(found) / 2


def test_gradual_unfreezing_is_no_better_than_a_slow_body(run: dict[str, Any]) -> None:
    for count in (5, 50):
        gradual = accuracy(run, "gradual unfreezing", count)
        assert gradual < accuracy(run, "fine-tuning", count)


def test_slides_recipe_takes_eighty_steps_with_five_pictures_a_class() -> None:
    batches = -(-50 // fine_tuning.BATCH_SIZE)
    assert transfer.epochs_for(5) * batches == 80


def test_from_scratch_needs_ten_times_the_pictures_of_feature_extraction(
    run: dict[str, Any],
) -> None:
    kept = accuracy(run, "feature extraction", 50)
    scratch = [accuracy(run, "from scratch", count) for count in (200, 500)]
    assert scratch[0] < kept < scratch[1]


def test_kept_features_are_ten_times_as_fast_in_every_recorded_round(
    run: dict[str, Any],
) -> None:
    rounds = run["speed_up"]["ratios"]
    assert len(rounds) >= 5
    assert min(rounds) > 10


# the recorder


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording of two runs on a few small pictures."""
    path = tmp_path / "recorded" / "lesson07_shrinking.json"
    for name, value in {
        "RECORDING": path,
        "PER_CLASS": (1,),
        "RECIPE_SIZES": (),
        "EVERYWHERE": ("feature extraction", "from scratch"),
        "SEEDS": (0,),
        "TEST_SIZE": 10,
        "REPEATS": 1,
        "picture_size": lambda: 33,
        "ROOT": tmp_path,
    }.items():
        monkeypatch.setattr(recorder, name, value)
    return path


def test_an_interrupted_recording_goes_on_where_it_stopped(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = comparison.Comparison.accuracy

    def interrupted(self: Any, way: str, per_class: int, seed: int) -> float:
        if way == "from scratch":
            raise KeyboardInterrupt
        return known(self, way, per_class, seed)

    monkeypatch.setattr(comparison.Comparison, "accuracy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        recorder.record()
    (first,) = json.loads(tiny.read_text("utf-8"))["runs"]
    monkeypatch.setattr(comparison.Comparison, "accuracy", known)
    capsys.readouterr()
    recorder.record()
    assert "feature extraction" not in capsys.readouterr().out
    runs = json.loads(tiny.read_text("utf-8"))["runs"]
    assert runs[0] == first
    assert [r["way"] for r in runs] == ["feature extraction", "from scratch"]


def test_a_recording_of_other_pictures_is_begun_anew(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.record()
    monkeypatch.setattr(recorder, "TEST_SIZE", 20)
    recorder.record()
    recording = json.loads(tiny.read_text("utf-8"))
    assert (recording["test_size"], len(recording["runs"])) == (20, 2)


# the lesson and the library


def test_lesson_fine_tunes_as_the_library_does() -> None:
    source = recorder.LESSON.read_text("utf-8")
    few, patience = transfer.epochs_for(5), comparison.SCRATCH_PATIENCE
    assert f"groups, epochs={few})" in source
    assert f"groups, epochs={patience * few})" in source
    rate, factor = comparison.HEAD_RATE, comparison.BODY_FACTOR
    assert (rate, factor, comparison.SCRATCH_RATE) == (3e-3, 0.1, 3e-3)
    assert "discriminative(tuned, rate=3e-3, factor=0.1)" in source
    assert '"params": list(scratch.parameters()), "lr": 3e-3' in source
    assert "pct_start=0.2" in source


@pytest.mark.parametrize("worked", [True, False], ids=["worked", "student"])
def test_every_verdict_in_the_stored_lesson_holds(worked: bool) -> None:
    printed = [
        line
        for cell in read("07", worked).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        for line in output.get("text", "").splitlines()
        if line.endswith((": True", ": False"))
    ]
    assert len(printed) >= 15
    untrue = [line for line in printed if line.endswith(": False")]
    assert untrue == ["weights moved: False"]


# the quiz


def test_quiz_question_on_resnet50() -> None:
    assert questions.trained_in_resnet50(5) == 2048 * 5 + 5 == 10_245
    assert 512 * 5 + 5 == 2565
    assert 2048 * 1000 + 1000 == 2_049_000


def test_quiz_question_on_kept_features() -> None:
    assert questions.times_as_fast(200, 30) == pytest.approx(26.1, abs=0.05)
    assert 30 * 200 == 6000


def test_quiz_question_on_the_rate_next_to_the_picture() -> None:
    rate = questions.rate_of_first_stage(0.01, 0.3, 5)
    assert 1e6 * rate == pytest.approx(24.3)
    assert pytest.approx(81) == 1e6 * 0.01 * 0.3**4
    assert pytest.approx(3000) == 1e6 * 0.01 * 0.3
    assert 0.01 / rate == pytest.approx(411, abs=1)


def test_quiz_answers() -> None:
    answers = [question.correct for question in questions.quiz.questions]
    assert answers[0] == 10_245
    assert answers[1] == "The body's batch norm is in training mode"
    assert answers[4] == "Divide again, by patient"
