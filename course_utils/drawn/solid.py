"""Objects in three dimensions: limbs, discs and plates, seen from any side.

Model space: x forward, y up, z towards the viewer when the object faces right; the
unit is about a hundredth of the object's length. Parts are projected at once and
painted from far to near.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, TypeAlias

from course_utils.drawn.tape import cosine, sine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from course_utils.drawn.canvas import Canvas, Colour, Point

Place: TypeAlias = "tuple[float, float, float]"
_FINEST = 0.12  # pixels: thinner limbs would only be seen too thick
_PERSPECTIVE = 0.0012  # how much nearer parts grow, per unit of depth


def shade(colour: Colour, factor: float) -> Colour:
    """Return the colour made lighter (factor above 1) or darker."""
    red, green, blue = colour
    return (
        min(255, int(red * factor)),
        min(255, int(green * factor)),
        min(255, int(blue * factor)),
    )


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return ``first`` with a ``share`` (0 to 1) of ``second`` in it."""
    return (
        int(first[0] + (second[0] - first[0]) * share),
        int(first[1] + (second[1] - first[1]) * share),
        int(first[2] + (second[2] - first[2]) * share),
    )


def between(start: Place, end: Place, share: float) -> Place:
    """Return the place a ``share`` (0 to 1) of the way from start to end."""
    return (
        start[0] + (end[0] - start[0]) * share,
        start[1] + (end[1] - start[1]) * share,
        start[2] + (end[2] - start[2]) * share,
    )


class Solid:
    """The projected parts of one object.

    Args:
        yaw: Turn about the vertical, 1/1024 turns: 0 faces right, 256 the viewer.
        pitch: Height of the eye above the object: 0 level, 256 straight above.
        roll: Turn in the picture plane.
        light: Where light comes from, left (−1) to right (+1).
    """

    def __init__(self, yaw: int, pitch: int, roll: int, light: float) -> None:
        self._yaw = (cosine(yaw), sine(yaw))
        self._pitch = (cosine(pitch), sine(pitch))
        self._roll = (cosine(roll), sine(roll))
        self.light = light
        self.focus: Place | None = None  # the head, for close-ups
        self._parts: list[_Part] = []
        self._box = [1e9, 1e9, -1e9, -1e9]

    def project(self, place: Place) -> tuple[float, float, float]:
        """Return right, down and nearness of a place, in model units."""
        x, y, z = place
        cos, sin = self._yaw
        across, near = x * cos - z * sin, x * sin + z * cos
        cos, sin = self._pitch
        down, near = near * sin - y * cos, near * cos + y * sin
        cos, sin = self._roll
        grow = 1 + near * _PERSPECTIVE
        return (
            (across * cos - down * sin) * grow,
            (across * sin + down * cos) * grow,
            near,
        )

    def facing(self, direction: Place) -> float:
        """Return how much a direction points at the viewer, in its own length."""
        x, y, z = direction
        near = x * self._yaw[1] + z * self._yaw[0]
        return near * self._pitch[0] + y * self._pitch[1]

    def ball(
        self, place: Place, radius: float, colour: Colour, bias: float = 0
    ) -> None:
        """Add a ball; a positive ``bias`` brings a part forward."""
        self.limb(place, radius, place, radius, colour, bias)

    def limb(
        self,
        start: Place,
        start_radius: float,
        end: Place,
        end_radius: float,
        colour: Colour,
        bias: float = 0,
        lit: bool = False,
    ) -> None:
        """Add a tapered limb; ``lit`` gives it a shaded and a bright side."""
        x0, y0, near0 = self.project(start)
        x1, y1, near1 = self.project(end)
        left, right = x0 - start_radius, x0 + start_radius
        top, bottom = y0 - start_radius, y0 + start_radius
        self._cover(
            left if left < x1 - end_radius else x1 - end_radius,
            top if top < y1 - end_radius else y1 - end_radius,
            right if right > x1 + end_radius else x1 + end_radius,
            bottom if bottom > y1 + end_radius else y1 + end_radius,
        )
        near = (near0 + near1) / 2 + bias
        part = _Limb(near, colour, x0, y0, start_radius, x1, y1, end_radius)
        self._parts.append(part)
        if lit:
            part.colour = shade(colour, 0.82)
            across = self.light * 0.22
            lift = -0.2
            self._parts.append(
                _Limb(
                    near + 0.01,
                    shade(colour, 1.08),
                    x0 + across * start_radius,
                    y0 + lift * start_radius,
                    start_radius * 0.78,
                    x1 + across * end_radius,
                    y1 + lift * end_radius,
                    end_radius * 0.78,
                )
            )

    def disc(
        self, place: Place, radius: float, colour: Colour, bias: float = 0
    ) -> None:
        """Add a disc that stands along x and y, such as a wheel."""
        x, y, near = self.project(place)
        wide = radius * max(0.2, abs(self._yaw[0]))
        high = radius * max(0.3, self._pitch[0])
        self._cover(x - wide, y - high, x + wide, y + high)
        self._parts.append(_Disc(near + bias, colour, x, y, wide, high))

    def plate(
        self,
        places: Sequence[Place],
        colour: Colour,
        bias: float = 0,
        both_sides: bool = True,
    ) -> None:
        """Add a flat polygon; one-sided plates show when seen anticlockwise."""
        projected = [self.project(place) for place in places]
        if both_sides or not turns_away(projected):
            self.add_projected(projected, colour, bias)

    def add_projected(
        self,
        projected: Sequence[tuple[float, float, float]],
        colour: Colour,
        bias: float,
    ) -> None:
        """Add a flat polygon whose corners `project` has been given already."""
        xs, ys, nears = zip(*projected, strict=True)
        self._cover(min(xs), min(ys), max(xs), max(ys))
        # not `sum`, which rounds otherwise since Python 3.12: where two parts are
        # equally near, the last digit decides which is painted last
        near = reduce(add, nears) / len(nears) + bias
        self._parts.append(_Plate(near, colour, list(zip(xs, ys, strict=True))))

    def paint(
        self,
        canvas: Canvas,
        x: float,
        y: float,
        scale: float,
        *,
        close_up: bool = False,
    ) -> None:
        """Paint the parts so that their box is centred on (x, y).

        Args:
            canvas: Where to paint; its owner and material are used as they are.
            x: Centre of the box, pixels from the left.
            y: Centre of the box, pixels from the top.
            scale: Longer side of the box, in pixels.
            close_up: Centre the focus, if there is one, not the box.
        """
        left, top, right, bottom = self._box
        size = scale / max(right - left, bottom - top)
        across, down = (left + right) / 2, (top + bottom) / 2
        if close_up and self.focus is not None:
            across, down, _ = self.project(self.focus)
        x -= size * across
        y -= size * down
        for part in sorted(self._parts, key=_nearness):
            part.paint(canvas, x, y, size)

    def shape(self) -> tuple[float, float]:
        """Return width and height of the box as shares of its longer side."""
        left, top, right, bottom = self._box
        longer = max(right - left, bottom - top)
        return (right - left) / longer, (bottom - top) / longer

    def _cover(self, left: float, top: float, right: float, bottom: float) -> None:
        box = self._box
        if left < box[0]:
            box[0] = left
        if top < box[1]:
            box[1] = top
        if right > box[2]:
            box[2] = right
        if bottom > box[3]:
            box[3] = bottom


