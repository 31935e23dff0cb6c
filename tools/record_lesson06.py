"""Record the trainings that lesson 06 shows and has no time for.

The networks and the training loop are the lesson's own: they are read from its cells.
Every run is kept as soon as it is done, so that an interrupted recording goes on where
it stopped::

    python -m tools.record_lesson06
"""

from __future__ import annotations

import ast
import datetime
import json
import os
import platform
from collections.abc import Callable, Iterable
from math import isfinite
from pathlib import Path
from typing import Any, Final

import jupytext
import torch
from torch import Tensor

from tools import recording_code

ROOT: Final = Path(__file__).parents[1]
LESSON: Final = ROOT / "lessons" / "06_architectures.py"
RECORDED: Final = ROOT / "data" / "recorded"
KEPT: Final = ROOT / "build" / "record_lesson06"
BEFORE: Final = ("epochs", "plots")  # the cells of parameters and of imports
RECIPE: Final = ("order", "digits_at", "train_digits", "lenet5", "unit", "Pair")

LENET_SEEDS: Final = 5
LENET_RATE: Final = 0.1
NORMS: Final = ("nothing", "LRN", "batch norm")
RATES: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SCALES: Final = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, 16.0)
SCALE_RATE: Final = 0.03
NORM_EPOCHS: Final = 4
NORM_SEEDS: Final = 3
DEPTHS: Final = (10, 20, 40, 80)
DEPTH_EPOCHS: Final = 6
DEPTH_RATE: Final = 0.05
DEPTH_SEEDS: Final = 3
OTHER_DEPTH: Final = 40
OTHER_RATES: Final = (0.003, 0.01, 0.05, 0.2, 0.5)


def lesson_cells(*names: str) -> list[str]:
    """Return the sources of the lesson's cells that define one of the names."""
    cells = jupytext.read(LESSON).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    wanted = [source for source in sources if _defined(source) & set(names)]
    missing = set(names) - set().union(*map(_defined, wanted))
    if missing:
        raise ValueError(f"no cell of {LESSON.name} defines {', '.join(missing)}")
    return wanted


def _defined(source: str) -> set[str]:
    """Return what a cell imports, assigns, or defines at its top level."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            names = (n for target in node.targets for n in ast.walk(target))
            found |= {n.id for n in names if isinstance(n, ast.Name)}
    return found


def fingerprint() -> str:
    """Return twelve digits that change when what the trainings run changes."""
    return recording_code.fingerprint(map(ast.parse, lesson_cells(*RECIPE)))


class Recorder:
    """Runs trainings with the lesson's code and keeps each result.

    Attributes:
        lesson: What the lesson's cells define.
    """

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self.lesson: dict[str, Any] = {}
        for source in lesson_cells(*BEFORE, *RECIPE):
            exec(compile(source, str(LESSON), "exec"), self.lesson)
        self.file = KEPT / f"{fingerprint()}.json"
        self.results: dict[str, Any] = {}
        if self.file.exists():
            self.results = json.loads(self.file.read_text("utf-8"))

    def once(self, name: str, seed: int, run: Callable[[], Any]) -> Any:
        """Return a run's result, from the last recording if it was done there."""
        key = f"{name}, seed {seed}"
        if key not in self.results:
            torch.manual_seed(seed)
            self.results[key] = run()
            print(key, self.results[key], flush=True)
            KEPT.mkdir(parents=True, exist_ok=True)
            self.file.write_text(json.dumps(self.results, indent=1), "utf-8")
        return self.results[key]

    def trained(
        self, network: Callable[[], Any], side: int, epochs: int, learning_rate: float
    ) -> tuple[float | None, float]:
        """Train once; return training loss (None if not finite) and accuracy."""
        images = self.lesson["digits_at"](side)
        history = self.lesson["train_digits"](network(), images, epochs, learning_rate)
        loss, share = history[-1]
        return (round(loss, 4) if isfinite(loss) else None), round(share, 4)


def record_lenet(recorder: Recorder) -> dict[str, Any]:
    """Train LeNet-5 on some hands and test it on others; then on a careless split."""
    lesson, epochs = recorder.lesson, recorder.lesson["epochs"]
    careful = {name: lesson[name] for name in ("train", "val", "test")}
    generator = torch.Generator().manual_seed(0)
    everyone = torch.randperm(len(lesson["labels"]), generator=generator)
    parts = {
        "train": everyone[:1000],
        "val": everyone[1000:1297],
        "test": everyone[1297:],
    }
    known = parts["test"]
    # of the careless split, the digits of those people whom the careful one keeps back
    same_people = known[known >= careful["test"].min()]
    accuracies = {}
    for name, split, tested in (
        ("other hands", careful, careful["test"]),
        ("known hands", parts, known),
        ("known, same people", parts, same_people),
    ):
        lesson.update(split)
        accuracies[name] = [
            recorder.once(
                f"LeNet-5, {epochs} epochs, {name}",
                seed,
                lambda tested=tested: _lenet_accuracy(lesson, tested),  # type: ignore[misc]
            )
            for seed in range(LENET_SEEDS)
        ]
    lesson.update(careful)
    return _described(
        LENET_SEEDS,
        epochs,
        accuracies=accuracies,
        tested={
            "other hands": len(careful["test"]),
            "known hands": len(known),
            "known, same people": len(same_people),
        },
    )


