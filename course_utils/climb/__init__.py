"""The climb of lesson 05: from the lecture's recipe to a fast one, a change at a time.

>>> from course_utils.climb import CLIMB, train
>>> run = train(CLIMB[0].setup, data, seconds=20)  # doctest: +SKIP
"""

from __future__ import annotations

from course_utils.climb.judging import accuracy, logits
from course_utils.climb.networks import ResidualCNN, build_network
from course_utils.climb.rungs import CLIMB, Rung, rung
from course_utils.climb.running import Mark, Run, train
from course_utils.climb.setup import Setup
from course_utils.climb.speed import Speed, speed
from course_utils.climb.trainer import Trainer

__all__ = [
    "CLIMB",
    "Mark",
    "ResidualCNN",
    "Run",
    "Rung",
    "Setup",
    "Speed",
    "Trainer",
    "accuracy",
    "build_network",
    "logits",
    "rung",
    "speed",
    "train",
]
