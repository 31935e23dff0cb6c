"""The quiz of lesson 03, pooling and flattening."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.lesson03_pooling import LECTURE_IMAGE
from course_utils.photos import photo
from course_utils.quiz import Choice, Number, Quiz


def overlapping_sum(padding: int = 1) -> int:
    """Sum of the lecture's image after 3 × 3 max pooling with stride 2."""
    pooled = F.max_pool2d(LECTURE_IMAGE[None], 3, stride=2, padding=padding)
    return int(pooled.sum())


def brick_share(
    size: int = 4, pool: Callable[[Tensor, int], Tensor] = F.max_pool2d
) -> int:
    """Per cent of pooled brick edges that a move by one pixel leaves as they were."""
    sobel = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])
    picture = photo("brick", size=256, gray=True)
    edges = F.conv2d(picture[None], sobel[None, None]).clamp(min=0)
    same = pool(edges[..., 1:], size) == pool(edges[..., :-1], size)
    return round(100 * same.float().mean().item())


quiz = Quiz(
    "Pooling and flattening",
    [
        Choice(
            "A batch of shape (8, 16, 32, 32) goes through `nn.MaxPool2d(3)`. "
            "What comes out?",
            options={
                "(8, 16, 30, 30)": "That would be stride 1, a convolution's default. "
                "A pooling's default stride is its `kernel_size`, here 3.",
                "(8, 16, 10, 10)": "⌊(32 − 3) / 3⌋ + 1 = 10: the stride is 3 by "
                "default, and the last two columns are dropped.",
                "(8, 16, 11, 11)": "That would be `ceil_mode=True`. The default rounds "
                "down, and the last two columns are dropped.",
                "(8, 5, 10, 10)": "Pooling works on each channel by itself: 16 maps "
                "go in and 16 come out.",
            },
            correct="(8, 16, 10, 10)",
        ),
        Number(
            "Pool the lecture's 6 × 6 `image` with "
            "`nn.MaxPool2d(3, stride=2, padding=1)`. What do the nine outputs add up "
            "to? (Run it.)",
            compute=overlapping_sum,
            explanation="The rows are 5, 8, 9, then 4, 8, 8, then 5, 8, 9. PyTorch "
            "pads with −∞, so the padding wins nowhere.",
            wrong={
                34: "Without padding there are four outputs, not nine.",
                60: "These are the outputs of the 2 × 2 window, "
                "5 + 8 + 9 + 4 + 8 + 5 + 5 + 7 + 9.",
            },
        ),
        Choice(
            "An object moves by one pixel, well inside the image. Which result is "
            "certainly the same as before, number by number?",
            options={
                "2 × 2 max pooling, stride 2": "Only where the maximum stays in its "
                "window and nothing larger comes in.",
                "2 × 2 max pooling, stride 1": "With stride 1 the outputs move along "
                "by one place: equivariant, not invariant.",
                "2 × 2 average pooling, stride 2": "Each average loses two pixels and "
                "gains two others: it hardly ever stays exactly the same.",
                "Global average pooling": "The same pixels are added up in another "
                "order; where they stand plays no part.",
            },
            correct="Global average pooling",
        ),
        Number(
            'Take the photograph `photo("brick", size=256, gray=True)`, its '
            "horizontal edges as in the lesson (Sobel, then `clamp(min=0)`), and 4 × 4 "
            "max pooling. How many per cent of *all* outputs stay the same when the "
            "edges move right by one pixel? (Run it; to the nearest whole number.)",
            compute=brick_share,
            explanation="Fewer than half, although the window has four times the area "
            "of a 2 × 2 one. Bricks behave as the cat does.",
            wrong={
                38: "That is the 2 × 2 window.",
                58: "That is the 8 × 8 window.",
                5: "That is average pooling.",
                52: "That is the share that changes.",
            },
            tolerance=1,
        ),
        Number(
            "A 28 × 28 image passes a 5 × 5 convolution, 2 × 2 max pooling, another "
            "5 × 5 convolution with 16 output channels, and 2 × 2 max pooling; "
            "no padding anywhere. What is the `in_features` of the layer after "
            "`nn.Flatten()`?",
            compute=lambda: 16 * 4 * 4,
            explanation="28 → 24 → 12 → 8 → 4, and 16 maps of 4 × 4 are 256 values.",
            wrong={
                400: "16 · 5 · 5 is right for a 32 × 32 image. Here the size goes "
                "28 → 24 → 12 → 8 → 4.",
                784: "16 · 7 · 7 counts the poolings only. Without padding each 5 × 5 "
                "convolution takes four pixels off.",
                16: "That is one value a channel. Each map still has 4 × 4 values.",
                64: "16 · 4: you took one row of each map. A map has 4 × 4 values.",
            },
        ),
    ],
)
