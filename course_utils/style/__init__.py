"""Style transfer without its lesson: pictures, paintings, a live view, and the loop.

Lesson 09 writes the losses and the loop itself. Here stands what it does not teach: how
a file becomes a picture, how our own paintings are drawn, and how a long optimisation
is watched and interrupted. :mod:`course_utils.style.transfer` repeats what the lesson
teaches, for its explorer and for the recorded grid.
"""

from __future__ import annotations

from course_utils.style.figure import show
from course_utils.style.live import Live, live
from course_utils.style.paintings import PAINTINGS, painting
from course_utils.style.pictures import open_picture, own_picture, save_picture

__all__ = [
    "PAINTINGS",
    "Live",
    "live",
    "open_picture",
    "own_picture",
    "painting",
    "save_picture",
    "show",
]
