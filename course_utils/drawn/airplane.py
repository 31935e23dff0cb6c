"""Airplanes: airliners, fighters and propeller planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.drawn.palette import GLASS, PAINTS, WHITE, varied
from course_utils.drawn.solid import mix, shade

if TYPE_CHECKING:
    from course_utils.drawn.canvas import Colour
    from course_utils.drawn.solid import Place, Solid
    from course_utils.drawn.tape import Tape

_BODIES: tuple[Colour, ...] = (WHITE, WHITE, (186, 192, 198), (132, 140, 146))


def airplane(solid: Solid, tape: Tape, stride: int) -> None:
    """Add an airplane: fuselage, wings, tailplane and fin."""
    kind = tape.weighted((("airliner", 6), ("fighter", 3), ("propeller", 3)))
    body = varied(tape, _BODIES if kind != "propeller" else PAINTS)
    trim = varied(tape, PAINTS)
    half = tape.uniform(40, 48)
    thick = {"airliner": tape.uniform(5.2, 6.6), "fighter": 4.2, "propeller": 5.4}[kind]
    nose, tail = (half - thick, 0.0, 0.0), (-half, thick * 0.6, 0.0)
    solid.limb((-half * 0.4, 0, 0), thick, nose, thick * 0.8, body, lit=True)
    solid.limb((-half * 0.35, 0.2, 0), thick, tail, thick * 0.3, shade(body, 0.92))
    sharp = (half + (thick if kind == "airliner" else 9), -0.1 * thick, 0.0)
    solid.limb(nose, thick * 0.8, sharp, thick * 0.2, body, 0.5)
    span = {"airliner": half * tape.uniform(0.85, 1.05), "fighter": half * 0.55}.get(
        kind, half * tape.uniform(0.9, 1.1)
    )
    sweep = {"airliner": tape.uniform(18, 28), "fighter": 34.0}.get(kind, 1.0)
    chord = {"airliner": 17.0, "fighter": 38.0}.get(kind, 13.0)
    wing = mix(body, (120, 126, 134), 0.35)
    high = thick * (0.7 if kind == "propeller" else -0.4)
    start = half * (0.28 if kind != "fighter" else 0.15)
    rise = span * 0.08
    _wings(solid, (start, high, chord, chord * 0.35), span, sweep, rise, wing)
    root = -half + 12
    _wings(solid, (root, thick * 0.5, 10, 5), span * 0.38, sweep * 0.45, 1, wing)
    _fin(solid, -half, thick, tape.uniform(15, 21), trim)
    if kind == "airliner":
        _engines(solid, tape, start, span, sweep, shade(body, 0.8))
        _windows(solid, half, thick, trim if tape.chance(0.5) else GLASS)
    elif kind == "fighter":
        solid.limb((8, thick, 0), 2.2, (20, thick * 0.7, 0), 1.8, GLASS, 3)
    else:
        solid.limb((2, thick, 0), 3.2, (12, thick * 0.6, 0), 2.4, GLASS, 3)
        blur: Colour = (96, 92, 88)
        tip = (half + 10, 12.0, 3.0)
        solid.limb((half + 10, -12, -3), 0.7, tip, 0.7, blur, 2)
    if tape.chance(0.35) and kind != "fighter":
        for x, z in ((half * 0.7, 0.0), (start - 12, 7.0), (start - 12, -7.0)):
            solid.limb((x, 0, z), 0.9, (x, -thick - 5, z), 0.9, GLASS, -2)
            solid.ball((x, -thick - 6, z), 2.4, (40, 40, 44), -2)


def _wings(
    solid: Solid,
    root: tuple[float, float, float, float],
    span: float,
    sweep: float,
    rise: float,
    colour: Colour,
) -> None:
    x, y, chord, tip_chord = root
    for side in (-1, 1):
        front: Place = (x, y, 2.0 * side)
        tip: Place = (x - sweep, y + rise, span * side)
        tip_back: Place = (x - sweep - tip_chord, y + rise, span * side)
        back: Place = (x - chord, y, 2.0 * side)
        tone = 0.95 if side > 0 else 0.85
        solid.plate((front, tip, tip_back, back), shade(colour, tone))
        solid.limb(front, 1.3, tip, 0.7, shade(colour, tone * 1.1))


def _fin(solid: Solid, x: float, thick: float, height: float, colour: Colour) -> None:
    y = thick * 0.6
    corners = (
        (x + 16, y + 1, 0.0),
        (x + 3, y + height, 0.0),
        (x - 4, y + height, 0.0),
        (x, y, 0.0),
    )
    solid.plate(corners, colour, 1)
    solid.limb(corners[0], 0.9, corners[1], 0.9, shade(colour, 0.8), 1)


def _engines(
    solid: Solid, tape: Tape, start: float, span: float, sweep: float, colour: Colour
) -> None:
    for share in (0.33, 0.62)[: tape.integer(1, 2)]:
        for side in (-1, 1):
            x, z = start - sweep * share + 4, span * share * side
            solid.limb((x, -4.5, z), 2.9, (x - 9, -4.5, z), 2.1, colour, -1)
            solid.ball((x + 1.2, -4.5, z), 2.2, (60, 62, 68), -0.5)


def _windows(solid: Solid, half: float, thick: float, colour: Colour) -> None:
    for side in (-1, 1):
        if solid.facing((0, 0.2, side)) > 0.1:
            z = thick * 0.9 * side
            start, end = (-half * 0.6, thick * 0.25, z * 0.8), (half * 0.66, 1.2, z)
            solid.limb(start, 0.75, end, 0.85, colour, thick + 2)
            front = (half + 0.5, thick * 0.35, z * 0.4)
            solid.ball(front, 1.5, GLASS, thick + 2)
