"""Pretrained networks by role, the best that is at hand, and always said which.

>>> from course_utils import pretrained
>>> network = pretrained.classifier()  # doctest: +SKIP
>>> print(network)  # doctest: +SKIP
SqueezeNet 1.1: 58.4 % top-1 on ImageNet as published · BSD-2-Clause · 4.9 MB · …

In this order: torchvision's official weights, when they are at hand or asked for with
``download=True``; the ImageNet networks that come as Python packages; our own small
networks, trained on the drawn world. ``COURSE_WEIGHTS=small`` leaves out the first.
"""

from __future__ import annotations

from course_utils.pretrained.network import Body, Network, WeightsError
from course_utils.pretrained.own import load_own
from course_utils.pretrained.roles import (
    at_hand,
    body,
    classifier,
    detector,
    instance_segmenter,
    segmenter,
    style_features,
)

__all__ = [
    "Body",
    "Network",
    "WeightsError",
    "at_hand",
    "body",
    "classifier",
    "detector",
    "instance_segmenter",
    "load_own",
    "segmenter",
    "style_features",
]
