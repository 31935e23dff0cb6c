"""The networks that lesson 04 has built line by line, for the lessons after it.

They return logits: no softmax at the end, since `F.cross_entropy` has its own.
"""

from __future__ import annotations

from torch import Tensor, nn


class LectureCNN(nn.Module):
    """The network of lecture I: two convolutions, two poolings, three linear layers.

    Args:
        num_classes: Number of logits for each image.

    Shape:
        - Input: (N, 3, 32, 32)
        - Output: (N, num_classes)
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, kernel_size=3, stride=1, padding=1)
        self.act1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 6, kernel_size=3, stride=1, padding=1)
        self.flat = nn.Flatten()
        self.fc1 = nn.Linear(6 * 8 * 8, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a batch of images."""
        x = self.pool1(self.act1(self.conv1(x)))  # (N, 6, 16, 16)
        x = self.pool1(self.act1(self.conv2(x)))  # (N, 6, 8, 8)
        x = self.flat(x)  # (N, 384)
        x = self.act1(self.fc1(x))  # (N, 120)
        x = self.act1(self.fc2(x))  # (N, 84)
        logits: Tensor = self.fc3(x)
        return logits


class LabCNN(nn.Module):
    """The three-layer network of lecture C, mended: two convolutions, one linear.

    Args:
        image_size: Height and width of the images, in pixels; at least 10.
        num_classes: Number of logits for each image.

    Raises:
        ValueError: If the images are too small for two convolutions and two poolings.

    Shape:
        - Input: (N, 3, image_size, image_size)
        - Output: (N, num_classes)
    """

    def __init__(self, image_size: int = 32, num_classes: int = 10) -> None:
        super().__init__()
        side = ((image_size - 2) // 2 - 2) // 2
        if side < 1:
            raise ValueError(
                f"image_size is {image_size}; expected at least 10 pixels, since each "
                "convolution takes 2 away and each pooling halves what is left"
            )
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, kernel_size=3),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * side * side, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a batch of images."""
        logits: Tensor = self.layers(x)
        return logits
