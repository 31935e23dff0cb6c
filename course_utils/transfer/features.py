"""Features of a frozen body, computed once, and a head trained on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.training.epochs import evaluation_mode

if TYPE_CHECKING:
    from course_utils.pretrained import Body

HEAD_STEPS: Final = 100
HEAD_RATE: Final = 1e-2


def cached_features(body: Body, images: Tensor, batch_size: int = 50) -> Tensor:
    """Return the features of images, averaged over height and width.

    Args:
        body: From `course_utils.pretrained.body`; every layer gets back its mode.
        images: uint8, or float in [0, 1], (N, 3, H, W); not yet normalised.
        batch_size: Images at a time; it changes nothing but memory and speed.

    Returns:
        float32 (N, num_features), without gradients.

    Raises:
        ValueError: If there is no image, or the images are of another kind.
    """
    if not len(images):
        raise ValueError("there is no image to compute features of")
    parts = []
    with evaluation_mode(body.features), torch.no_grad():
        for part in torch.split(images, batch_size):
            batch = body.prepare(part).contiguous(memory_format=torch.channels_last)
            parts.append(body.features(batch).mean(dim=(2, 3)))
    return torch.cat(parts)


def train_head(
    features: Tensor, labels: Tensor, num_classes: int, *, seed: int = 0
) -> nn.Linear:
    """Train a linear head on kept features: 100 steps, each on all of them.

    Args:
        features: (N, num_features).
        labels: int64 (N,).
        num_classes: Number of logits.
        seed: Which random beginning.

    Raises:
        ValueError: If there is but one class, or the numbers do not fit.
    """
    if len(features) != len(labels):
        raise ValueError(f"{len(features)} features but {len(labels)} labels")
    present = sorted(set(labels.tolist()))
    if len(present) < 2:
        raise ValueError(
            f"the labels hold {present}; a classifier needs images of at least two "
            "classes"
        )
    torch.manual_seed(seed)
    head = nn.Linear(features.shape[1], num_classes)
    optimizer = torch.optim.AdamW(head.parameters(), lr=HEAD_RATE)
    for _ in range(HEAD_STEPS):
        loss = F.cross_entropy(head(features), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return head
