"""Train the workbook's segmenter on drawn scenes, from SqueezeNet's ImageNet weights.

    python -m tools.train_segmenter             about 25 minutes of one core, then ships
    python -m tools.train_segmenter --steps 20  a try: ships nothing

The scenes are drawn once, into the cache. Interrupt it when you like: the next call
goes on from the last checkpoint, and the result is the same.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import pretrained
from course_utils.assets import cache_folder
from course_utils.datasets.drawn_world import generator_version
from course_utils.pretrained.own_segmenter import build_segmenter
from course_utils.segmentation import (
    SCENE_CLASSES,
    class_iou,
    draw_scenes,
    mean_iou,
    pixel_confusion,
    predict_labels,
)
from course_utils.training import set_seed
from tools.ship_weights import ship

SEED: Final = 0
SCENES: Final = {"train": 4800, "validation": 300, "test": 500}
BATCH_SIZE: Final = 16
STEPS: Final = 2700  # nine times over the training scenes
EVERY: Final = 300  # steps between two looks at the validation scenes
LEARNING_RATE: Final = 2e-3  # of the head; the body learns at a third of it
WEIGHT_DECAY: Final = 1e-4
FROZEN: Final = 3  # layers of the body that keep their ImageNet weights
MOST_LOST: Final = 0.002  # of mean IoU, by storing 16 bits

Pictures = tuple[Tensor, Tensor]  # uint8 (N, 3, H, W), labels (N, H, W)


@dataclass
class Run:
    """A network in training and all that its next step depends on."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    generator: torch.Generator
    step: int = 0
    seconds: float = 0.0
    best: float = 0.0
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write a checkpoint; the old one stays until the new one is whole."""
        kept = {name: getattr(self, name) for name in _NUMBERS}
        kept |= {name: getattr(self, name).state_dict() for name in _MODULES}
        kept["generators"] = self.generator.get_state(), torch.get_rng_state()
        part = path.with_suffix(".part")
        torch.save(kept, part)
        part.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        kept: dict[str, Any] = torch.load(path, weights_only=True)
        for name in _NUMBERS:
            setattr(self, name, kept[name])
        for name in _MODULES:
            getattr(self, name).load_state_dict(kept[name])
        own, torchs = kept["generators"]
        self.generator.set_state(own)
        torch.set_rng_state(torchs)


_NUMBERS: Final = ("step", "seconds", "best", "best_weights")
_MODULES: Final = ("model", "optimizer", "scheduler")


def scenes(split: str) -> Pictures:
    """Return the scenes of a split: from the cache, else drawn into it."""
    count = SCENES[split]
    path = cache_folder() / f"scenes-{split}-{count}-{generator_version()}.npz"
    if not path.is_file():
        print(f"drawing {count} {split} scenes", flush=True)
        images, labels = draw_scenes(range(count), split)
        part = path.with_suffix(".part.npz")
        np.savez(part, images=images.numpy(), labels=labels.byte().numpy())
        part.replace(path)
    with np.load(path) as stored:
        return torch.from_numpy(stored["images"]), torch.from_numpy(stored["labels"])


def new_run(steps: int) -> tuple[Run, pretrained.Network]:
    """Start from SqueezeNet's weights; return the run and where they came from."""
    set_seed(SEED, threads=1)
    source = pretrained.classifier("squeezenet1_1")
    model = build_segmenter(len(SCENE_CLASSES))
    model.backbone.load_state_dict(source.model.features.state_dict())  # type: ignore[union-attr]
    for name, parameter in model.backbone.named_parameters():
        parameter.requires_grad_(int(name.split(".")[0]) >= FROZEN)
    body = [p for p in model.backbone.parameters() if p.requires_grad]
    rates = [LEARNING_RATE / 3, LEARNING_RATE]
    optimizer = torch.optim.AdamW(
        [{"params": body}, {"params": model.classifier.parameters()}],
        weight_decay=WEIGHT_DECAY,
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rates, total_steps=steps, pct_start=0.1
    )
    generator = torch.Generator().manual_seed(SEED)
    return Run(model, optimizer, scheduler, generator), source


def batch(pictures: Pictures, generator: torch.Generator) -> Pictures:
    """Draw a batch, half of it mirrored."""
    images, labels = pictures
    chosen = torch.randint(len(images), (BATCH_SIZE,), generator=generator)
    mirrored = torch.rand(BATCH_SIZE, generator=generator) < 0.5
    images, labels = images[chosen], labels[chosen].long()
    images[mirrored] = images[mirrored].flip(-1)
    labels[mirrored] = labels[mirrored].flip(-1)
    return images, labels


def confusion(
    model: nn.Module, pictures: Pictures, source: pretrained.Network
) -> Tensor:
    """Return the confusion of pixels, (C, C), rows true."""
    total = torch.zeros(len(SCENE_CLASSES), len(SCENE_CLASSES), dtype=torch.int64)
    for part, true in _parts(pictures):
        predicted = predict_labels(model, source.prepare(part))
        total += pixel_confusion(true.long(), predicted, len(SCENE_CLASSES))
    return total


