"""Exercises of lesson 04, a network for CIFAR-10."""

from course_utils.checks.lesson04_counting import check_confusion, check_half_width
from course_utils.checks.lesson04_data import check_normalise, check_split_indices
from course_utils.checks.lesson04_judging import check_accuracy, check_evaluate
from course_utils.checks.lesson04_models import check_cnn, check_lab_network
from course_utils.checks.lesson04_network import (
    check_count_parameters,
    check_parentheses,
)
from course_utils.checks.lesson04_training import check_cross_entropy, check_train_step

__all__ = [
    "check_accuracy",
    "check_cnn",
    "check_confusion",
    "check_count_parameters",
    "check_cross_entropy",
    "check_evaluate",
    "check_half_width",
    "check_lab_network",
    "check_normalise",
    "check_parentheses",
    "check_split_indices",
    "check_train_step",
]
