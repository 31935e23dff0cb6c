"""Grad-CAM: which places of a picture speak for a class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def grad_cam(
    model: nn.Module, layer: nn.Module, image: Tensor, class_index: int
) -> Tensor:
    """Return where in an image the evidence for a class lies.

    The maps of ``layer`` are added up, each weighted by the mean of its gradients over
    height and width; what is below 0 is cut off, and the rest divided by the largest.

    Args:
        model: Gives logits; put into evaluation mode by the caller.
        layer: A layer of it with maps, (1, C, h, w), mostly the last of the body. It
            must be one that the model calls.
        image: Prepared for the model, (1, 3, H, W).
        class_index: Which logit.

    Returns:
        float32 (H, W), from 0 to 1; all 0 where nothing speaks for the class.

    Raises:
        ValueError: If it is not one image, or the layer gives no maps.

    Source: R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks
    via Gradient-Based Localization", ICCV 2017.
    """
    if image.ndim != 4 or len(image) != 1:
        raise ValueError(
            f"image has shape {tuple(image.shape)}; expected one image, (1, 3, H, W)"
        )
    kept: list[Tensor] = []
    hook = layer.register_forward_hook(lambda *step: kept.append(step[-1]))
    try:
        # an input with a gradient, so that a frozen model has one too
        with torch.enable_grad():
            logits = model(image.detach().requires_grad_(True))
    finally:
        hook.remove()
    if len(kept) != 1 or kept[0].ndim != 4:
        found = tuple(kept[0].shape) if kept else "nothing"
        raise ValueError(
            f"the layer was called {len(kept)} times and gave {found}; expected maps, "
            "(1, C, h, w), once. Is it a layer of this model? Choose a convolution or "
            "a block, such as list(body.features.children())[-1]"
        )
    (gradients,) = torch.autograd.grad(logits[0, class_index], kept)
    weights = gradients.mean(dim=(2, 3), keepdim=True)  # (1, C, 1, 1)
    cam = (weights * kept[0]).sum(dim=1, keepdim=True).clamp(min=0).detach()
    cam = F.interpolate(cam, image.shape[-2:], mode="bilinear")[0, 0]
    highest = cam.max()
    return cam / highest if highest > 0 else cam
