"""Train the workbook's detector on drawn scenes, from SqueezeNet's ImageNet weights.

    python -m tools.train_detector             about 25 minutes of one core, then ships
    python -m tools.train_detector --steps 20  a try: ships nothing

The network is a Mask R-CNN; without its mask branch it is lesson 08's Faster R-CNN. No
scene is seen twice: they are drawn as they are needed. Interrupt it when you like: the
next call goes on from the last checkpoint, and the result is the same.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.models.detection import MaskRCNN

from course_utils import pretrained
from course_utils.assets import cache_folder
from course_utils.drawn import draw_scene
from course_utils.pretrained.own_detector import as_target, build_detector
from course_utils.training import set_seed
from tools.ship_weights import ship

SEED: Final = 0
STEPS: Final = 3000
BATCH_SIZE: Final = 8
LEARNING_RATE: Final = 8e-4  # of all that is new; the body learns at a third of it
WARM_UP: Final = 100  # steps
WEIGHT_DECAY: Final = 1e-2
LARGEST_GRADIENT: Final = 5.0  # norm; the first steps of the mask branch are wild
FROZEN: Final = 3  # layers of the body that keep their ImageNet weights
EVERY: Final = 500  # steps between two looks at the validation scenes
VALIDATION: Final = 200  # scenes
TEST: Final = 500
MOST_LOST: Final = 0.005  # of AP, by storing 16 bits

Target = dict[str, Tensor]


@dataclass
class Run:
    """A network in training and all that its next step depends on."""

    model: MaskRCNN
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    step: int = 0
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        """Write a checkpoint; the old one stays until the new one is whole."""
        kept: dict[str, Any] = {"step": self.step, "seconds": self.seconds}
        kept |= {name: getattr(self, name).state_dict() for name in _MODULES}
        part = path.with_suffix(".part")
        torch.save(kept, part)
        part.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        kept: dict[str, Any] = torch.load(path, weights_only=True)
        self.step, self.seconds = kept["step"], kept["seconds"]
        for name in _MODULES:
            getattr(self, name).load_state_dict(kept[name])


_MODULES: Final = ("model", "optimizer", "scheduler")


def new_run(steps: int) -> tuple[Run, pretrained.Network]:
    """Start from SqueezeNet's weights; return the run and where they came from."""
    set_seed(SEED, threads=1)
    source = pretrained.classifier("squeezenet1_1")
    model = build_detector(masks=True)
    features = model.backbone.features
    features.load_state_dict(source.model.features.state_dict())  # type: ignore[union-attr]
    for layer in features[:FROZEN]:
        layer.requires_grad_(False)
    body = [p for p in features.parameters() if p.requires_grad]
    known = {id(p) for p in features.parameters()}
    new = [p for p in model.parameters() if id(p) not in known]
    groups: list[dict[str, Any]] = [
        {"params": body, "lr": LEARNING_RATE / 3},
        {"params": new},
    ]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)

    def share(step: int) -> float:
        return min(1, (step + 1) / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    return Run(model, optimizer, scheduler), source


def batch(first: int, count: int, split: str) -> tuple[list[Tensor], list[Target]]:
    """Draw ``count`` scenes of a split, from number ``first`` on."""
    scenes = [draw_scene(k, split=split) for k in range(first, first + count)]
    return [scene.image / 255 for scene in scenes], [as_target(s) for s in scenes]


def train(run: Run, steps: int, checkpoint: Path | None) -> None:
    """Train to the last step, with a look at the validation scenes now and then."""
    start = time.process_time() - run.seconds
    sums: dict[str, float] = {}
    run.model.train()
    while run.step < steps:
        for name, loss in train_step(run).items():
            sums[name] = sums.get(name, 0.0) + loss / 50
        run.seconds = time.process_time() - start
        if run.step % 50 == 0:
            losses = ", ".join(f"{key} {value:.3f}" for key, value in sums.items())
            print(
                f"step {run.step} of {steps}: {losses}, {run.seconds:.0f} s", flush=True
            )
            sums = {}
        if run.step % EVERY == 0:
            if checkpoint:
                run.save(checkpoint)
            found = average_precision(run.model, VALIDATION, "validation")
            print(f"step {run.step}: {found} on validation scenes", flush=True)
            start = time.process_time() - run.seconds  # looking is not training


def train_step(run: Run) -> dict[str, float]:
    """Make one step on scenes never seen before; return the losses."""
    # what a step draws depends on its number alone, wherever training was broken off
    torch.manual_seed(SEED * 1_000_000 + run.step)
    images, targets = batch(run.step * BATCH_SIZE, BATCH_SIZE, "train")
    losses = run.model(images, targets)
    run.optimizer.zero_grad()
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), LARGEST_GRADIENT)
    run.optimizer.step()
    run.scheduler.step()
    run.step += 1
    return {name.removeprefix("loss_"): loss.item() for name, loss in losses.items()}


