"""The exercises of lesson 01, in the order in which they appear."""

from course_utils.checks.lesson01_counting import (
    check_count_parameters,
    check_rms_distance,
)
from course_utils.checks.lesson01_normalising import (
    check_denormalise,
    check_normalise,
)
from course_utils.checks.lesson01_tensors import (
    check_brightest,
    check_to_gray,
    check_to_nchw,
)

__all__ = [
    "check_brightest",
    "check_count_parameters",
    "check_denormalise",
    "check_normalise",
    "check_rms_distance",
    "check_to_gray",
    "check_to_nchw",
]