class _Part:
    """One painted piece in model units, y down."""

    __slots__ = ("colour", "near")
    near: float
    colour: Colour

    def paint(self, canvas: Canvas, x: float, y: float, size: float) -> None:
        raise NotImplementedError


class _Limb(_Part):
    __slots__ = ("ends",)

    def __init__(self, near: float, colour: Colour, *ends: float) -> None:
        self.near, self.colour, self.ends = near, colour, ends

    def paint(self, canvas: Canvas, x: float, y: float, size: float) -> None:
        x0, y0, radius0, x1, y1, radius1 = self.ends
        if size * max(radius0, radius1) < _FINEST:
            return
        canvas.capsule(
            (x + size * x0, y + size * y0),
            size * radius0,
            (x + size * x1, y + size * y1),
            size * radius1,
            self.colour,
        )


class _Disc(_Part):
    __slots__ = ("disc",)

    def __init__(self, near: float, colour: Colour, *disc: float) -> None:
        self.near, self.colour, self.disc = near, colour, disc

    def paint(self, canvas: Canvas, x: float, y: float, size: float) -> None:
        across, down, wide, high = self.disc
        canvas.ellipse(
            x + size * across, y + size * down, size * wide, size * high, self.colour
        )


class _Plate(_Part):
    __slots__ = ("points",)

    def __init__(self, near: float, colour: Colour, points: list[Point]) -> None:
        self.near, self.colour, self.points = near, colour, points

    def paint(self, canvas: Canvas, x: float, y: float, size: float) -> None:
        placed = [(x + size * px, y + size * py) for px, py in self.points]
        canvas.polygon(placed, self.colour)


def _nearness(part: _Part) -> float:
    return part.near


def turns_away(projected: Sequence[tuple[float, float, float]]) -> bool:
    """Return whether corners, anticlockwise from outside, are seen from inside."""
    area = 0.0
    x0, y0, _ = projected[-1]
    for x1, y1, _ in projected:
        area += x0 * y1 - x1 * y0
        x0, y0 = x1, y1
    return area >= 0  # y points down, so anticlockwise is negative
