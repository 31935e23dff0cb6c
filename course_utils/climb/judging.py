"""What a network predicts in a setup's precision, and how often it is right."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.climb.loading import judged_batches
from course_utils.climb.setup import Setup
from course_utils.datasets import ImageData
from course_utils.training.epochs import evaluation_mode


def autocast_dtype(setup: Setup, device: torch.device) -> torch.dtype | None:
    """Return the dtype of mixed precision, ``None`` for float32 throughout."""
    if setup.precision == "float32":
        return None
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(False):
        return torch.float16  # a T4, say: 5 bits of exponent, so the loss is scaled
    return torch.bfloat16


def logits(network: Callable[[Tensor], Tensor], images: Tensor, setup: Setup) -> Tensor:
    """Return logits, float32 (N, C), computed in the setup's precision."""
    dtype = autocast_dtype(setup, images.device)
    with torch.autocast(images.device.type, dtype, enabled=dtype is not None):
        return network(images).float()


def accuracy(
    model: nn.Module, setup: Setup, data: ImageData, images: Tensor, labels: Tensor
) -> float:
    """Return the share of images predicted rightly, from 0 to 1.

    With ``flip_at_test``, an image's logits are averaged with its mirror image's.

    Args:
        model: Returns logits.
        setup: Its recipe.
        data: What it was trained on, whose normalisation it expects.
        images: uint8 (N, 3, H, W).
        labels: int64 (N,).
    """
    device = next(model.parameters()).device
    right = torch.zeros((), dtype=torch.int64, device=device)
    with evaluation_mode(model), torch.inference_mode():
        for batch, answers in judged_batches(images, labels, data, device):
            found = logits(model, batch, setup)
            if setup.flip_at_test:
                found = (found + logits(model, batch.flip(3), setup)) / 2
            right += (found.argmax(dim=1) == answers).sum()
    return int(right) / len(labels)
