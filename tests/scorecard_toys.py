"""Score cards and tasks for tests, with any entry changed."""

import dataclasses
from typing import Any

from course_utils.budget import Budget
from course_utils.lab import Epoch, LabRun
from course_utils.scorecard import ScoreCard, Task

NAMES = ("cat", "dog", "ship")
RUN = LabRun(Budget.of("60 s"), [Epoch(1, 1.0, 0.5, 30.0)], seconds=60.02)


def task(**changed: Any) -> Task:
    return dataclasses.replace(
        Task("drawn", "0123456789abcdef", 18, 1000, "60 s", "cpu", 2), **changed
    )


def card(correct: int = 800, **changed: Any) -> ScoreCard:
    wrong = 1000 - correct
    found = ScoreCard(
        task=task(),
        description="Tiny images.",
        class_names=NAMES,
        confusion=((correct - 500, wrong, 0), (0, 300, 0), (0, 0, 200)),
        parameters=1234,
        network="Sequential",
        seed=0,
        seconds=60.02,
        interrupted=False,
        history=tuple(RUN.epochs),
        machine={"device": "cpu: a test", "torch": "2"},
        written="2026-01-01T00:00:00+00:00",
    )
    return dataclasses.replace(found, **changed)
