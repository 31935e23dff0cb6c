"""Measures the baselines of the lab's score card, several seeds each.

    python -m tools.record_lab --budget "60 s"

One run measures one task: these data, this budget, this machine. It takes the number
of seeds times four budgets, and longer where the machine has other things to do. The
results replace earlier ones of the same task in `data/recorded/lab_baselines.json`.
The worked solution is the one in `lessons/11_lab_cifar10.py` itself.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.optim import SGD

from course_utils import scorecard
from course_utils.budget import Budget
from course_utils.datasets import ImageData, load_cifar10
from course_utils.lab import Batches, LabRun, constant, train_within
from course_utils.networks import LectureCNN
from course_utils.scorecard.card import machine
from course_utils.training import set_seed
from tools.building.project import ROOT

LESSON: Final = ROOT / "lessons" / "11_lab_cifar10.py"
RECORD: Final = ROOT / "data" / "recorded" / "lab_baselines.json"
PATIENCE: Final = 20.0  # times the budget, on a busy machine
ABOUT: Final = (
    "Baselines of the lab's score card, measured by tools/record_lab.py. Accuracies "
    "are of the test set; seconds in a history are since the start of the run."
)


@dataclass(frozen=True)
class Entry:
    """A network and how it is trained."""

    name: str
    recipe: str
    build: Callable[[], nn.Module]
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    nesterov: bool = False
    schedule: Callable[[float], float] = constant
    augment: Callable[[Tensor], Tensor] | None = None
    half_precision: bool = False


def worked_lesson(path: Path = LESSON) -> dict[str, Any]:
    """Return what the worked lesson defines, without training anything.

    Imports, functions, constants and the recipe's settings are taken; every other
    statement of the lesson is left out.
    """
    tree = ast.parse(path.read_text("utf-8"))
    kept = ast.Module([node for node in tree.body if _defines(node)], type_ignores=[])
    names: dict[str, Any] = {"__name__": path.stem}
    exec(compile(kept, str(path), "exec"), names)
    return names


def _defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef):
        return True
    if isinstance(node, ast.Assign):
        recipe = ast.unparse(node.targets[0]) == "settings"
        return recipe or isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith(
        "settings.update("
    )


def entries(lesson: dict[str, Any]) -> tuple[Entry, ...]:
    """Return the four baselines, from the simplest to the worked solution."""
    settings = lesson["settings"]
    triangle, augment = lesson["schedule"], lesson["augment"]
    precision = "bf16" if settings["half_precision"] else "fp32"
    return (
        Entry(
            "a linear model",
            "batch 128, Nesterov SGD, peak 0.01, triangle",
            lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10)),
            batch_size=128,
            learning_rate=0.01,
            nesterov=True,
            schedule=triangle,
        ),
        Entry(
            "the lecture's CNN",
            "the lecture's: batch 4, SGD 0.001, momentum 0.9",
            LectureCNN,
            batch_size=4,
            learning_rate=0.001,
        ),
        Entry(
            "the lecture's CNN, tuned",
            "batch 128, Nesterov SGD, peak 0.05, triangle, decay 5e-4, flip and shift",
            lambda: LectureCNN().to(memory_format=torch.channels_last),
            batch_size=128,
            learning_rate=0.05,
            weight_decay=5e-4,
            nesterov=True,
            schedule=triangle,
            augment=augment,
        ),
        Entry(
            "the worked solution",
            f"batch {settings['batch_size']}, Nesterov SGD, peak "
            f"{settings['learning_rate']:g}, triangle, decay "
            f"{settings['weight_decay']:g}, flip and shift, {precision}",
            lesson["build_model"],
            batch_size=settings["batch_size"],
            learning_rate=settings["learning_rate"],
            weight_decay=settings["weight_decay"],
            nesterov=True,
            schedule=triangle,
            augment=settings["augment"],
            half_precision=settings["half_precision"],
        ),
    )


def train(
    entry: Entry, data: ImageData, budget: Budget, seed: int, lesson: dict[str, Any]
) -> tuple[LabRun, nn.Module, Tensor]:
    """Train one baseline with one seed.

    Returns:
        The run, the model with its best weights, and the test images, normalised.
    """
    labels = data.train_labels
    (images, labels), (val_images, val_labels), test_images = lesson["prepare"](
        data.train_images, labels, data.test_images, len(labels) // 10, seed
    )
    set_seed(seed)
    model = entry.build()
    optimizer = SGD(
        model.parameters(),
        lr=entry.learning_rate,
        momentum=0.9,
        nesterov=entry.nesterov,
        weight_decay=entry.weight_decay,
    )
    # no cache: it would keep the first batch's weights for the whole run
    with torch.autocast(
        "cpu", torch.bfloat16, entry.half_precision, cache_enabled=False
    ):
        run = train_within(
            budget,
            model,
            Batches(
                images,
                labels,
                entry.batch_size,
                shuffle=True,
                augment=entry.augment,
            ),
            Batches(val_images, val_labels, 500),
            optimizer,
            train_epoch=lesson["train_epoch"],
            evaluate=lesson["evaluate"],
            schedule=entry.schedule,
            patience=PATIENCE,
            quiet=True,
        )
    return run, model, test_images


def measure(
    entry: Entry,
    data: ImageData,
    budget: Budget,
    seeds: Sequence[int],
    lesson: dict[str, Any],
) -> dict[str, Any]:
    """Train one baseline with every seed, and return its record."""
    task = scorecard.Task.of(data, budget)
    runs, accuracies = [], []
    for seed in seeds:
        run, model, test_images = train(entry, data, budget, seed, lesson)
        card = scorecard.judge(
            model,
            Batches(test_images, data.test_labels, batch_size=500),
            task=task,
            run=run,
            class_names=data.class_names,
            description=data.description,
            seed=seed,
        )
        runs.append(run)
        accuracies.append(round(card.accuracy, 6))
        print(f"  {entry.name}, seed {seed}: {card.accuracy:.1%}; {run}", flush=True)
    return {
        "name": entry.name,
        "recipe": entry.recipe,
        "parameters": card.parameters,
        "seeds": list(seeds),
        "accuracies": accuracies,
        "epochs": [len(run.epochs) for run in runs],
        "history": [_rounded(asdict(epoch)) for epoch in _thinned(runs[0].epochs)],
        "measured": machine() | {"date": datetime.now(UTC).date().isoformat()},
    }


def _thinned(epochs: Sequence[Any], most: int = 60) -> Sequence[Any]:
    """Every n-th epoch, so that the record stays small; the last one included."""
    step = -(-len(epochs) // most)
    return epochs[::-step][::-1]


def _rounded(epoch: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in epoch.items()}


def keep(task: scorecard.Task, found: list[dict[str, Any]], path: Path) -> None:
    """Put the results of a task into the record, in the place of its earlier ones.

    Results of the same source, budget and machine kind with another fingerprint go
    too: nobody has those images any more.
    """
    others = [
        entry
        for entry in scorecard.baselines_on_record(path)
        if not _same_but_fingerprint(entry["task"], asdict(task))
    ]
    tasks = [*others, {"task": asdict(task), "baselines": found}]
    tasks.sort(key=lambda entry: (entry["task"]["source"], entry["task"]["budget"]))
    text = json.dumps({"about": ABOUT, "tasks": tasks}, indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".lab-", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    Path(name).chmod(0o644)  # mkstemp lets nobody else read
    Path(name).replace(path)


def _same_but_fingerprint(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[k] == other[k] for k in ("source", "budget", "device", "threads"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the baselines of one task and keep them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="drawn", help="as for load_cifar10")
    parser.add_argument("--budget", default="60 s", help="'60 s', or 'full'")
    parser.add_argument("--seeds", type=int, default=3, help="how many; at least 3")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--record", type=Path, default=RECORD)
    chosen = parser.parse_args(arguments)
    if chosen.seeds < 3:
        parser.error(f"--seeds is {chosen.seeds}; a spread needs at least 3")
    set_seed(0, threads=chosen.threads)
    data = load_cifar10(chosen.data, validation_size=0)
    budget = Budget.of(chosen.budget)
    task = scorecard.Task.of(data, budget)
    print(task)
    lesson = worked_lesson()
    seeds = range(chosen.seeds)
    found = [measure(e, data, budget, seeds, lesson) for e in entries(lesson)]
    keep(task, found, chosen.record)


def _with_sleeping_threads() -> None:
    """Start again with threads that sleep while they wait, as in the lesson."""
    if "OMP_WAIT_POLICY" not in os.environ:
        command = [sys.executable, "-m", "tools.record_lab", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "OMP_WAIT_POLICY": "passive"})


if __name__ == "__main__":
    _with_sleeping_threads()
    main()
