"""The quiz of lesson 08, segmentation and detection."""

from __future__ import annotations

import torch
from torchvision.ops import box_convert, box_iou

from course_utils.quiz import Choice, Number, Quiz


def mean_iou_of_background(share: float, other_classes: int) -> float:
    """Mean IoU of a network that calls every pixel background."""
    return share / (1 + other_classes)


def iou_of_corner_and_size(
    first: tuple[float, ...], second: tuple[float, ...]
) -> float:
    """IoU of two boxes given as left, top, width, height."""
    boxes = box_convert(torch.tensor([first, second]), "xywh", "xyxy")
    return float(box_iou(boxes[:1], boxes[1:]))


def anchors_of_pyramid(
    height: int, width: int, strides: tuple[int, ...], each: int
) -> int:
    """Anchors on all maps of a feature pyramid."""
    return sum((height // s) * (width // s) * each for s in strides)


quiz = Quiz(
    "Segmentation and detection",
    [
        Choice(
            "`scores` has shape (2, 11, 96, 128): two pictures, eleven classes. Which "
            "line gives the label of every pixel?",
            options={
                "`scores.argmax(0)`": "That asks, for each class and pixel, which of "
                "the two *pictures* scores higher.",
                "`scores.argmax(1)`": "The classes stand on axis 1; what is left is "
                "(2, 96, 128).",
                "`scores.argmax(-1)`": "That gives the *column* with the largest score "
                "in each row of pixels.",
                "`scores.softmax(1)`": "Those are probabilities, one a class; the "
                "label is the place of the largest.",
            },
            correct="`scores.argmax(1)`",
        ),
        Number(
            "In a scene 85 % of the pixels are background; a truck and a deer share "
            "the rest. A network answers “background” everywhere. What is its mean "
            "IoU over the three classes? (To two decimals.)",
            compute=lambda: mean_iou_of_background(0.85, 2),
            explanation="The IoU of the background is 0.85, the other two have 0: "
            "0.85 / 3. Of the pixels 85 % are right all the same.",
            wrong={
                0.85: "That is the share of right pixels. The truck and the deer have "
                "an IoU of 0 and count as much as the background.",
                0.08: "Classes that occur neither in the truth nor in the answer do "
                "not count: three classes are left, not eleven.",
            },
            tolerance=0.006,
        ),
        Number(
            "A file of COCO gives boxes as left, top, width, height. What is the IoU "
            "of (10, 10, 20, 20) and (20, 20, 20, 20)? (Run it; to two decimals.)",
            compute=lambda: iou_of_corner_and_size((10, 10, 20, 20), (20, 20, 20, 20)),
            explanation="`box_convert(boxes, 'xywh', 'xyxy')` makes (10, 10, 30, 30) "
            "and (20, 20, 40, 40) of them: 100 / (400 + 400 − 100).",
            wrong={
                0: "Read as corners, the second box has no area. The last two numbers "
                "are width and height.",
                0.25: "That is the share of one box. Divide by the union.",
                0.125: "The overlap counts twice in 400 + 400: subtract it once.",
            },
            tolerance=0.006,
        ),
        Number(
            "torchvision's Faster R-CNN with a feature pyramid has maps of stride 4, "
            "8, 16, 32 and 64, with three anchors at each position. How many anchors "
            "does it lay over a picture of 768 × 1024 pixels? (Run it.)",
            compute=lambda: anchors_of_pyramid(768, 1024, (4, 8, 16, 32, 64), 3),
            explanation="192 · 256 + 96 · 128 + 48 · 64 + 24 · 32 + 12 · 16 = 65,472 "
            "positions, three anchors each.",
            wrong={
                65_472: "Those are the positions; each has three anchors.",
                147_456: "That is the finest map alone; there are five.",
            },
        ),
        Choice(
            "Your detector finds single people well. In a crowd only one of two people "
            "side by side gets a box, although the network gave both a high score. "
            "What do you try first?",
            options={
                "A larger IoU threshold in non-maximum suppression": "The two boxes "
                "overlap, and the weaker one is taken for a double. With a larger "
                "threshold only boxes that overlap even more suppress each other.",
                "A smaller IoU threshold in non-maximum suppression": "Then boxes "
                "suppress each other even sooner.",
                "A smaller score threshold": "Both scores are high: that is not where "
                "the second person is lost.",
                "A larger score threshold": "That leaves fewer boxes still.",
            },
            correct="A larger IoU threshold in non-maximum suppression",
        ),
        Choice(
            "Detectors A and B find the same six of eight objects and invent two boxes "
            "each. A gives its inventions the lowest scores, B the highest. Which AP "
            "is larger?",
            options={
                "A's": "Its ranking begins with six hits, so precision is 1 up to a "
                "recall of ¾. B begins with two misses and has precision ¾ at best.",
                "B's": "High scores for wrong boxes come first in the ranking and pull "
                "the precision down from the start.",
                "Both are equal": "Precision and recall of the whole list are: 6 of 8 "
                "each. But AP looks at every length of the list.",
            },
            correct="A's",
        ),
    ],
)
