"""Exercises 5.9 to 5.11: several devices that train as one."""

from course_utils.checks.lesson05_many_dealing import check_rank_indices
from course_utils.checks.lesson05_many_joining import (
    check_joint_gradient,
    check_plan_run,
)

__all__ = ["check_joint_gradient", "check_plan_run", "check_rank_indices"]
