"""Exercises of lesson 03, pooling and flattening."""

from course_utils.checks.lesson03_flattening import (
    check_flatten_images,
    check_in_features,
    check_relu,
)
from course_utils.checks.lesson03_pooling import check_max_pool, check_pooled_size
from course_utils.checks.lesson03_shift import (
    check_unchanged_outputs,
    check_unchanged_share,
)
from course_utils.checks.lesson03_windows import (
    check_adaptive_windows,
    check_average_pool,
)

__all__ = [
    "check_adaptive_windows",
    "check_average_pool",
    "check_flatten_images",
    "check_in_features",
    "check_max_pool",
    "check_pooled_size",
    "check_relu",
    "check_unchanged_outputs",
    "check_unchanged_share",
]
