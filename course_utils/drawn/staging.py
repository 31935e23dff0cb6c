"""An object set into a picture: its place, its shadow, its surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from course_utils.drawn.light import FUR, PAINT, SMOOTH
from course_utils.drawn.objects import ANIMALS

if TYPE_CHECKING:
    from course_utils.drawn.canvas import Canvas, Colour
    from course_utils.drawn.solid import Solid

_SHADOW: Colour = (66, 66, 64)


@dataclass(frozen=True)
class Frame:
    """Where an object is: centre, width, height and longer side, in pixels.

    ``grounded`` says whether it stands on something that its shadow falls on.
    """

    x: float
    y: float
    width: float
    height: float
    scale: float
    grounded: bool = True


def stage(
    canvas: Canvas,
    label: int,
    solid: Solid,
    frame: Frame,
    *,
    owner: int,
    close_up: bool = False,
) -> None:
    """Draw an object and, where it stands on something, its shadow."""
    canvas.owner = 0
    if frame.grounded:
        canvas.material = SMOOTH
        bottom = frame.y + 0.48 * frame.height
        drift = frame.x - 0.06 * solid.light * frame.width
        wide, high = 0.5 * frame.width, 0.05 * frame.scale
        canvas.ellipse(drift, bottom, wide, high, _SHADOW)
    canvas.owner = owner
    canvas.material = FUR if label in ANIMALS else PAINT
    solid.paint(canvas, frame.x, frame.y, frame.scale, close_up=close_up)
