"""Short films of a handwritten digit that moves in one of four directions."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

DIRECTIONS: Final = ("right", "left", "down", "up")
_STEPS: Final = torch.tensor([(0, 1), (0, -1), (1, 0), (-1, 0)])  # rows, columns


def moving_digits(
    digits: Tensor,
    generator: torch.Generator,
    *,
    frames: int = 8,
    size: int = 16,
    speeds: tuple[int, ...] = (1, 2),
    noise: float = 0.1,
) -> tuple[Tensor, Tensor]:
    """Let each digit move in a direction drawn at random, from a place at random.

    The picture's edges are joined: what leaves on one side comes in on the other. So in
    every frame every place is equally likely, whatever the direction.

    Args:
        digits: (N, 1, h, w), brightness in [0, 1].
        generator: Where chance comes from.
        frames: Number of frames, T.
        size: Height and width of a frame, in pixels.
        speeds: Pixels a frame; one of them for each clip.
        noise: Standard deviation of the noise, drawn anew for each frame.

    Returns:
        Clips, float32 (N, 1, T, size, size), and directions, int64 (N,), indices into
        `DIRECTIONS`.
    """
    count, _, height, width = digits.shape

    def draw(choices: int) -> Tensor:
        return torch.randint(choices, (count,), generator=generator)

    labels, speed = draw(len(DIRECTIONS)), torch.tensor(speeds)[draw(len(speeds))]
    path = (speed[:, None] * torch.arange(frames))[..., None] * _STEPS[labels][:, None]
    path = path + torch.stack([draw(size), draw(size)], 1)[:, None]  # (N, T, 2)
    # which row (column) of the unmoved picture each row (column) of a frame shows
    shown = (torch.arange(size) - path[..., None]) % size  # (N, T, 2, size)
    still = torch.zeros(count, size, size)
    still[:, :height, :width] = digits[:, 0]
    clip = torch.arange(count)[:, None, None, None]
    clips = still[clip, shown[:, :, 0, :, None], shown[:, :, 1, None, :]]
    clips = clips + noise * torch.randn(clips.shape, generator=generator)
    return clips[:, None], labels
