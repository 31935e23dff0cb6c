"""What lesson 07 has built: new heads, kept features, rates by depth, Grad-CAM.

>>> from course_utils import pretrained, transfer
>>> body = pretrained.body()  # doctest: +SKIP
>>> model = transfer.Transfer(body, num_classes=2)  # doctest: +SKIP
"""

from __future__ import annotations

from course_utils.transfer.comparison import WAYS, Comparison, epochs_for
from course_utils.transfer.features import cached_features, train_head
from course_utils.transfer.fine_tuning import (
    discriminative,
    evaluate,
    fine_tune,
    stages,
    thaw,
    train_as_before,
)
from course_utils.transfer.grad_cam import grad_cam
from course_utils.transfer.networks import SmallCNN, Transfer

__all__ = [
    "WAYS",
    "Comparison",
    "SmallCNN",
    "Transfer",
    "cached_features",
    "discriminative",
    "epochs_for",
    "evaluate",
    "fine_tune",
    "grad_cam",
    "stages",
    "thaw",
    "train_as_before",
    "train_head",
]
