"""Record what transfer is worth as the training set shrinks, for lesson 07.

python -m tools.record_lesson07         # about 20 minutes of one core

Each run is kept as soon as it is done, so that an interrupted recording goes on where
it stopped; a recording of other pictures or weights is begun anew. The recipe is that
of `course_utils.transfer`, with the sizes that stand in the lesson.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import pretrained
from course_utils.drawn import draw_dataset
from course_utils.transfer import Comparison, cached_features

ROOT: Final = Path(__file__).parents[1]
LESSON: Final = ROOT / "lessons" / "07_transfer_learning.py"
RECORDING: Final = ROOT / "data" / "recorded" / "lesson07_shrinking.json"
NETWORK: Final = "squeezenet1_1"
PER_CLASS: Final = (5, 10, 20, 50, 100, 200, 500)
TEST_SIZE: Final = 1000
SEEDS: Final = (0, 1, 2)
# what is compared at every size, and what at two sizes only
EVERYWHERE: Final = ("feature extraction", "fine-tuning", "from scratch")
RECIPES: Final = ("as on the slides", "one rate for all", "gradual unfreezing")
RECIPE_SIZES: Final = (5, 50)
REPEATS: Final = 7

Recording = dict[str, Any]


def picture_size() -> int:
    """Return the side of the pictures as the lesson's parameters say it, in pixels."""
    match = re.search(r"^size = (\d+)", LESSON.read_text("utf-8"), re.MULTILINE)
    if match is None:
        raise ValueError(f"{LESSON} has no line `size = <whole number>`")
    return int(match[1])


def fingerprint(images: Tensor) -> str:
    """Return twelve digits that change when the pictures do."""
    return hashlib.sha256(images.numpy().tobytes()).hexdigest()[:12]


def jobs() -> list[tuple[str, int, int]]:
    """Return (way, pictures a class, seed) of every run, the first seed first."""
    return [
        (way, per_class, seed)
        for seed in SEEDS
        for per_class in PER_CLASS
        for way in (*EVERYWHERE, *(RECIPES if per_class in RECIPE_SIZES else ()))
    ]


def facts(body: pretrained.Body, test_images: Tensor) -> Recording:
    """Return what a recording says of itself."""
    return {
        "network": body.title,
        "weights": body.origin,
        "data": "the drawn world, ten classes",
        "picture_size": test_images.shape[-1],
        "test_pictures": fingerprint(test_images),
        "test_size": len(test_images),
        "per_class": list(PER_CLASS),
        "seeds": list(SEEDS),
    }


def machine() -> Recording:
    """Return where and with what it was measured."""
    return {
        "machine": f"{platform.machine()} processor, one of {os.cpu_count()} cores",
        "torch": torch.__version__.split("+")[0],
        "date": date.today().isoformat(),
    }


def begun(known: Recording) -> Recording:
    """Return the recording so far, or an empty one where its facts are others."""
    if RECORDING.is_file():
        found: Recording = json.loads(RECORDING.read_text("utf-8"))
        if all(found.get(key) == value for key, value in known.items()):
            return found
    return {**known, "seconds": 0.0, "runs": []}


def keep(recording: Recording) -> None:
    """Write the recording; a reader never sees half of it."""
    RECORDING.parent.mkdir(parents=True, exist_ok=True)
    fresh = RECORDING.with_suffix(".part")
    fresh.write_text(json.dumps({**recording, **machine()}, indent=1) + "\n", "utf-8")
    fresh.replace(RECORDING)


def speed_up(body: pretrained.Body, images: Tensor, labels: Tensor) -> Recording:
    """Measure an epoch of training a head, through the body and on kept features."""
    features = cached_features(body, images)
    head = torch.nn.Linear(features.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.SGD(head.parameters(), lr=1e-3)

    def epoch(of: Callable[[Tensor], Tensor]) -> float:
        start = time.perf_counter()
        for chosen in torch.split(torch.arange(len(labels)), 50):
            loss = F.cross_entropy(head(of(chosen)), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return time.perf_counter() - start

    ways = (lambda k: cached_features(body, images[k]), lambda k: features[k])
    for of in ways:
        epoch(of)
    pairs = [tuple(epoch(of) for of in ways) for _ in range(REPEATS)]  # interleaved
    ratios = [through / kept for through, kept in pairs]
    return {
        "images": len(labels),
        "ratios": [round(ratio) for ratio in ratios],
        "median": round(median(ratios)),
    }


def record() -> None:
    """Run what is missing, and write each run as soon as it is done."""
    torch.set_num_threads(1)
    size = picture_size()
    body = pretrained.body(NETWORK)
    train = draw_dataset(10 * max(PER_CLASS), size=size)
    test = draw_dataset(TEST_SIZE, split="test", size=size)
    recording = begun(facts(body, test[0]))
    if "speed_up" not in recording:
        recording["speed_up"] = speed_up(body, test[0][:200], test[1][:200])
    comparison = Comparison(body, train, test)
    done = {(r["way"], r["per_class"], r["seed"]) for r in recording["runs"]}
    for way, per_class, seed in jobs():
        if (way, per_class, seed) in done:
            continue
        start = time.process_time()
        accuracy = round(comparison.accuracy(way, per_class, seed), 4)
        run = {"way": way, "per_class": per_class, "seed": seed, "accuracy": accuracy}
        recording["runs"].append(run)
        recording["seconds"] = round(
            recording["seconds"] + time.process_time() - start, 1
        )
        keep(recording)
        print(f"seed {seed}, {per_class:3} a class, {way}: {accuracy:.1%}", flush=True)


if __name__ == "__main__":
    record()
    print(f"wrote {RECORDING.relative_to(ROOT)}")