def _lenet_accuracy(lesson: dict[str, Any], tested: Tensor) -> float:
    images, model = lesson["digits_at"](32), lesson["lenet5"]()
    lesson["train_digits"](model, images, lesson["epochs"], LENET_RATE)
    share: float = lesson["accuracy"](model, images, tested)
    return round(share, 4)


def record_norms(recorder: Recorder) -> dict[str, Any]:
    """Train stacks over a range of learning rates and of initial weights."""
    stack = recorder.lesson["stack"]

    def accuracy(norm: str, rate: float, scale: float, seed: int) -> float:
        name = (
            f"{norm}, {NORM_EPOCHS} epochs, learning rate {rate:g}, weights x {scale:g}"
        )
        shares: tuple[Any, float] = recorder.once(
            name,
            seed,
            lambda: recorder.trained(
                lambda: stack(5, norm, scale), 8, NORM_EPOCHS, rate
            ),
        )
        return shares[1]

    def sweep(points: Iterable[tuple[float, float]]) -> dict[str, list[list[float]]]:
        seeds = range(NORM_SEEDS)
        return {
            norm: [[accuracy(norm, *point, seed) for seed in seeds] for point in points]
            for norm in NORMS
        }

    return _described(
        NORM_SEEDS,
        NORM_EPOCHS,
        **{
            "learning rate": {
                "values": RATES,
                "accuracies": sweep([(rate, 1.0) for rate in RATES]),
            },
            "initial weights": {
                "values": SCALES,
                "learning_rate": SCALE_RATE,
                "accuracies": sweep([(SCALE_RATE, scale) for scale in SCALES]),
            },
        },
    )


def record_depth(recorder: Recorder) -> dict[str, Any]:
    """Train plain networks and networks with skips, from shallow to deep."""
    pairs = recorder.lesson["pairs"]

    def ends(skip: bool, depth: int, rate: float) -> list[tuple[float, float]]:
        name = "with skips" if skip else "plain"
        return [
            recorder.once(
                f"{name}, {depth} layers, {DEPTH_EPOCHS} epochs, rate {rate:g}",
                seed,
                lambda: recorder.trained(
                    lambda: pairs(depth, skip), 8, DEPTH_EPOCHS, rate
                ),
            )
            for seed in range(DEPTH_SEEDS)
        ]

    kinds = {"plain": False, "with skips": True}
    found = {
        kind: [ends(skip, depth, DEPTH_RATE) for depth in DEPTHS]
        for kind, skip in kinds.items()
    }
    return _described(
        DEPTH_SEEDS,
        DEPTH_EPOCHS,
        learning_rate=DEPTH_RATE,
        depths=DEPTHS,
        losses={k: [[loss for loss, _ in row] for row in v] for k, v in found.items()},
        accuracies={k: [[a for _, a in row] for row in v] for k, v in found.items()},
        plain_at_other_rates={
            "depth": OTHER_DEPTH,
            "values": OTHER_RATES,
            "losses": [
                [loss for loss, _ in ends(False, OTHER_DEPTH, rate)]
                for rate in OTHER_RATES
            ],
        },
    )


def _described(n: int, epochs: int, **results: Any) -> dict[str, Any]:
    return {
        "code": fingerprint(),
        "data": "scikit-learn's digits, 1000 for training",
        "n": n,
        "epochs": epochs,
        "machine": f"{platform.machine()} processor, one of {os.cpu_count()} cores, "
        f"torch {torch.__version__.split('+')[0]}",
        "date": datetime.date.today().isoformat(),
        **results,
    }


def main() -> None:
    """Record what is missing, and write the three files."""
    recorder = Recorder()
    for name, record in (
        ("lesson06_lenet", record_lenet),
        ("lesson06_depth", record_depth),
        ("lesson06_norms", record_norms),
    ):
        path = RECORDED / f"{name}.json"
        path.write_text(json.dumps(record(recorder), indent=2) + "\n", "utf-8")
        print(f"wrote {path.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    main()
