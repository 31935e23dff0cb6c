"""A small network with all that the network explorer must cope with."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from course_utils.widgets import NetworkExplorer

CLASSES = ("cat", "dog", "fox", "hen")


class Joined(nn.Module):
    """Two branches of different reach, concatenated."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(14, 6, 1)
        self.wide = nn.Conv2d(14, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.narrow(x), self.wide(x)], dim=1)


class Toy(nn.Module):
    """Convolution, branches, uneven pooling, logits.

    Shape:
        - Input: (N, 3, 40, 32)
        - Output: (N, 4)
    """

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 14, 5, stride=2, padding=2)
        self.relu = nn.ReLU(inplace=True)
        self.joined = Joined()
        self.pool = nn.AdaptiveAvgPool2d((3, 3))
        self.head = nn.Linear(126, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.joined(self.relu(self.conv(x))))
        logits: Tensor = self.head(x.flatten(1))
        return logits


def toy_explorer(layer: str | None = None, image: str = "chelsea") -> NetworkExplorer:
    """An explorer of the small network with names for its classes."""
    shape = (1, 3, 40, 32)
    return NetworkExplorer(Toy(), layer, image, input_shape=shape, classes=CLASSES)
