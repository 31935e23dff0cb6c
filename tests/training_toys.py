"""Tiny data and networks for the tests of training and diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Optimizer, lr_scheduler
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


def good_step(
    model: nn.Module, images: Tensor, labels: Tensor, optimizer: Optimizer
) -> None:
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


def good_evaluation(model: nn.Module, loader: Any) -> float:
    model.eval()
    right = sum(int((model(i).argmax(1) == t).sum()) for i, t in loader)
    return right / sum(len(t) for _, t in loader)


class PlainCNN(nn.Module):
    """The lecture's kind of network: no normalisation, ReLU as a function."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.conv1 = nn.Conv2d(3, 6, kernel_size=3, padding=1)
            self.conv2 = nn.Conv2d(6, 6, kernel_size=3, padding=1)
            self.fc1 = nn.Linear(24, 60)
            self.fc2 = nn.Linear(60, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc2(self.fc1(x.flatten(start_dim=1)).relu())


class Ending(nn.Module):
    """A network with something after its last layer."""

    def __init__(self, end: Callable[[Tensor], Tensor], dropout: float = 0.0) -> None:
        super().__init__()
        self.net = tiny_cnn(dropout=dropout)
        self.end = end

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self.net(x))


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
