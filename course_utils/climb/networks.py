"""The three networks of the climb: the lecture's, the same normalised, a residual one.

They return logits for images (N, 3, 32, 32).
"""

from __future__ import annotations

from typing import Final

import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.climb.setup import NetworkName
from course_utils.networks import LectureCNN

_WIDTH: Final = 16


class NormalisedLectureCNN(LectureCNN):
    """The lecture's network with a batch norm after each convolution.

    Shape:
        - Input: (N, 3, 32, 32)
        - Output: (N, num_classes)
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.norm1 = nn.BatchNorm2d(6)
        self.norm2 = nn.BatchNorm2d(6)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a batch of images."""
        x = self.pool1(self.act1(self.norm1(self.conv1(x))))  # (N, 6, 16, 16)
        x = self.pool1(self.act1(self.norm2(self.conv2(x))))  # (N, 6, 8, 8)
        x = self.act1(self.fc1(self.flat(x)))  # (N, 120)
        logits: Tensor = self.fc3(self.act1(self.fc2(x)))
        return logits


class ResidualCNN(nn.Module):
    """A small residual network: three widths, a residual block at the last two.

    Args:
        num_classes: Number of logits for each image.
        width: Channels after the first convolution; later ones have 2 and 4 times as
            many.

    Shape:
        - Input: (N, 3, 32, 32)
        - Output: (N, num_classes)

    Source: the layout of ResNet-9, narrower and with a convolution less; He, Zhang, Ren
    and Sun (2016), "Deep Residual Learning for Image Recognition".
    """

    def __init__(self, num_classes: int = 10, width: int = _WIDTH) -> None:
        super().__init__()
        self.stem = _convolution(3, width)
        self.down1 = _convolution(width, 2 * width)
        self.block1 = _convolution(2 * width, 2 * width)
        self.down2 = _convolution(2 * width, 4 * width)
        self.block2 = _convolution(4 * width, 4 * width)
        self.head = nn.Linear(4 * width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a batch of images."""
        x = F.max_pool2d(self.stem(x), 2)  # (N, width, 16, 16)
        x = F.max_pool2d(self.down1(x), 2)  # (N, 2 width, 8, 8)
        x = x + self.block1(x)
        x = F.max_pool2d(self.down2(x), 2)  # (N, 4 width, 4, 4)
        x = x + self.block2(x)
        logits: Tensor = self.head(x.amax(dim=(2, 3)))
        return logits


def build_network(name: NetworkName, num_classes: int = 10) -> nn.Module:
    """Return a network by its name, freshly initialised."""
    networks: dict[NetworkName, type[LectureCNN | ResidualCNN]] = {
        "lecture": LectureCNN,
        "lecture_batch_norm": NormalisedLectureCNN,
        "residual": ResidualCNN,
    }
    return networks[name](num_classes)


def _convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        # no bias: the batch norm that follows subtracts the mean, and has its own
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )
