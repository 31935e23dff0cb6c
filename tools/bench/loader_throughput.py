"""Images per second of training the lecture's CNN, by how the images are loaded.

Our loader is compared with torchvision's way (one PIL image at a time, transforms,
``DataLoader``) and with the network alone, whose batches lie ready. In each round
every contender trains on the same number of images, one after the other, so that all
meet the same load; ratios are taken within a round, and their median is printed.

Run: ``python -m tools.bench.loader_throughput [--rounds 7]``
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision import transforms

from course_utils.datasets import Augment, ImageLoader
from course_utils.datasets.pil_images import PilImages
from course_utils.networks import LectureCNN
from tools.benchmarking.ratio import Ratio

Batches = Iterable[tuple[Tensor, Tensor]]

ROUNDS: Final = 7
# images in a round, by batch size
IMAGES_A_ROUND: Final = {4: 512, 64: 2560, 128: 2560}
ALONE: Final = "network alone, batches ready"
OURS: Final = "ImageLoader"
PIL: Final = "PIL, 0 workers"
PIL_WORKERS: Final = "PIL, 2 workers"
GOAL_ALONE: Final = 0.85
GOAL_PIL: Final = 1.5
_HALF: Final = (0.5, 0.5, 0.5)


@dataclass
class Contender:
    """One way to load; `rates` and `cpu_rates` in images per second, one a round."""

    name: str
    batches: Batches
    one_process: bool = True
    rates: list[float] = field(default_factory=list)
    cpu_rates: list[float] = field(default_factory=list)


def contenders(batch_size: int, count: int) -> list[Contender]:
    """Every way to load the same images (random: their content costs no time)."""
    images = torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8)
    labels = torch.randint(0, 10, (count,))
    varied = Augment(flip=True, shift=4)

    def ours(augment: Augment) -> ImageLoader:
        return ImageLoader(
            images, labels, batch_size, shuffle=True, mean=_HALF, std=_HALF,
            augment=augment,
        )  # fmt: skip

    found = [
        Contender(ALONE, list(ours(Augment()))),
        Contender(OURS, ours(Augment())),
        Contender(f"{OURS}, flip and shift", ours(varied)),
    ]
    plain = [transforms.ToTensor(), transforms.Normalize(_HALF, _HALF)]
    crop = [transforms.RandomHorizontalFlip(), transforms.RandomCrop(32, padding=4)]
    for what, steps in (("PIL", plain), ("PIL, flip and crop", crop + plain)):
        dataset = PilImages(images, labels, transforms.Compose(steps))
        for workers in (0, 2):
            loader: Batches = DataLoader(
                dataset,
                batch_size,
                shuffle=True,
                num_workers=workers,
                persistent_workers=workers > 0,
            )
            name = f"{what}, {workers} workers"
            found.append(Contender(name, loader, one_process=workers == 0))
    return found


def train(batches: Batches) -> tuple[float, float]:
    """Train for one epoch; return images per second, and per second of CPU."""
    torch.manual_seed(0)
    model = LectureCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    count = 0
    start, cpu_start = time.perf_counter(), time.process_time()
    for images, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        count += len(labels)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    return count / seconds, count / cpu_seconds


def measure(quick: bool = False) -> Iterator[Ratio]:
    """Compare our loader with the two common ones, and with no loading at all."""
    compared = (PIL, PIL_WORKERS, ALONE)
    for batch_size in (4, 64):
        count = 4 * batch_size if quick else IMAGES_A_ROUND[batch_size]
        found = contenders(batch_size, count)
        field_of = [one for one in found if one.name in (OURS, *compared)]
        race(field_of, rounds=1 if quick else ROUNDS)
        ours = f"{OURS}, batch {batch_size}"
        rates = {one.name: one.rates for one in field_of}
        for other in compared:
            yield Ratio.of_rates(ours, other, {**rates, ours: rates[OURS]})


def race(field_of: list[Contender], rounds: int) -> None:
    """Fill in the rates; who begins changes with every round."""
    for contender in field_of:  # workers start, caches fill
        train(contender.batches)
    for number in range(rounds):
        turn = number % len(field_of)
        for contender in field_of[turn:] + field_of[:turn]:
            rate, cpu_rate = train(contender.batches)
            contender.rates.append(rate)
            contender.cpu_rates.append(cpu_rate)


def ratio(rates: list[float], base: list[float]) -> float:
    """Median over the rounds of one rate divided by another."""
    return statistics.median(a / b for a, b in zip(rates, base, strict=True))


def table(batch_size: int, field_of: list[Contender]) -> list[str]:
    """The lines of one batch size."""
    by_name = {contender.name: contender for contender in field_of}
    alone, pil = by_name[ALONE], by_name[PIL]
    lines = [
        f"batch {batch_size}, n = {IMAGES_A_ROUND[batch_size]} images a round",
        f"  {'':32}  images/s  of alone  same by CPU time  times {PIL}",
    ]
    for one in field_of:
        cpu = f"{ratio(one.cpu_rates, alone.cpu_rates):.2f}" if one.one_process else "–"
        lines.append(
            f"  {one.name:32}  {statistics.median(one.rates):8,.0f}"
            f"  {ratio(one.rates, alone.rates):8.2f}  {cpu:>16}"
            f"  {ratio(one.rates, pil.rates):12.2f}"
        )
    ours = by_name[OURS]
    of_alone = ratio(ours.rates, alone.rates)
    lines.append(f"  {_goal('of the network alone', of_alone, GOAL_ALONE)}")
    of_pil, limit = (ratio(one.rates, pil.rates) for one in (ours, alone))
    lines.append(f"  {_goal(f'times {PIL}', of_pil, GOAL_PIL)}")
    if of_pil < GOAL_PIL and limit < GOAL_PIL:
        lines.append(f"  (no loader can: the network alone is {limit:.2f} times {PIL})")
    return lines


def _goal(what: str, found: float, goal: float) -> str:
    return f"goal {goal} {what}: {'reached' if found >= goal else 'missed'}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="timed rounds")
    parser.add_argument("--threads", type=int, default=1, help="of the network")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"Training the lecture's CNN, medians of {options.rounds} interleaved rounds")
    for batch_size, count in IMAGES_A_ROUND.items():
        field_of = contenders(batch_size, count)
        race(field_of, options.rounds)
        print("\n".join(table(batch_size, field_of)), flush=True)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"machine: {os.cpu_count()} cores{load}, {options.threads} thread(s), "
        f"{platform.machine()}, {platform.system()}, Python "
        f"{platform.python_version()}, torch {torch.__version__}, "
        f"torchvision {torchvision.__version__}"
    )


if __name__ == "__main__":
    main()
