"""Data so small that a training takes moments, and a recording made of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch

from course_utils.climb import CLIMB
from course_utils.datasets import ImageData


def tiny_data(train: int = 64, judged: int = 20) -> ImageData:
    """Images of two classes, dark and bright ones, that anything can tell apart."""
    generator = torch.Generator().manual_seed(0)

    def part(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.arange(count) % 2
        noise = torch.randint(0, 100, (count, 3, 32, 32), generator=generator)
        return (noise + 150 * labels[:, None, None, None]).to(torch.uint8), labels

    return ImageData(
        *part(train), *part(judged), *part(judged), ("dark", "bright"), "drawn", "tiny"
    )


def slot(
    rates: dict[str, float] | None = None, accuracies: dict[str, float] | None = None
) -> dict[str, Any]:
    """A recording's slot: 100 images a second and 0.5 right, but for the given."""
    rates, accuracies = rates or {}, accuracies or {}
    rungs = []
    for rung in CLIMB:
        marks = [[20.0, 1000, 1.0, accuracies.get(rung.name, 0.5)]]
        rungs.append(
            {
                **asdict(rung),
                "first_call": 0.1,
                "images_per_second": [rates.get(rung.name, 100.0)] * 3,
                "runs": [{"marks": marks, "test_accuracy": 0.5}] * 3,
            }
        )
    return {"rungs": rungs, "seconds": 20.0, "seeds": 3}
