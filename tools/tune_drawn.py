"""Measure how hard the drawn world is, and record it.

    python -m tools.tune_drawn            # all experiments, three seeds
    python -m tools.tune_drawn --seeds 1  # a first look, nothing recorded

A seed is a world of its own as well as an initialisation. The figures go to
``data/recorded/drawn_difficulty.json`` with the fingerprint of the drawings they
belong to; whoever changes the drawings has to measure again.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.drawn import CLASS_NAMES, draw_dataset, fingerprint
from course_utils.networks import LectureCNN

if TYPE_CHECKING:
    from torch import Tensor

RECORD = Path(__file__).parents[1] / "data" / "recorded" / "drawn_difficulty.json"
TRAIN, SMALL, TEST = 10_000, 5_000, 2_000
_PADDING = 3


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: SGD with Nesterov momentum 0.9, weight decay 5e-4.

    ``one_cycle`` raises the learning rate to its peak and lowers it again;
    ``augment`` flips and shifts each batch; ``bfloat16`` computes in half precision.
    """

    epochs: int
    learning_rate: float
    batch_size: int = 64
    one_cycle: bool = False
    augment: bool = False
    bfloat16: bool = False


@dataclass(frozen=True)
class World:
    """Normalised images, float32 (N, 3, 32, 32), and labels of one seed."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def load_world(seed: int, train: int = TRAIN, test: int = TEST) -> World:
    """Draw the three splits; all are normalised by the training images."""
    images, labels = draw_dataset(train, seed=seed)
    pixels = images.float()
    mean = pixels.mean(dim=(0, 2, 3), keepdim=True)
    std = pixels.std(dim=(0, 2, 3), keepdim=True)

    def normalised(split: str) -> tuple[Tensor, Tensor]:
        images, labels = draw_dataset(test, seed=seed, split=split)
        return (images.float() - mean) / std, labels

    train_set = ((pixels - mean) / std, labels)
    return World(train_set, normalised("validation"), normalised("test"))


def linear_model() -> nn.Module:
    """Return one linear layer on the pixels."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))


class Residual(nn.Module):
    """Two convolution blocks with a way around them.

    Shape:
        - Input and output: (N, channels, H, W)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            block(channels, channels), block(channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the input plus what the blocks make of it."""
        around: Tensor = self.blocks(x)
        return x + around


def block(in_channels: int, out_channels: int) -> nn.Module:
    """Return convolution, batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def small_resnet(width: int = 16) -> nn.Module:
    """Return a small residual network, the good recipe's."""
    return nn.Sequential(
        block(3, width),
        block(width, 2 * width),
        nn.MaxPool2d(2),
        Residual(2 * width),
        block(2 * width, 4 * width),
        nn.MaxPool2d(2),
        block(4 * width, 8 * width),
        nn.MaxPool2d(2),
        Residual(8 * width),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(8 * width, 10),
    )


LINEAR = Recipe(epochs=5, learning_rate=0.003, one_cycle=True)
PLAIN = Recipe(epochs=8, learning_rate=0.01)
TUNED = Recipe(epochs=8, learning_rate=0.03, one_cycle=True)
LONG = Recipe(epochs=30, learning_rate=0.03, one_cycle=True)
LONG_AUGMENTED = Recipe(epochs=30, learning_rate=0.03, one_cycle=True, augment=True)
GOOD = Recipe(
    epochs=12,
    learning_rate=0.12,
    batch_size=128,
    one_cycle=True,
    augment=True,
    bfloat16=True,
)


