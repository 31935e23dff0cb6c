"""A pretrained body with a head of its own, and a small network to train from zero."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Self

from torch import Tensor, nn

from course_utils.pretrained.network import IMAGENET_MEAN, IMAGENET_STD

if TYPE_CHECKING:
    from course_utils.pretrained import Body


class Transfer(nn.Module):
    """A pretrained body, the mean over height and width, and a new linear head.

    The body stays in evaluation mode whatever `train` is told, so that its batch norm
    keeps the statistics that came with the weights and its dropout does nothing. Its
    parameters train unless they are frozen: those are two things.

    Args:
        body: From `course_utils.pretrained.body`.
        num_classes: Number of logits for each image.

    Attributes:
        body: The features, (N, 3, H, W) → (N, num_features, h, w); not a copy.
        head: The new layer.
        mean: By which the weights expect each channel to be shifted.
        std: By which they expect it to be divided.

    Shape:
        - Input: (N, 3, H, W), normalised by ``mean`` and ``std``
        - Output: (N, num_classes)
    """

    def __init__(self, body: Body, num_classes: int) -> None:
        super().__init__()
        self.body = body.features
        self.head = nn.Linear(body.num_features, num_classes)
        self.mean = body.mean or (0.0, 0.0, 0.0)
        self.std = body.std or (1.0, 1.0, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a batch of images."""
        logits: Tensor = self.head(self.body(x).mean(dim=(2, 3)))
        return logits

    def train(self, mode: bool = True) -> Self:
        """Put the head into training mode (or out of it); the body stands still."""
        super().train(mode)
        self.body.eval()
        return self


class SmallCNN(nn.Module):
    """Four 3×3 convolutions with batch norm: a network that learns well from zero.

    Args:
        num_classes: Number of logits for each image.
        width: Channels of the first convolution; each further one has twice as many.

    Attributes:
        mean: By which each channel is to be shifted.
        std: By which it is to be divided.

    Shape:
        - Input: (N, 3, H, W), at least 16 × 16, normalised by ``mean`` and ``std``
        - Output: (N, num_classes)
    """

    def __init__(self, num_classes: int, width: int = 16) -> None:
        super().__init__()
        self.mean, self.std = IMAGENET_MEAN, IMAGENET_STD
        channels = (3, width, 2 * width, 4 * width, 8 * width)
        layers: list[nn.Module] = []
        for k, (before, after) in enumerate(pairwise(channels)):
            stride = 2 if k == 0 else 1
            # no bias: the batch norm that follows has its own
            conv = nn.Conv2d(
                before, after, kernel_size=3, stride=stride, padding=1, bias=False
            )
            layers += [conv, nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers[:-1])
        self.head = nn.Linear(channels[-1], num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a batch of images."""
        logits: Tensor = self.head(self.body(x).mean(dim=(2, 3)))
        return logits
