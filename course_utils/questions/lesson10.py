"""The quiz of lesson 10, beyond classification."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.quiz import Choice, Number, Quiz


def parameters(*layers: nn.Module) -> int:
    """Weights and biases of several layers."""
    return sum(p.numel() for layer in layers for p in layer.parameters())


def split_parameters() -> int:
    """Parameters of a (2+1)-D convolution from 3 channels to 64."""
    in_frame = nn.Conv3d(3, 64, (1, 3, 3))
    return parameters(in_frame, nn.Conv3d(64, 64, (3, 1, 1)))


def psnr_of(offset: float, peak: float = 255) -> float:
    """PSNR, in decibels, of a picture in which every pixel is off by as much."""
    error = F.mse_loss(torch.full((8, 8), offset), torch.zeros(8, 8))
    return (10 * torch.log10(peak**2 / error)).item()


def patch_parameters(patch: int = 16, channels: int = 3, width: int = 768) -> int:
    """Parameters of a patch embedding."""
    return parameters(nn.Conv2d(channels, width, patch, stride=patch))


quiz = Quiz(
    "Beyond",
    [
        Choice(
            "A verification system is to let in fewer strangers. You lower the "
            "threshold on the distance. What happens?",
            options={
                "Both error rates fall": "Then nobody would use another threshold. "
                "Only better distances lower both.",
                "Fewer false accepts, more false rejects": "A smaller distance is "
                "asked of everyone, of the owner too. You move along the ROC curve, "
                "not to another one.",
                "Fewer false rejects, more false accepts": "That is a higher "
                "threshold: more pairs count as near enough.",
                "The area under the ROC curve grows": "The area belongs to all "
                "thresholds together, so choosing one does not change it.",
            },
            correct="Fewer false accepts, more false rejects",
        ),
        Number(
            "The first layer of a video network, `nn.Conv3d(3, 64, 3)`, is split into "
            "`nn.Conv3d(3, 64, (1, 3, 3))` and `nn.Conv3d(64, 64, (3, 1, 1))`. How "
            "many parameters have the two together? (Run it.)",
            compute=split_parameters,
            explanation="1792 and 12,352, where the whole one has 5248. With so few "
            "channels coming in, splitting does not save anything: it pays where "
            "both sides are wide.",
            wrong={
                5248: "That is the layer before it was split.",
                14_016: "The biases are missing: 64 in each of the two layers.",
                2432: "The second layer reads 64 channels, not 3.",
            },
        ),
        Number(
            "Every pixel of a picture of bytes is off by 5. What is its PSNR, in "
            "decibels, to one decimal? (Run it.)",
            compute=lambda: round(psnr_of(5), 1),
            explanation="10 · log₁₀(255² / 25) = 20 · log₁₀(51).",
            wrong={
                17.1: "That is 10 · log₁₀(51); squares make it twice as much.",
                41.1: "The MSE is 25, the *square* of 5.",
                -14.0: "The peak of bytes is 255, not 1.",
            },
            tolerance=0.06,
        ),
        Choice(
            "In a GAN the discriminator's loss (on real plus on made pictures) has "
            "settled at 2 ln 2 ≈ 1.39. What do you know?",
            options={
                "The pictures are as good as real ones": "That is one way to get "
                "there. A discriminator too weak to tell anything gets there, too.",
                "The generator has collapsed": "Perhaps, perhaps not: this number "
                "does not say.",
                "The discriminator is undecided on both kinds": "Logits near 0 give "
                "ln 2 on each kind. Whether the pictures are good or the "
                "discriminator is weak has to be measured from outside.",
                "The learning rates must be lowered": "Nothing here says so.",
            },
            correct="The discriminator is undecided on both kinds",
        ),
        Number(
            "The Vision Transformer ViT-B/16 cuts RGB images into patches of 16 × 16 "
            "and embeds each in 768 numbers. How many parameters has this first step, "
            "biases included? (Run it.)",
            compute=patch_parameters,
            explanation="(16 · 16 · 3 + 1) · 768, a convolution with kernel and "
            "stride 16, whatever the size of the image.",
            wrong={
                589_824: "The 768 biases are missing.",
                197_376: "RGB: each patch has three channels.",
                589_825: "One bias for each of the 768 outputs, not one in all.",
            },
        ),
    ],
)
