"""Exercises of lesson 08, segmentation and detection."""

from course_utils.checks.lesson08_detection import (
    check_average_precision,
    check_decode_boxes,
    check_instance_mask,
    check_match_anchors,
    check_pairwise_iou,
    check_precision_recall,
    check_suppress,
)
from course_utils.checks.lesson08_segmentation_iou import check_mean_iou
from course_utils.checks.lesson08_segmentation_pixels import (
    check_pixel_cross_entropy,
    check_predict_classes,
)
from course_utils.checks.lesson08_segmentation_views import (
    check_as_convolution,
    check_field_of_view,
)

__all__ = [
    "check_as_convolution",
    "check_average_precision",
    "check_decode_boxes",
    "check_field_of_view",
    "check_instance_mask",
    "check_match_anchors",
    "check_mean_iou",
    "check_pairwise_iou",
    "check_pixel_cross_entropy",
    "check_precision_recall",
    "check_predict_classes",
    "check_suppress",
]
