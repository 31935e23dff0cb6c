"""One PIL image at a time, as torchvision's datasets hand them out."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset


class PilImages(Dataset[tuple[Tensor, int]]):
    """Images handed out one by one, as ``torchvision.datasets.CIFAR10`` does it.

    Args:
        images: uint8 (N, 3, H, W).
        labels: int64 (N,).
        transform: Turns a PIL image into a tensor.
    """

    def __init__(
        self, images: Tensor, labels: Tensor, transform: Callable[[Image.Image], Tensor]
    ) -> None:
        self.transform = transform
        self.images = images.permute(0, 2, 3, 1).contiguous().numpy()
        self.labels = labels.tolist()

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Image (3, H, W), float32, and its label."""
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]