def _parts(pictures: Pictures) -> Iterator[Pictures]:
    images, labels = pictures
    return zip(torch.split(images, 50), torch.split(labels, 50), strict=True)


def library_mean_iou(
    model: nn.Module, pictures: Pictures, source: pretrained.Network
) -> float:
    """Return the mean IoU as torchmetrics computes it."""
    from torchmetrics.classification import MulticlassJaccardIndex

    metric = MulticlassJaccardIndex(len(SCENE_CLASSES))
    for part, true in _parts(pictures):
        metric.update(predict_labels(model, source.prepare(part)), true.long())
    return float(metric.compute())


def train(
    run: Run, source: pretrained.Network, steps: int, checkpoint: Path | None
) -> None:
    """Train to the last step; keep the weights that validate best."""
    data, validation = scenes("train"), scenes("validation")
    start, mean_loss = time.process_time() - run.seconds, float("nan")
    while run.step < steps:
        run.model.train()
        images, labels = batch(data, run.generator)
        loss = F.cross_entropy(run.model(source.prepare(images))["out"], labels)
        run.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        run.optimizer.step()
        run.scheduler.step()
        run.step += 1
        run.seconds = time.process_time() - start
        # a running mean, which begins with the first loss
        first = mean_loss != mean_loss
        mean_loss = loss.item() if first else 0.95 * mean_loss + 0.05 * loss.item()
        if run.step % 50 == 0:
            print(f"step {run.step} of {steps}: loss {mean_loss:.3f}, "
                  f"{run.seconds:.0f} s", flush=True)  # fmt: skip
        if run.step % EVERY == 0 or run.step == steps:
            look(run, validation, source)
            if checkpoint:
                run.save(checkpoint)


def look(run: Run, validation: Pictures, source: pretrained.Network) -> None:
    """Validate, and keep the weights if they are the best so far."""
    reached = mean_iou(confusion(run.model, validation, source))
    print(f"step {run.step}: mean IoU {reached:.4f} on validation scenes", flush=True)
    if reached > run.best:
        state = run.model.state_dict()
        run.best = reached
        run.best_weights = {name: value.clone() for name, value in state.items()}


def in_16_bits(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights as they are read back from a file of 16-bit floats."""
    return {
        name: value.half().float() if value.is_floating_point() else value
        for name, value in weights.items()
    }


def report(run: Run, source: pretrained.Network) -> dict[str, Any]:
    """Measure on the test scenes, once; leave the model with its 16-bit weights."""
    test = scenes("test")
    run.model.load_state_dict(run.best_weights)
    full = mean_iou(confusion(run.model, test, source))
    run.model.load_state_dict(in_16_bits(run.best_weights))
    counts = confusion(run.model, test, source)
    ours, library = mean_iou(counts), library_mean_iou(run.model, test, source)
    if abs(ours - library) > 1e-4:
        raise ValueError(f"mean IoU is {ours:.5f}, but torchmetrics says {library:.5f}")
    if full - ours > MOST_LOST:
        raise ValueError(f"16 bits cost {full - ours:.4f} of mean IoU; store 32")
    per_class = dict(zip(SCENE_CLASSES, class_iou(counts).tolist(), strict=True))
    return {
        "mean IoU on 500 held-out scenes": round(ours, 4),
        "mean IoU on validation scenes": round(run.best, 4),
        "mean IoU lost by storing 16 bits": round(full - ours, 5),
        **{f"IoU of {name}": round(value, 3) for name, value in per_class.items()},
    }


def main() -> None:
    """Train, measure, ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="fewer ship nothing")
    steps = parser.parse_args().steps
    whole = steps == STEPS
    checkpoint = cache_folder() / "segmenter-training.pt" if whole else None
    run, source = new_run(steps)
    if checkpoint and checkpoint.is_file():
        run.load(checkpoint)
        print(f"going on after step {run.step}", flush=True)
    train(run, source, steps, checkpoint)
    figures = report(run, source)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print("\n".join(f"{name}: {value}" for name, value in figures.items()))
    print(f"{run.seconds:.0f} s of one core, {memory:.1f} GiB at most")
    if whole:
        facts = {
            "what": "DeepLabV3 (torchvision's classes) on the convolutions of "
            "SqueezeNet 1.1, output stride 8, for the classes of the drawn world. "
            f"Body from ImageNet: {source.title}, {source.licence}.",
            "script": "tools/train_segmenter.py",
            "seed": SEED,
            "seconds": round(run.seconds),
            "memory_gib": round(memory, 2),
            "figures": figures,
            "score": f"mean IoU {figures['mean IoU on 500 held-out scenes']:.2f} "
            "on held-out drawn scenes",
            "input_size": 96,
        }
        print(f"wrote {ship('segmenter', run.model, facts, half=True).name}")
    if checkpoint:
        checkpoint.unlink()  # so that the next call begins anew


if __name__ == "__main__":
    main()
