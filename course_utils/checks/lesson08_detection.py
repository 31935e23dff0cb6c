"""Exercises of lesson 08, its second half: detection and instances."""

from course_utils.checks.lesson08_detection_anchors import (
    check_match_anchors,
    check_suppress,
)
from course_utils.checks.lesson08_detection_boxes import (
    check_decode_boxes,
    check_pairwise_iou,
)
from course_utils.checks.lesson08_detection_judging import (
    check_average_precision,
    check_precision_recall,
)
from course_utils.checks.lesson08_detection_masks import check_instance_mask

__all__ = [
    "check_average_precision",
    "check_decode_boxes",
    "check_instance_mask",
    "check_match_anchors",
    "check_pairwise_iou",
    "check_precision_recall",
    "check_suppress",
]
