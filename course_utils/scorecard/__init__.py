"""The lab's score card: one look at the test set, compared on equal terms, handed in.

>>> from course_utils import scorecard
>>> card = scorecard.read("scorecard.json")  # doctest: +SKIP
"""

from course_utils.scorecard.baselines import (
    Baseline,
    Targets,
    baselines,
    baselines_on_record,
    targets,
)
from course_utils.scorecard.card import ScoreCard, judge
from course_utils.scorecard.files import default_path, read, write
from course_utils.scorecard.task import Task, fingerprint

__all__ = [
    "Baseline",
    "ScoreCard",
    "Targets",
    "Task",
    "baselines",
    "baselines_on_record",
    "default_path",
    "fingerprint",
    "judge",
    "read",
    "targets",
    "write",
]
