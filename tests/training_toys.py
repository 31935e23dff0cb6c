"""Tiny data and networks for the tests of training and diagnosis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from course_utils.training import History, fit, set_seed

Batches = list[tuple[Tensor, Tensor]]


def stripes(count: int, seed: int = 0, classes: int = 4) -> tuple[Tensor, Tensor]:
    """Return noisy stripes, (count, 3, 8, 8), whose direction is the class."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (count,), generator=generator)
    row = torch.arange(8.0)[:, None].expand(8, 8)
    shift = torch.rand(count, 1, 1, generator=generator) * 6.3
    angle = (labels * torch.pi / classes)[:, None, None]
    wave = torch.sin(2 * (row * torch.cos(angle) + row.T * torch.sin(angle)) + shift)
    tint = torch.linspace(0.5, 1.5, 3)[None, :, None, None]
    noise = torch.randn(count, 3, 8, 8, generator=generator)
    return 1.2 * wave[:, None] * tint + 0.5 * noise, labels


def in_batches(images: Tensor, labels: Tensor, size: int = 32) -> Batches:
    """Cut images and labels into batches; the last may be smaller."""
    return list(zip(images.split(size), labels.split(size), strict=True))


def shuffled_loader(count: int = 128, seed: int = 0, size: int = 32) -> DataLoader:  # type: ignore[type-arg]
    """Return a DataLoader that draws its order from the global random numbers."""
    return DataLoader(
        TensorDataset(*stripes(count, seed)), batch_size=size, shuffle=True
    )


def tiny_cnn(seed: int = 0, classes: int = 4, dropout: float = 0.0) -> nn.Sequential:
    """Return a small CNN with batch normalisation for (N, 3, 8, 8)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(3, 8, kernel_size=3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(8 * 4 * 4, classes),
        )


VALIDATION = in_batches(*stripes(60, seed=1))


class Interrupting:
    """A loader that is interrupted, as by a key, before a batch of an epoch."""

    def __init__(self, loader: Any, epoch: int, batch: int) -> None:
        self.loader, self.epoch, self.batch = loader, epoch, batch
        self.epochs = 0

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        self.epochs += 1
        for number, batch in enumerate(self.loader, 1):
            if (self.epochs, number) == (self.epoch, self.batch):
                raise KeyboardInterrupt
            yield batch


class Setup:
    """A run with all that must be picked up: momentum, schedule, dropout, shuffling."""

    def __init__(self, optimizer: type[Any] = SGD, lr: float = 0.05) -> None:
        set_seed(0)
        self.model = tiny_cnn(dropout=0.3)
        momentum = {"momentum": 0.9} if optimizer is SGD else {}
        self.optimizer = optimizer(self.model.parameters(), lr=lr, **momentum)
        self.loader: Any = shuffled_loader()
        self.scheduler = lr_scheduler.OneCycleLR(
            self.optimizer, max_lr=lr, total_steps=16
        )

    def fit(self, epochs: int = 4, **options: Any) -> History:
        options.setdefault("quiet", True)
        return fit(
            self.model,
            self.loader,
            VALIDATION,
            epochs=epochs,
            optimizer=self.optimizer,
            scheduler=self.scheduler,
            **options,
        )


def same_weights(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def numbers(history: History) -> list[tuple[float, ...]]:
    return [
        (r.epoch, r.train_loss, r.val_loss, r.val_accuracy) for r in history.records
    ]