@torch.no_grad()
def average_precision(model: MaskRCNN, count: int, split: str) -> dict[str, float]:
    """Return AP and AP50 of boxes and masks, as torchmetrics computes them."""
    from torchmetrics.detection import MeanAveragePrecision

    metrics = {kind: MeanAveragePrecision(iou_type=kind) for kind in ("bbox", "segm")}
    model.eval()
    for first in range(0, count, 20):
        images, targets = batch(first, 20, split)
        found = model(images)
        for result, target in zip(found, targets, strict=True):
            result["masks"] = result["masks"][:, 0] >= 0.5
            target["masks"] = target["masks"].bool()
        for metric in metrics.values():
            metric.update(found, targets)
    model.train()
    figures = {}
    for kind, name in (("bbox", "box"), ("segm", "mask")):
        values = metrics[kind].compute()
        figures[f"{name} AP"] = round(float(values["map"]), 4)
        figures[f"{name} AP50"] = round(float(values["map_50"]), 4)
    return figures


def report(run: Run) -> dict[str, Any]:
    """Measure on the test scenes, once; leave the model with its 16-bit weights."""
    full = average_precision(run.model, VALIDATION, "validation")
    weights = run.model.state_dict()
    run.model.load_state_dict({k: v.half().float() for k, v in weights.items()})
    rounded = average_precision(run.model, VALIDATION, "validation")
    lost = {name: full[name] - rounded[name] for name in full}
    if max(lost.values()) > MOST_LOST:
        raise ValueError(f"16 bits cost {lost} on validation scenes; store 32")
    test = average_precision(run.model, TEST, "test")
    return {
        **{f"{name} on {TEST} held-out scenes": test[name] for name in test},
        **{f"{name} on validation scenes": rounded[name] for name in rounded},
        "AP lost by storing 16 bits, at most": round(max(lost.values()), 4),
    }


def main() -> None:
    """Train, measure, ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="fewer ship nothing")
    steps = parser.parse_args().steps
    whole = steps == STEPS
    os.environ["COURSE_WEIGHTS"] = "small"  # the same weights to start from everywhere
    checkpoint = cache_folder() / "detector-training.pt" if whole else None
    run, source = new_run(steps)
    if checkpoint and checkpoint.is_file():
        run.load(checkpoint)
        print(f"going on after step {run.step}", flush=True)
    train(run, steps, checkpoint)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{run.seconds:.0f} s of one core, {memory:.1f} GiB at most", flush=True)
    if not whole:
        return
    figures = report(run)
    print("\n".join(f"{name}: {value}" for name, value in figures.items()))
    facts = {
        "what": "Mask R-CNN (torchvision's classes) on the convolutions of SqueezeNet "
        "1.1, for the classes of the drawn world; without its mask branch a Faster "
        f"R-CNN. Body from ImageNet: {source.title}, {source.licence}.",
        "script": "tools/train_detector.py",
        "seed": SEED,
        "seconds": round(run.seconds),
        "memory_gib": round(memory, 2),
        "figures": figures,
        "score": f"box AP50 {figures[f'box AP50 on {TEST} held-out scenes']:.2f} "
        "on held-out drawn scenes",
        "input_size": 96,
    }
    print(f"wrote {ship('detector', run.model, facts, half=True).name}")
    if checkpoint:
        checkpoint.unlink()  # so that the next call begins from nothing


if __name__ == "__main__":
    main()
