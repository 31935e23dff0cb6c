"""Whole batches flipped, shifted and cut out at once.

Each function takes the random choices as arguments, so that it can be compared with
torchvision's, which handles one image at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Augment:
    """How training images are varied; every image is varied anew in every epoch.

    Attributes:
        flip: Mirror left and right, each image with probability one half.
        shift: Move by up to so many pixels each way; black comes in at the edges.
        cutout: Side in pixels of a square that is blanked out at a random place;
            its part beyond the edge is lost. 0 is none.
    """

    flip: bool = False
    shift: int = 0
    cutout: int = 0

    def __post_init__(self) -> None:
        for name in ("shift", "cutout"):
            value = getattr(self, name)
            if value < 0:
                raise ValueError(f"{name} is {value}; expected 0 or more pixels")


def flip(images: Tensor, flipped: Tensor) -> Tensor:
    """Mirror the chosen images left and right.

    Shape:
        - images: (N, C, H, W)
        - flipped: (N,), bool
        - Output: (N, C, H, W)
    """
    both = torch.cat([images, images.flip(3)])  # then each image takes its own row
    every = torch.arange(len(images), device=images.device)
    return both.index_select(0, every + len(images) * flipped)


def shifted_crop(images: Tensor, corners: Tensor, shift: int) -> Tensor:
    """Pad each side by ``shift`` black pixels, then cut H×W out at the given corners.

    As ``torchvision.transforms.RandomCrop((H, W), padding=shift)``.

    Shape:
        - images: (N, C, H, W)
        - corners: (N, 2), row and column from 0 to 2 · shift
        - Output: (N, C, H, W)
    """
    N, _, H, W = images.shape
    padded = F.pad(images, [shift] * 4)
    # a view that holds every possible crop: (N, C, 2 · shift + 1, 2 · shift + 1, H, W)
    crops = padded.unfold(2, H, 1).unfold(3, W, 1)
    every = torch.arange(N, device=images.device)
    return crops[every, :, corners[:, 0], corners[:, 1]]


def cutout(images: Tensor, centres: Tensor, size: int) -> Tensor:
    """Set a square to 0 in each image: the mean colour, once images are normalised.

    Shape:
        - images: (N, C, H, W)
        - centres: (N, 2), row and column
        - Output: (N, C, H, W)

    Source: DeVries and Taylor (2017), https://arxiv.org/abs/1708.04552.
    """
    rows = _covered(centres[:, 0], images.shape[2], size)  # (N, H)
    columns = _covered(centres[:, 1], images.shape[3], size)  # (N, W)
    square = rows[:, None, :, None] & columns[:, None, None, :]  # (N, 1, H, W)
    return images.masked_fill(square, 0)


def _covered(centres: Tensor, length: int, size: int) -> Tensor:
    """Which of ``length`` pixels lie in the square, for each centre."""
    offsets = torch.arange(length, device=centres.device) - centres[:, None] + size // 2
    return (offsets >= 0) & (offsets < size)
