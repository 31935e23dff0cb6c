"""Exercises 5.1 to 5.5: devices, timing, reading back, transfers."""

from course_utils.checks.lesson05_devices_bytes import check_normalise
from course_utils.checks.lesson05_devices_journey import check_send_batch
from course_utils.checks.lesson05_devices_reading import check_mean_loss
from course_utils.checks.lesson05_devices_step import check_step_anywhere
from course_utils.checks.lesson05_devices_timing import check_seconds_per_call

__all__ = [
    "check_mean_loss",
    "check_normalise",
    "check_seconds_per_call",
    "check_send_batch",
    "check_step_anywhere",
]
