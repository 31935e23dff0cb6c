"""Bodies with flat faces: profiles pulled sideways, as cars and ships have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.drawn.palette import TYRE
from course_utils.drawn.solid import shade, turns_away

if TYPE_CHECKING:
    from collections.abc import Sequence

    from course_utils.drawn.canvas import Colour, Point
    from course_utils.drawn.solid import Place, Solid


def extrude(
    solid: Solid,
    profile: Sequence[Point],
    half_width: float,
    colour: Colour,
    bias: float = 0,
    half_width_top: float | None = None,
) -> None:
    """Add the body between two copies of a convex profile.

    Args:
        solid: Where the faces go.
        profile: Corners (x, y), anticlockwise seen from the side.
        half_width: Distance of the copies from the middle plane.
        colour: Paint; each face is shaded by where it points.
        bias: Brings all faces forward.
        half_width_top: The same for the upper corners, if the sides lean inwards.
    """
    top = half_width if half_width_top is None else half_width_top
    middle = (max(y for _, y in profile) + min(y for _, y in profile)) / 2
    near = [
        solid.project((x, y, half_width if y < middle else top)) for x, y in profile
    ]
    far = [
        solid.project((x, y, -half_width if y < middle else -top)) for x, y in profile
    ]
    for side in (near, far[::-1]):
        if not turns_away(side):
            solid.add_projected(side, shade(colour, 0.94), bias)
    for k in range(len(profile)):
        face = (near[k], near[k - 1], far[k - 1], far[k])
        if turns_away(face):
            continue
        dx, dy = profile[k][0] - profile[k - 1][0], profile[k][1] - profile[k - 1][1]
        # the normal of this face is (dy, -dx): up is bright, down is dark
        tone = 0.9 + (0.06 * solid.light * dy - 0.24 * dx) / (abs(dx) + abs(dy))
        solid.add_projected(face, shade(colour, tone), bias)


def cuboid(
    solid: Solid,
    x: tuple[float, float],
    y: tuple[float, float],
    half_width: float,
    colour: Colour,
    bias: float = 0,
) -> None:
    """Add an upright box from x[0] to x[1] and y[0] to y[1]."""
    profile = ((x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]))
    extrude(solid, profile, half_width, colour, bias)


def side_panel(
    solid: Solid,
    corners: Sequence[Point],
    half_width: float,
    colour: Colour,
    bias: float,
) -> None:
    """Add a panel such as a window to whichever side can be seen."""
    near = [(x, y, half_width) for x, y in corners]
    far = [(x, y, -half_width) for x, y in corners]
    solid.plate(near, colour, bias, both_sides=False)
    solid.plate(far[::-1], colour, bias, both_sides=False)


def cross_panel(
    solid: Solid,
    lower: Point,
    upper: Point,
    half_widths: tuple[float, float],
    colour: Colour,
    bias: float,
    forward: bool = True,
) -> None:
    """Add a panel across the body, such as a windscreen, seen from one side."""
    low, high = half_widths
    corners: list[Place] = [
        (*lower, low),
        (*lower, -low),
        (*upper, -high),
        (*upper, high),
    ]
    solid.plate(corners if forward else corners[::-1], colour, bias, both_sides=False)


def wheel(
    solid: Solid, x: float, radius: float, half_width: float, rim: Colour
) -> None:
    """Add a pair of wheels; only the near one shows its rim."""
    seen = solid.facing((0, 0, 1))
    near = 1 if seen >= 0 else -1
    for side in (-near, near):
        bias = 30 * seen * side  # seen from the front, the body hides the wheels
        inner: Place = (x, radius, side * (half_width - 5))
        outer: Place = (x, radius, side * (half_width + 0.5))
        solid.disc(inner, radius, shade(TYRE, 0.7), bias)
        solid.disc((x, radius, side * (half_width - 2)), radius, TYRE, bias + 1)
        solid.disc(outer, radius, TYRE, bias + 2)
        if side == near:
            solid.disc(outer, 0.55 * radius, rim, bias + 3)
            solid.disc(outer, 0.2 * radius, TYRE, bias + 4)
