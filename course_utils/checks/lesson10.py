"""Exercises of lesson 10, beyond classification."""

from course_utils.checks.lesson10_captions import check_clipped_precision
from course_utils.checks.lesson10_faces import check_both_errors
from course_utils.checks.lesson10_gan import check_gan_losses
from course_utils.checks.lesson10_resolution import (
    check_peak_ratio,
    check_pixel_shuffle,
)
from course_utils.checks.lesson10_video import check_causal_convolution
from course_utils.checks.lesson10_vit import check_attention, check_cut_into_patches
from course_utils.checks.lesson10_voxels import check_conv3d_bill

__all__ = [
    "check_attention",
    "check_both_errors",
    "check_causal_convolution",
    "check_clipped_precision",
    "check_conv3d_bill",
    "check_cut_into_patches",
    "check_gan_losses",
    "check_peak_ratio",
    "check_pixel_shuffle",
]
