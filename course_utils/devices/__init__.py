"""The device a network computes on: chosen, timed honestly, measured and drawn.

>>> from course_utils import devices
>>> devices.best_device(quiet=True).type in devices.KINDS
True

The drawings are in `course_utils.devices.figures`, which imports matplotlib.
"""

from __future__ import annotations

from course_utils.devices.choice import KINDS, available, best_device, describe
from course_utils.devices.copies import CopyCounter
from course_utils.devices.profiles import PHASES, measure_profile, operator_table
from course_utils.devices.sizes import measure_sizes
from course_utils.devices.timeline import Span, cuda_timeline
from course_utils.devices.timing import synchronize, timed
from course_utils.devices.transfers import measure_transfers

__all__ = [
    "KINDS",
    "PHASES",
    "CopyCounter",
    "Span",
    "available",
    "best_device",
    "cuda_timeline",
    "describe",
    "measure_profile",
    "measure_sizes",
    "measure_transfers",
    "operator_table",
    "synchronize",
    "timed",
]
