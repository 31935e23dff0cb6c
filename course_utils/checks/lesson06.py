"""Exercises of lesson 06, architectures from LeNet-5 to ResNet and beyond."""

from course_utils.checks.lesson06_alexnet import check_alexnet_side
from course_utils.checks.lesson06_batch_norm import check_batch_norm
from course_utils.checks.lesson06_costs import check_bottleneck, check_stack_of_3x3
from course_utils.checks.lesson06_joining import check_inception, check_their_name
from course_utils.checks.lesson06_lenet import check_lenet5
from course_utils.checks.lesson06_residual import check_residual_block
from course_utils.checks.lesson06_response import check_local_response
from course_utils.checks.lesson06_running import check_batch_norm_layer

__all__ = [
    "check_alexnet_side",
    "check_batch_norm",
    "check_batch_norm_layer",
    "check_bottleneck",
    "check_inception",
    "check_lenet5",
    "check_local_response",
    "check_residual_block",
    "check_stack_of_3x3",
    "check_their_name",
]
