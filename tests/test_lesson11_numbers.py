"""Numbers and claims in the text of lesson 11, and in the record of its baselines."""

import json
from typing import Any

import pytest
import torch
from torch import nn

from course_utils import scorecard
from course_utils.budget import FULL_EPOCHS, Budget
from course_utils.checks import lesson11 as checks
from course_utils.checks.lesson11_model import MAX_PARAMETERS
from course_utils.checks.result import Verdict
from course_utils.networks import LectureCNN
from course_utils.scorecard import Baseline, Task
from course_utils.scorecard.baselines import noise, pooled_spread
from tools.record_lab import LESSON, RECORD, worked_lesson

STAGES = (
    "prepare",
    "build_model",
    "train_epoch",
    "evaluate",
    "augment",
    "schedule",
)


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    return worked_lesson()


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


# the text


def test_budgets_named_in_the_text_can_be_read(lesson: dict[str, Any]) -> None:
    assert Budget.of(lesson["budget"]).seconds == 12
    assert Budget.of("60 s").seconds == 60
    assert Budget.of("full").epochs == FULL_EPOCHS == 40


def test_limit_is_the_million_of_the_rules() -> None:
    assert MAX_PARAMETERS == 1_000_000


def test_convolution_at_32_costs_four_times_one_at_16() -> None:
    outputs = [
        nn.Conv2d(3, 8, kernel_size=3, padding=1)(torch.zeros(1, 3, size, size)).numel()
        for size in (32, 16)
    ]
    assert outputs[0] == 4 * outputs[1]


def test_moves_by_at_most_two_pixels_have_25_corners() -> None:
    padded = torch.zeros(1, 1, 36, 36).unfold(2, 32, 1).unfold(3, 32, 1)
    assert padded.shape[2] * padded.shape[3] == 25


def test_lectures_network_holds_most_weights_in_its_first_linear_layer() -> None:
    model = LectureCNN()
    assert parameters(model.fc1) > parameters(model) / 2


# the worked solution


@pytest.mark.parametrize("stage", STAGES)
def test_worked_stage_passes_its_check(lesson: dict[str, Any], stage: str) -> None:
    result = getattr(checks, f"check_{stage}")(lesson[stage])
    assert result.verdict is Verdict.PASS, result


def test_shapes_in_the_comments_of_the_worked_network(lesson: dict[str, Any]) -> None:
    shapes, x = [], torch.zeros(2, 3, 32, 32)
    for layer in lesson["build_model"]():
        x = layer(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes[0] == (24, 16, 16)
    assert shapes[2] == (24, 8, 8)
    assert shapes[5] == (48, 4, 4)
    assert shapes[-2:] == [(96,), (10,)]
    assert 96 * 4 * 4 == 1536


def test_peak_learning_rate_is_a_hundred_times_the_lectures(
    lesson: dict[str, Any],
) -> None:
    assert lesson["settings"]["learning_rate"] == pytest.approx(100 * 1e-3)


def test_stubs_of_the_notebook_say_what_is_missing() -> None:
    text = LESSON.read_text("utf-8")
    for stage in STAGES:
        assert f"def {stage}(" in text
        assert f"checks.check_{stage}({stage})" in text


# the record


TASKS = scorecard.baselines_on_record(RECORD)
every_task = pytest.mark.parametrize(
    "task", [Task(**t["task"]) for t in TASKS], ids=[t["task"]["budget"] for t in TASKS]
)


def test_both_budgets_of_the_lesson_are_on_record(lesson: dict[str, Any]) -> None:
    recorded = {(t["task"]["source"], t["task"]["budget"]) for t in TASKS}
    assert recorded >= {("drawn", lesson["budget"]), ("drawn", "60 s")}
    assert all(t["task"]["threads"] == lesson["threads"] for t in TASKS)


@every_task
def test_baseline_has_seeds_machine_and_date(task: Task) -> None:
    found = scorecard.baselines(task)
    assert [b.name for b in found] == [
        "a linear model",
        "the lecture's CNN",
        "the lecture's CNN, tuned",
        "the worked solution",
    ]
    for baseline in found:
        assert len(baseline.accuracies) >= 3
        assert {"device", "python", "torch", "date"} <= set(baseline.measured)
        assert baseline.history[-1].seconds <= 1.5 * (
            Budget.of(task.budget).seconds or 1e9
        )
    assert found[-1].parameters == parameters(worked_lesson()["build_model"]())


def clearly_better(
    better: Baseline, worse: Baseline, task: Task, spread: float
) -> bool:
    gap = better.accuracy - worse.accuracy
    return gap > noise(better.accuracy, worse, task.test_images, spread)


@every_task
def test_baselines_stand_in_the_order_that_the_figure_names(task: Task) -> None:
    found = scorecard.baselines(task)
    spread = pooled_spread(found)
    linear, lecture, tuned, solution = found
    assert clearly_better(solution, tuned, task, spread)
    assert clearly_better(tuned, linear, task, spread)
    assert clearly_better(tuned, lecture, task, spread)
    ends = [baseline.history[-1].val_accuracy for baseline in found]
    assert ends[3] > ends[2] > max(ends[:2])


def test_record_is_plain_and_names_its_maker() -> None:
    text = RECORD.read_text("utf-8")
    assert "tools/record_lab.py" in json.loads(text)["about"]
    assert len(text) < 300_000
