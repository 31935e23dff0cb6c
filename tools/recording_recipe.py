"""The race of recipes by the clock: the lecture's, the same tuned, the fast one.

Three recipes, each with its best number of threads and on its own, by the clock:

- the lecture's, for ten minutes, judged on the way;
- the lecture's own network with a tuned recipe, for some short times;
- the fast recipe of lesson 05, whose cells are read from the lesson's source.

All learn from the same images; whatever was chosen was chosen on validation images,
and the test images judge the end of each run, once.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterable
from functools import partial as partial_call
from itertools import product
from pathlib import Path
from typing import Any, Final

import jupytext
import torch

from course_utils.climb import Setup, train
from course_utils.datasets import ImageData
from course_utils.training import set_seed
from tools.building.project import ROOT
from tools.recording_slots import Partial, Slot, circumstances

LESSON: Final = ROOT / "lessons" / "05_gpu_training.py"
PIECES: Final = (
    "whitening",
    "block",
    "FastNetwork",
    "endless_batches",
    "sgd_for",
    "fast_recipe",
    "accuracy_with_mirrors",
)
LECTURE_SECONDS: Final = 600
LECTURE_MARKS: Final = 40
LECTURE_EPOCHS: Final = 6
TUNED_SECONDS: Final = (4, 6, 8, 10, 15, 30)
TUNED: Final = Setup(
    loader="memory",
    batch_size=128,
    learning_rate=0.05,
    channels_last=True,
    schedule="triangular",
)
# seconds of training, and the widths of the network that suit them
BUDGETS: Final[dict[int, tuple[int, int, int]]] = {
    60: (32, 64, 128),
    180: (32, 64, 128),
    600: (64, 128, 128),
}


def pieces_of(lesson: Path = LESSON) -> dict[str, Any]:
    """Return what the lesson's fast recipe is made of, by name.

    Raises:
        ValueError: If a piece is missing from the lesson.
    """
    imports: list[ast.stmt] = []
    wanted: list[ast.stmt] = []
    for cell in jupytext.read(lesson).cells:
        for node in ast.parse(cell.source).body if cell.cell_type == "code" else []:
            if isinstance(node, ast.Import | ast.ImportFrom):
                imports.append(node)
            elif getattr(node, "name", None) in PIECES:
                wanted.append(node)
    found = {getattr(node, "name", "") for node in wanted}
    if missing := [name for name in PIECES if name not in found]:
        raise ValueError(f"{lesson} does not define {', '.join(missing)}")
    names: dict[str, Any] = {}
    module = ast.Module([*imports, *wanted], type_ignores=[])
    exec(compile(module, str(lesson), "exec"), names)
    return {name: names[name] for name in PIECES}


def measure(data: ImageData, device: str, *, seeds: int = 3) -> Slot:
    """Run the race; what was measured before an interruption is not repeated.

    Returns:
        The slot of the recording: `lecture`, `tuned` and `fast`, lists of runs.
    """
    facts = circumstances(device, data) | {"seeds": seeds}
    partial = Partial("recipe", {**facts, "device": device})
    threads = facts["threads"]

    def once(key: str, run: Callable[[], dict[str, Any]]) -> None:
        if key not in partial:
            partial.keep({key: run()})
            shown = {k: v for k, v in partial[key].items() if k != "curve"}
            print(f"{key}: {shown}", flush=True)

    keys: dict[str, list[str]] = {"lecture": [], "tuned": [], "fast": []}
    for seed in range(seeds):
        slow = f"lecture, seed {seed}"
        once(slow, partial_call(lecture_run, data, seed, device))
        keys["lecture"].append(slow)
    # the first training of a process loads what later ones find loaded
    train(TUNED, data, seconds=2, marks=1, device=device)
    quick: tuple[tuple[str, Iterable[int], Callable[..., Slot]], ...] = (
        ("tuned", TUNED_SECONDS, tuned_run),
        ("fast", BUDGETS, fast_run),
    )
    for name, budgets, run in quick:
        for seconds, seed in product(budgets, range(seeds)):
            key = f"{name}, {seconds} s, seed {seed}"
            once(key, partial_call(run, data, seed, seconds, threads, device))
            keys[name].append(key)
    slot = facts | {what: [partial[key] for key in of] for what, of in keys.items()}
    partial.done()
    return slot


def lecture_run(data: ImageData, seed: int, device: str = "cpu") -> Slot:
    """Train by the lecture's recipe for ten minutes.

    Returns:
        The marks (seconds, images, validation accuracy), the test accuracy at the end,
        and when and how well the sixth epoch ended.
    """
    # mini-batches of four leave nothing to share: a second thread makes it slower
    torch.set_num_threads(1)
    run = train(
        Setup(),
        data,
        seconds=LECTURE_SECONDS,
        marks=LECTURE_MARKS,
        seed=seed,
        device=device,
    )
    six = LECTURE_EPOCHS * len(data.train_labels)
    sixth = next((mark for mark in run.marks if mark.images >= six), run.marks[-1])
    return {
        "seed": seed,
        "threads": 1,
        "curve": [[round(m.seconds, 1), m.images, m.accuracy] for m in run.marks],
        "test_accuracy": run.test_accuracy,
        "six_epochs": {
            "seconds": round(sixth.seconds * six / sixth.images, 1),
            "validation_accuracy": sixth.accuracy,
        },
    }


def tuned_run(
    data: ImageData, seed: int, seconds: int, threads: int, device: str = "cpu"
) -> Slot:
    """Train the lecture's network by the tuned recipe for a given time."""
    torch.set_num_threads(threads)
    run = train(TUNED, data, seconds=seconds, marks=1, seed=seed, device=device)
    return {
        "seed": seed,
        "threads": threads,
        "seconds": seconds,
        "epochs": round(run.marks[-1].images / len(data.train_labels), 2),
        "validation_accuracy": run.marks[-1].accuracy,
        "test_accuracy": run.test_accuracy,
    }


def fast_run(
    data: ImageData,
    seed: int,
    seconds: int,
    threads: int,
    device: str = "cpu",
) -> Slot:
    """Train by the lesson's fast recipe for one of the budgets."""
    recipe = pieces_of()
    set_seed(seed, threads=threads)
    start = time.perf_counter()
    model = recipe["fast_recipe"](
        data, seconds, widths=BUDGETS[seconds], device=device, dtype=torch.bfloat16
    )
    spent = time.perf_counter() - start
    judge = recipe["accuracy_with_mirrors"]
    return {
        "seed": seed,
        "threads": threads,
        "seconds": seconds,
        "seconds_with_preparation": round(spent, 1),
        "widths": BUDGETS[seconds],
        "parameters": sum(p.numel() for p in model.parameters()),
        "validation_accuracy": judge(
            model, data.validation_images, data.validation_labels, data
        ),
        "test_accuracy": judge(model, data.test_images, data.test_labels, data),
    }
