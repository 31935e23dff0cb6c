"""Exercises 5.6 to 5.8: a learning rate in a triangle, small batches, memory."""

from course_utils.checks.lesson05_accumulation import check_accumulated_step
from course_utils.checks.lesson05_memory import check_largest_batch
from course_utils.checks.lesson05_schedule import check_triangular_rate

__all__ = ["check_accumulated_step", "check_largest_batch", "check_triangular_rate"]
