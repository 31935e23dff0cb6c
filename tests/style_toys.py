"""A network in the place of a real one, which waits or fails when a test says so."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


class Gate(nn.Module):
    """A layer that waits for a permission, or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.error: Exception | None = None

    def forward(self, values: Tensor) -> Tensor:
        assert self.open.wait(20)
        if self.error:
            raise self.error
        return values


@dataclass
class Toy:
    """A small network under the name of the real one."""

    name: str = "squeezenet1_1"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.2, 0.2, 0.2)
    gate: Gate = field(default_factory=Gate)

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 4, 3, stride=4), *(nn.ReLU() for _ in range(7))]
        self.model: nn.Module = nn.Sequential(self.gate, *layers)
