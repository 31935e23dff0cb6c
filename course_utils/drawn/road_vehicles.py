"""Automobiles and trucks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.drawn.boxes import cross_panel, cuboid, extrude, side_panel, wheel
from course_utils.drawn.palette import BLACK, GLASS, PAINTS, TYRE, WHITE, varied
from course_utils.drawn.solid import mix, shade

if TYPE_CHECKING:
    from course_utils.drawn.canvas import Colour
    from course_utils.drawn.solid import Solid
    from course_utils.drawn.tape import Tape

_RIMS: tuple[Colour, ...] = ((190, 192, 196), (120, 122, 126), (70, 70, 74))
_LAMP: Colour = (250, 244, 206)
_REAR_LAMP: Colour = (200, 40, 36)


def automobile(solid: Solid, tape: Tape, stride: int) -> None:
    """Add a car: saloon, hatchback, estate, off-roader or sports car."""
    paint = varied(tape, PAINTS)
    half = tape.uniform(40, 48)
    wide = tape.uniform(17, 20)
    high = tape.uniform(15, 19)  # where the windows begin
    roof = high + tape.uniform(11, 17)
    tyre = tape.uniform(7.2, 9)
    nose = high - tape.uniform(1, 5)
    lower = (
        (-half, 7),
        (-half + 2, 5),
        (half - 2, 5),
        (half, 8),
        (half - 1, nose),
        (half * 0.3, high),
        (-half + 1, high),
    )
    extrude(solid, lower, wide, paint)
    rear = tape.uniform(-half + 2, -half * 0.35)
    cabin = (
        (rear - 2, high),
        (half * 0.42, high),
        (half * tape.uniform(0.08, 0.22), roof),
        (rear + tape.uniform(2, 10), roof),
    )
    roof_wide = wide * 0.8
    glass = shade(GLASS, tape.uniform(0.6, 1.4))
    extrude(solid, cabin, wide * 0.96, paint, 12, roof_wide)
    _car_windows(solid, cabin, wide, roof_wide, glass)
    rim = tape.pick(_RIMS)
    for x in (-0.62 * half, 0.62 * half):
        wheel(solid, x, tyre, wide, rim)
    _lamps(solid, half, wide, nose - 4)
    cross_panel(
        solid, (half + 0.4, 7), (half + 0.2, 10), (0.5 * wide, 0.5 * wide), BLACK, 20
    )
    if tape.chance(0.3):
        strip = ((-half, 9), (half, 9), (half, 10.5), (-half, 10.5))
        side_panel(solid, strip, wide + 0.1, shade(paint, 0.6), 8)


def truck(solid: Solid, tape: Tape, stride: int) -> None:
    """Add a truck: cab and load, the load a box, a tank, a tipper or open."""
    paint = varied(tape, PAINTS)
    wide = tape.uniform(16, 19)
    tyre = tape.uniform(7, 9)
    back = -tape.uniform(38, 66)
    front = 40.0
    cab_back = tape.uniform(12, 20)
    roof = tape.uniform(38, 46)
    cuboid(solid, (back, front), (tyre * 0.9, tyre + 4), wide * 0.8, (60, 60, 64), -6)
    _cab(solid, tape, paint, cab_back, front, roof, wide)
    kind = tape.weighted((("box", 5), ("tipper", 2), ("tank", 2), ("pickup", 2)))
    floor = tyre + 4
    load = varied(tape, (*PAINTS[:6], WHITE, WHITE, paint))
    edge = cab_back - 3
    if kind == "box":
        _box(solid, tape, (back, edge), (floor, roof), wide, load)
    elif kind == "tank":
        tone, y = mix(load, WHITE, 0.5), floor + 13
        solid.limb((back + 12, y, 0), 13, (edge - 13, y, 0), 13, tone, lit=True)
    elif kind == "tipper":
        _tipper(solid, tape, (back, edge), floor, wide, load)
    else:
        cuboid(solid, (back, edge), (floor, floor + 12), wide, paint)
    rim = tape.pick(_RIMS)
    axles = [front - 11, back + 10]
    if back < -46 or tape.chance(0.4):
        axles.append(back + 10 + 2.15 * tyre)
    for x in axles:
        wheel(solid, x, tyre, wide, rim)


def _box(
    solid: Solid,
    tape: Tape,
    x: tuple[float, float],
    y: tuple[float, float],
    wide: float,
    colour: Colour,
) -> None:
    """Add a box body with a stripe along its sides and doors at its back."""
    (back, front), (floor, top) = x, y
    top += tape.uniform(0, 12)
    cuboid(solid, x, (floor, top), wide * 1.06, colour)
    stripe = shade(colour, tape.pick((0.55, 0.75, 1.25)))
    low, high = floor + 8, floor + tape.uniform(12, 20)
    corners = ((back + 3, low), (front - 3, low), (front - 3, high), (back + 3, high))
    side_panel(solid, corners, wide * 1.07, stripe, 8)
    foot, head = (back - 0.1, floor + 2), (back - 0.1, top - 2)
    gap = shade(colour, 0.5)
    cross_panel(solid, foot, head, (0.5, 0.5), gap, 8, forward=False)


def _tipper(
    solid: Solid,
    tape: Tape,
    x: tuple[float, float],
    floor: float,
    wide: float,
    colour: Colour,
) -> None:
    """Add a tipper's body, often with a heap in it."""
    back, front = x
    rim = floor + tape.uniform(20, 26)
    bed = ((back + 6, floor), (front - 6, floor), (front, rim), (back, rim))
    extrude(solid, bed, wide, colour)
    if tape.chance(0.7):
        heap = tape.pick(((128, 98, 66), (150, 146, 140), (96, 110, 60)))
        mound = ((back + 3, rim), (front - 3, rim), ((back + front) / 2, rim + 9))
        extrude(solid, mound, wide * 0.8, heap, 2, wide * 0.3)


