"""Record how far the test accuracy of lesson 04 scatters over seeds.

python -m tools.record_lesson04         # five seeds, about two minutes on one core

The recipe is the lesson's: its parameters are read from its source. Run it again when
the drawn world or the recipe changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_utils.datasets import ImageData, ImageLoader, load_cifar10, normalisation
from course_utils.networks import LectureCNN
from course_utils.training import evaluate, fit, set_seed

ROOT = Path(__file__).parents[1]
LESSON = ROOT / "lessons" / "04_cifar10_cnn.py"
RECORDING = ROOT / "data" / "recorded" / "lesson04_seeds.json"
SEEDS = 5
LEARNING_RATE = 1e-2
MOMENTUM = 0.9
BATCH_SIZE = 32


def lesson_parameter(name: str) -> int:
    """Return a whole number from the lesson's cell of parameters."""
    match = re.search(rf"^{name} = ([\d_]+)", LESSON.read_text("utf-8"), re.MULTILINE)
    if match is None:
        raise ValueError(f"{LESSON} has no line `{name} = <whole number>`")
    return int(match[1])


def fingerprint(images: Tensor) -> str:
    """Return twelve digits that change when the pictures do."""
    return hashlib.sha256(images.numpy().tobytes()).hexdigest()[:12]


def train(data: ImageData, seed: int, epochs: int) -> float:
    """Train the lecture's network as lesson 04 does; return its test accuracy."""
    set_seed(seed, threads=1)
    mean, std = normalisation(data.train_images)
    train_loader, val_loader, test_loader = (
        ImageLoader(
            images,
            labels,
            size,
            shuffle=size == BATCH_SIZE,
            mean=mean,
            std=std,
            seed=seed,
        )
        for images, labels, size in (
            (data.train_images, data.train_labels, BATCH_SIZE),
            (data.validation_images, data.validation_labels, 500),
            (data.test_images, data.test_labels, 500),
        )
    )
    model = LectureCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    fit(model, train_loader, val_loader, epochs=epochs, optimizer=optimizer, quiet=True)
    return evaluate(model, test_loader).accuracy


def record() -> dict[str, Any]:
    """Train once for each seed; return what is to be stored."""
    epochs, train_size = lesson_parameter("epochs"), lesson_parameter("train_size")
    data = load_cifar10("drawn", train_size=train_size)
    accuracies = []
    for seed in range(SEEDS):
        accuracies.append(train(data, seed, epochs))
        print(f"seed {seed}: test accuracy {accuracies[-1]:.1%}")
    return {
        "data": "the drawn world",
        "test_pictures": fingerprint(data.test_images),
        "train_size": train_size,
        "test_size": len(data.test_labels),
        "epochs": epochs,
        "learning_rate": LEARNING_RATE,
        "momentum": MOMENTUM,
        "batch_size": BATCH_SIZE,
        "machine": f"{platform.machine()} processor, one of {os.cpu_count()} cores, "
        f"torch {torch.__version__.split('+')[0]}",
        "seeds": list(range(SEEDS)),
        "test_accuracies": [round(accuracy, 4) for accuracy in accuracies],
    }


if __name__ == "__main__":
    RECORDING.parent.mkdir(parents=True, exist_ok=True)
    RECORDING.write_text(json.dumps(record(), indent=2) + "\n", "utf-8")
    print(f"wrote {RECORDING.relative_to(ROOT)}")
