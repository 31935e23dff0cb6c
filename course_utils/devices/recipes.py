"""Ways to load the batches of a training step, for the profile to compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from course_utils.datasets import ImageLoader
from course_utils.datasets.pil_images import PilImages

Batch = tuple[Tensor, Tensor]

_HALF: Final = (0.5, 0.5, 0.5)


class Recipe(NamedTuple):
    """How batches are made: image by image through PIL, or all at once in memory."""

    name: str
    pil: bool
    batch_size: int


RECIPES: Final = (
    Recipe("lecture: PIL, batch 4", pil=True, batch_size=4),
    Recipe("PIL, batch 128", pil=True, batch_size=128),
    Recipe("in memory, batch 128", pil=False, batch_size=128),
)


def batches(
    recipe: Recipe, images: Tensor, labels: Tensor, device: torch.device
) -> Iterator[Batch]:
    """Yield batches of a recipe without end, epoch after epoch."""
    loader: Iterable[Batch]
    if recipe.pil:
        from torchvision import transforms

        steps = [transforms.ToTensor(), transforms.Normalize(_HALF, _HALF)]
        dataset = PilImages(images, labels, transforms.Compose(steps))
        loader = DataLoader(dataset, recipe.batch_size, shuffle=True, drop_last=True)
    else:
        loader = ImageLoader(
            images,
            labels,
            recipe.batch_size,
            shuffle=True,
            mean=_HALF,
            std=_HALF,
            device=device,
            drop_last=True,
        )
    while True:
        yield from loader
