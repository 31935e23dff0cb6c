"""The quiz of lesson 02, convolution by hand."""

from __future__ import annotations

import torch.nn.functional as F

from course_utils.arithmetic import conv_output_size, receptive_field
from course_utils.checks.lesson02_kernels import LECTURE_IMAGE, SOBEL_HORIZONTAL
from course_utils.quiz import Choice, Number, Quiz


def _largest_vertical_edge() -> int:
    vertical = SOBEL_HORIZONTAL.T[None, None]
    return int(F.conv2d(LECTURE_IMAGE[None, None], vertical).max())


quiz = Quiz(
    "Convolution by hand",
    [
        Number(
            "The first layer of a ResNet: 224 × 224 pixels in, a 7 × 7 kernel, "
            "stride 2, padding 3. How many rows come out?",
            compute=lambda: conv_output_size(224, 7, stride=2, padding=3),
            explanation="⌊(224 + 2·3 − 7) / 2⌋ + 1 = ⌊111.5⌋ + 1 = 112: half of 224, "
            "which is why this combination is so common.",
            wrong={
                113: "You rounded 111.5 up; a window that hangs over is not computed.",
                111: "Those are the steps; there is one window more. Or you "
                "padded on one side only.",
                109: "You left the padding out.",
                224: "You left the stride out.",
            },
        ),
        Number(
            "Compute this one: lay the *vertical* Sobel kernel (`sobel.T`) on the "
            "lecture's 6 × 6 image. What is the largest of the sixteen numbers?",
            compute=_largest_vertical_edge,
            explanation="`conv_valid(image, sobel.T).max()`. It marks the place where "
            "the image brightens most from left to right.",
            wrong={
                14: "That is the largest number under the horizontal kernel.",
                -25: "That is the smallest number under the horizontal kernel.",
            },
        ),
        Choice(
            "The picture moves one pixel to the right. What happens to the feature map "
            "of a layer with stride 2?",
            options={
                "It moves one pixel to the right.": "So it does at stride 1. Here one "
                "step of the output is two pixels of the input.",
                "It moves half a pixel, that is, not at all.": "A map can't move by "
                "half a pixel, but its numbers do change.",
                "It becomes another map.": "The windows now begin at the pixels that "
                "were skipped before. After two pixels the old map comes again, moved "
                "by one.",
                "It keeps its numbers in another order.": "The numbers themselves "
                "change: they come from windows that were never looked at before.",
            },
            correct="It becomes another map.",
        ),
        Number(
            "Compute this one: three 3 × 3 layers, the first with stride 1, the second "
            "with stride 2, the third with dilation 2. How many pixels of the input, "
            "along one side, does one output see?",
            compute=lambda: receptive_field([(3, 1, 1), (3, 2, 1), (3, 1, 2)]),
            explanation="1 + 2 + 2 + 4·2 = 13: the third layer's taps are two pixels "
            "apart, and its pixels are two pixels of the input apart.",
            wrong={
                7: "That is without stride and dilation: 1 + 2 + 2 + 2.",
                9: "The third layer is widened twice, by its dilation and by the "
                "stride before it: 2 · 2 = 4 pixels from tap to tap.",
                11: "The stride widens the layers *after* its own: here the third.",
                15: "The stride widens only the layers after its own.",
            },
        ),
        Choice(
            "Which layer turns 64 channels into 16 without letting any pixel look at "
            "its neighbours?",
            options={
                "`nn.Conv2d(64, 16, kernel_size=1)`": "A 1 × 1 convolution: 16 "
                "weighted sums over the 64 channels of the same pixel.",
                "`nn.Conv2d(64, 16, kernel_size=3, groups=16)`": "Groups keep "
                "channels apart, but a 3 × 3 kernel does look at its neighbours.",
                "`nn.Conv2d(64, 16, kernel_size=3, padding=1)`": "The padding keeps "
                "the size; the kernel still covers nine pixels.",
                "`nn.Conv2d(64, 64, kernel_size=1, groups=64)`": "That is 1 × 1 and "
                "depthwise: it multiplies each channel by a number and leaves 64 of "
                "them.",
            },
            correct="`nn.Conv2d(64, 16, kernel_size=1)`",
        ),
    ],
)