def train(
    model: nn.Module, data: tuple[Tensor, Tensor], recipe: Recipe, seed: int
) -> float:
    """Train the model in place; return the seconds it took."""
    images, labels = data
    generator = torch.Generator().manual_seed(seed)
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=recipe.learning_rate,
        momentum=0.9,
        weight_decay=5e-4,
        nesterov=True,
    )
    batches = len(images) // recipe.batch_size
    scheduler = (
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer, recipe.learning_rate, total_steps=recipe.epochs * batches + 1
        )
        if recipe.one_cycle
        else None
    )
    begin = time.perf_counter()
    model.train()
    for _ in range(recipe.epochs):
        order = torch.randperm(len(images), generator=generator)
        for batch in order[: batches * recipe.batch_size].chunk(batches):
            inputs = images[batch]
            if recipe.augment:
                inputs = augmented(inputs, generator)
            inputs = inputs.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
                loss = F.cross_entropy(model(inputs), labels[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
    return time.perf_counter() - begin


def augmented(images: Tensor, generator: torch.Generator) -> Tensor:
    """Flip every other image at random and shift the batch by up to 3 pixels."""
    padded = F.pad(images, (_PADDING,) * 4, mode="reflect")
    size = images.shape[-1]
    top, left = torch.randint(0, 2 * _PADDING + 1, (2,), generator=generator).tolist()
    crop = padded[:, :, top : top + size, left : left + size]
    flip = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    return torch.where(flip, crop.flip(3), crop)


@torch.no_grad()
def confusion(model: nn.Module, data: tuple[Tensor, Tensor]) -> Tensor:
    """Return the confusion matrix, int64 (10, 10): rows true, columns predicted."""
    model.eval()
    images, labels = data
    predicted = torch.cat([model(part).argmax(1) for part in images.chunk(4)])
    pairs = labels * len(CLASS_NAMES) + predicted
    return torch.bincount(pairs, minlength=100).reshape(10, 10)


def accuracy(matrix: Tensor) -> float:
    """Return the share on the diagonal, in per cent."""
    return round(100 * float(matrix.diag().sum() / matrix.sum()), 1)


def most_confused(matrix: Tensor, count: int = 6) -> list[str]:
    """Return the pairs of classes most often taken for each other."""
    both = (matrix + matrix.T).triu(1).flatten()
    ranked = both.argsort(descending=True)[:count].tolist()
    names = CLASS_NAMES
    return [f"{names[k // 10]}-{names[k % 10]}" for k in ranked]


def measure(seed: int) -> dict[str, object]:
    """Return all figures of one seed; accuracies in per cent."""
    world = load_world(seed)
    small = (world.train[0][:SMALL], world.train[1][:SMALL])
    figures: dict[str, object] = {}

    def run(
        name: str, model: nn.Module, data: tuple[Tensor, Tensor], recipe: Recipe
    ) -> Tensor:
        figures[f"{name}_seconds"] = round(train(model, data, recipe, seed), 1)
        seen = (data[0][:TEST], data[1][:TEST])
        figures[f"{name}_train"] = accuracy(confusion(model, seen))
        figures[f"{name}_validation"] = accuracy(confusion(model, world.validation))
        matrix = confusion(model, world.test)
        figures[f"{name}_test"] = accuracy(matrix)
        print(
            seed, {k: v for k, v in figures.items() if k.startswith(name)}, flush=True
        )
        return matrix

    torch.manual_seed(seed)
    run("linear", linear_model(), world.train, LINEAR)
    run("lecture_cnn_plain", LectureCNN(), world.train, PLAIN)
    matrix = run("lecture_cnn", LectureCNN(), world.train, TUNED)
    figures["lecture_cnn_confused"] = most_confused(matrix)
    run("small_set", LectureCNN(), small, LONG)
    run("small_set_augmented", LectureCNN(), small, LONG_AUGMENTED)
    run("good_recipe", small_resnet(), world.train, GOOD)
    return figures


def record(seeds: int) -> dict[str, object]:
    """Return what goes into the file: figures as lists over seeds, and their origin."""
    runs = [measure(seed) for seed in range(seeds)]
    return {
        "what": "accuracy in per cent of networks trained on drawn pictures, 32x32",
        "fingerprint": fingerprint(),
        "seeds": list(range(seeds)),
        "images": {
            "train": TRAIN,
            "small_set": SMALL,
            "validation": TEST,
            "test": TEST,
        },
        "machine": f"{platform.machine()}, {torch.get_num_threads()} thread(s), shared",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "pillow")},
        },
        "date": date.today().isoformat(),
        "figures": {name: [run[name] for run in runs] for name in runs[0]},
    }


def main() -> None:
    """Measure, print, and record if there were at least three seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    torch.set_num_threads(1)  # sums come out alike wherever it runs
    content = json.dumps(record(seeds), indent=2) + "\n"
    print(content)
    if seeds >= 3:
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        RECORD.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
