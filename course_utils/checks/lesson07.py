"""Exercises of lesson 07, transfer learning."""

from course_utils.checks.lesson07_groups import check_parameter_groups
from course_utils.checks.lesson07_heads import (
    check_feature_extractor,
    check_replace_head,
)
from course_utils.checks.lesson07_inputs import check_cache_features, check_prepare
from course_utils.checks.lesson07_looking import (
    check_grad_cam,
    check_split_by_photograph,
)
from course_utils.checks.lesson07_modes import check_training_mode

__all__ = [
    "check_cache_features",
    "check_feature_extractor",
    "check_grad_cam",
    "check_parameter_groups",
    "check_prepare",
    "check_replace_head",
    "check_split_by_photograph",
    "check_training_mode",
]
