"""The exercises of lesson 02, convolution by hand."""

from course_utils.checks.lesson02_design import check_bar_detector, check_move_left
from course_utils.checks.lesson02_kernels import check_first_row, check_slide_kernel
from course_utils.checks.lesson02_layers import (
    check_add_channels,
    check_count_parameters,
)
from course_utils.checks.lesson02_rearranged import check_im2col, check_stamp_kernel
from course_utils.checks.lesson02_steps import (
    check_output_size,
    check_pad_zeros,
    check_stride_kernel,
)

__all__ = [
    "check_add_channels",
    "check_bar_detector",
    "check_count_parameters",
    "check_first_row",
    "check_im2col",
    "check_move_left",
    "check_output_size",
    "check_pad_zeros",
    "check_slide_kernel",
    "check_stamp_kernel",
    "check_stride_kernel",
]
