"""Exercises of lesson 05, training on GPUs."""

from course_utils.checks.lesson05_climb import (
    check_accumulated_step,
    check_largest_batch,
    check_triangular_rate,
)
from course_utils.checks.lesson05_devices import (
    check_mean_loss,
    check_normalise,
    check_seconds_per_call,
    check_send_batch,
    check_step_anywhere,
)
from course_utils.checks.lesson05_many import (
    check_joint_gradient,
    check_plan_run,
    check_rank_indices,
)

__all__ = [
    "check_accumulated_step",
    "check_joint_gradient",
    "check_largest_batch",
    "check_mean_loss",
    "check_normalise",
    "check_plan_run",
    "check_rank_indices",
    "check_seconds_per_call",
    "check_send_batch",
    "check_step_anywhere",
    "check_triangular_rate",
]
