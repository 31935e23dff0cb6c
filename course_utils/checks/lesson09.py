"""Exercises of lesson 09, style transfer."""

from course_utils.checks.lesson09_gram import check_gram_matrix, check_gram_on_paper
from course_utils.checks.lesson09_losses import check_content_loss, check_style_loss
from course_utils.checks.lesson09_pixels import check_move_pixels
from course_utils.checks.lesson09_range import check_finish, check_prepare
from course_utils.checks.lesson09_variation import check_total_variation

__all__ = [
    "check_content_loss",
    "check_finish",
    "check_gram_matrix",
    "check_gram_on_paper",
    "check_move_pixels",
    "check_prepare",
    "check_style_loss",
    "check_total_variation",
]
