"""Faces without names, and new views of the same photograph.

The faces come with scikit-image: 100 of the photographs of *Labeled Faces in the Wild*,
picked at random and cut to 25 × 25 pixels, and 100 cuts from their backgrounds. Nothing
says who is who.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

_FACES = 100


def load_faces() -> tuple[Tensor, Tensor]:
    """Return the faces and the cuts from backgrounds, each float32 (100, 1, 25, 25).

    Values are brightness in [0, 1].
    """
    from skimage import data

    pixels = data.lfw_subset()  # type: ignore[no-untyped-call]
    images = torch.from_numpy(pixels).float()[:, None]
    return images[:_FACES], images[_FACES:]


@dataclass(frozen=True)
class Change:
    """How far a new view may differ from the photograph.

    Attributes:
        shift: Largest shift either way, in pixels.
        turn: Largest rotation either way, in degrees.
        zoom: Largest relative change of size.
        light: Largest difference in brightness that a light from one side makes
            between the middle and an edge, and largest overall change.
        contrast: Largest relative change of contrast.
        noise: Standard deviation of the noise.
    """

    shift: float = 2.5
    turn: float = 12.0
    zoom: float = 0.12
    light: float = 0.3
    contrast: float = 0.35
    noise: float = 0.04


def new_views(
    images: Tensor, generator: torch.Generator, change: Change | None = None
) -> Tensor:
    """Return one new view of each photograph: moved, turned, resized and relit.

    Args:
        images: (N, 1, H, W), values in [0, 1].
        generator: Where chance comes from.
        change: How far views may differ; the defaults if None.

    Returns:
        Views in the same shape and range.
    """
    change = change or Change()
    count, _, height, width = images.shape

    def spread(most: float) -> Tensor:
        return most * (2 * torch.rand(count, generator=generator) - 1)

    angle = spread(change.turn) * math.pi / 180
    scale = 1 + spread(change.zoom)
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    # affine_grid measures in half widths
    right, down = spread(2 * change.shift / width), spread(2 * change.shift / height)
    rows = (
        torch.stack([cosine, -sine, right], 1),
        torch.stack([sine, cosine, down], 1),
    )
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    views = F.grid_sample(
        images, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    return _relit(views, change, spread, generator)


def _relit(
    views: Tensor,
    change: Change,
    spread: Callable[[float], Tensor],
    generator: torch.Generator,
) -> Tensor:
    """Light each view from one side, change its contrast, add noise."""
    height, width = views.shape[-2:]
    down = torch.linspace(-1, 1, height)[:, None]
    right = torch.linspace(-1, 1, width)
    side = spread(math.pi)[:, None, None]
    ramp = side.sin() * down + side.cos() * right  # (N, H, W), rising to one side
    light = spread(change.light)[:, None, None] * ramp
    light = light + spread(change.light)[:, None, None]
    mean = views.mean((2, 3), keepdim=True)
    contrast = (1 + spread(change.contrast))[:, None, None, None]
    noise = change.noise * torch.randn(views.shape, generator=generator)
    return (mean + contrast * (views - mean) + light[:, None] + noise).clamp(0, 1)
