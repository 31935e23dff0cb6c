"""Exercises of lesson 11, the lab: five stages, judged by what they do."""

from course_utils.checks.lesson11_data import check_prepare
from course_utils.checks.lesson11_improve import check_augment, check_schedule
from course_utils.checks.lesson11_judging import check_evaluate
from course_utils.checks.lesson11_model import check_build_model
from course_utils.checks.lesson11_training import check_train_epoch

__all__ = [
    "check_augment",
    "check_build_model",
    "check_evaluate",
    "check_prepare",
    "check_schedule",
    "check_train_epoch",
]