def _cab(
    solid: Solid,
    tape: Tape,
    paint: Colour,
    back: float,
    front: float,
    roof: float,
    wide: float,
) -> None:
    bonnet = tape.chance(0.35)
    glass = shade(GLASS, tape.uniform(0.6, 1.4))
    screen = front - (12 if bonnet else 2)
    middle = roof - 15
    if bonnet:
        cuboid(solid, (screen, front), (9, middle), wide * 0.9, paint, 1)
        back -= 4
    profile = ((back, 9), (screen, 9), (screen, middle), (screen - 4, roof),
               (back, roof))  # fmt: skip
    extrude(solid, profile, wide, paint, 2)
    pane = ((back + 4, middle + 1), (screen - 3, middle + 1), (screen - 6, roof - 3),
            (back + 4, roof - 3))  # fmt: skip
    side_panel(solid, pane, wide + 0.1, glass, 12)
    widths = (wide * 0.88, wide * 0.82)
    cross_panel(
        solid, (screen + 0.2, middle + 1), (screen - 3.2, roof - 2), widths, glass, 14
    )
    nose = front if bonnet else screen
    grille = (wide * 0.55, wide * 0.55)
    low, high = (nose + 0.3, 13), (nose + 0.3, 20)
    cross_panel(solid, low, high, grille, shade(paint, 0.35), 14)
    bumper = (wide * 0.98, wide * 0.98)
    cross_panel(solid, (nose + 0.3, 8), (nose + 0.3, 11), bumper, TYRE, 14)
    _lamps(solid, nose, wide, 13)


def _car_windows(
    solid: Solid,
    cabin: tuple[tuple[float, float], ...],
    wide: float,
    roof_wide: float,
    glass: Colour,
) -> None:
    (back, low), (front, _), (front_top, high), (back_top, _) = cabin
    y0, y1 = low + 1, high - 2.4
    pillar = (front_top + back_top) / 2
    rear = ((back + 5, y0), (pillar - 1, y0), (pillar - 1, y1), (back_top + 1, y1))
    ahead = ((pillar + 1, y0), (front - 4, y0), (front_top - 0.5, y1), (pillar + 1, y1))
    middle = (wide * 0.96 + roof_wide) / 2
    for pane in (rear, ahead):
        lower = [(x, y, wide * 0.96 if y == y0 else roof_wide + 0.6) for x, y in pane]
        solid.plate(lower, glass, 20, both_sides=False)
        mirrored = [(x, y, -z) for x, y, z in lower]
        solid.plate(mirrored[::-1], glass, 20, both_sides=False)
    widths = (middle * 0.93, roof_wide * 0.9)
    cross_panel(solid, (front + 0.1, y0), (front_top + 1, y1), widths, glass, 20)
    cross_panel(
        solid, (back - 0.1, y0), (back_top - 1, y1), widths, glass, 20, forward=False
    )


def _lamps(solid: Solid, nose: float, wide: float, height: float) -> None:
    for side in (-1, 1):
        place = (nose + 0.3, height, 0.74 * wide * side)
        if solid.facing((1, 0, 0)) > 0:
            solid.ball(place, 2.4, _LAMP, bias=21)
        elif nose > 40:
            place = (-nose, height, 0.74 * wide * side)
            solid.ball(place, 2.2, _REAR_LAMP, bias=21)
