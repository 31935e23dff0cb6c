"""Ships: sailing boats, freighters, liners, warships and motor boats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.drawn.boxes import cross_panel, cuboid, side_panel
from course_utils.drawn.palette import GLASS, PAINTS, WHITE, varied
from course_utils.drawn.solid import mix, shade

if TYPE_CHECKING:
    from course_utils.drawn.canvas import Colour
    from course_utils.drawn.solid import Place, Solid
    from course_utils.drawn.tape import Tape

_HULLS: tuple[Colour, ...] = (
    (60, 64, 74),
    (150, 44, 40),
    (38, 70, 118),
    (226, 226, 224),
    (112, 122, 130),
    (122, 84, 54),
)
_STEEL: Colour = (140, 150, 156)


def ship(solid: Solid, tape: Tape, stride: int) -> None:
    """Add a ship: a pointed hull and what stands on it."""
    kind = tape.weighted(
        (("sail", 4), ("freighter", 4), ("liner", 3), ("warship", 2), ("motor", 3))
    )
    half = {"sail": 32.0, "freighter": 56.0, "liner": 54.0, "warship": 56.0}.get(
        kind, 36.0
    )
    hull = _STEEL if kind == "warship" else varied(tape, _HULLS)
    deck = tape.uniform(9, 13) if kind != "motor" else 10.0
    wide = half * tape.uniform(0.17, 0.22)
    _hull(solid, tape, hull, half, wide, deck)
    if kind == "sail":
        _sails(solid, tape, deck, half)
    elif kind == "freighter":
        _freight(solid, tape, deck, half, wide)
    elif kind == "liner":
        _decks(solid, tape, deck, half, wide)
    elif kind == "warship":
        _turrets(solid, tape, deck, half, wide)
    else:
        _cabin(solid, tape, deck, half, wide)


def _hull(
    solid: Solid, tape: Tape, hull: Colour, half: float, wide: float, deck: float
) -> None:
    bow = deck + tape.uniform(1, 5)
    keel = tape.pick((shade(hull, 0.55), (150, 52, 44), hull))
    for z in (wide, -wide):
        upper: list[Place] = [
            (-half, deck, z * 0.8),
            (-half * 0.5, deck, z),
            (half * 0.4, deck, z),
            (half * 0.8, bow - 1, z * 0.5),
            (half * 1.05, bow, 0),
        ]
        lower: list[Place] = [
            (-half * 0.94, 0, z * 0.6),
            (-half * 0.5, 0, z * 0.8),
            (half * 0.4, 0, z * 0.8),
            (half * 0.7, 0, z * 0.4),
            (half * 0.9, 0, 0),
        ]
        side = lower + upper[::-1] if z > 0 else upper + lower[::-1]
        solid.plate(side, hull, 2, both_sides=False)
        water = [(x, 2.8, depth * 1.02) for x, _, depth in lower]
        line = lower + water[::-1] if z > 0 else water + lower[::-1]
        solid.plate(line, keel, 3, both_sides=False)
        if z > 0:
            deck_edge = upper
        else:
            solid.plate([*deck_edge, *upper[::-1]], mix(hull, (196, 166, 124), 0.7), -4)
    cross_panel(solid, (-half * 0.94, 0), (-half, deck), (wide * 0.6, wide * 0.8),
                shade(hull, 0.8), 2, forward=False)  # fmt: skip


def _sails(solid: Solid, tape: Tape, deck: float, half: float) -> None:
    mast = deck + tape.uniform(56, 72)
    foot = half * tape.uniform(0.0, 0.2)
    cloth = mix(WHITE, tape.pick(PAINTS), tape.pick((0, 0, 0.12, 0.7)))
    swing = tape.uniform(-12, 12)
    solid.limb((foot, deck, 0), 1.1, (foot, mast, 0), 0.7, (96, 74, 54))
    main = ((foot - 1, deck + 6, 0), (-half * 0.85, deck + 7, swing),
            (foot - 1, mast - 2, 0))  # fmt: skip
    solid.plate(main, cloth, 1)
    solid.limb(main[0], 0.8, main[1], 0.7, (96, 74, 54), 2)
    jib = ((foot + 3, deck + 5, swing * 0.6), (half * 0.96, deck + 4, 0),
           (foot + 1.5, mast - 8, 0))  # fmt: skip
    solid.plate(jib, shade(cloth, 0.9), 1)
    if tape.chance(0.3):
        cuboid(solid, (-half * 0.5, -1), (deck, deck + 4), half * 0.1, WHITE)


def _freight(solid: Solid, tape: Tape, deck: float, half: float, wide: float) -> None:
    house = tape.uniform(24, 32)
    back = -half * 0.92
    cuboid(solid, (back, back + 14), (deck, deck + house), wide * 0.85, WHITE, 1)
    pane = ((back + 2, deck + house - 6), (back + 13, deck + house - 6),
            (back + 13, deck + house - 3), (back + 2, deck + house - 3))  # fmt: skip
    side_panel(solid, pane, wide * 0.86, GLASS, 6)
    widths = (wide * 0.8, wide * 0.8)
    front = back + 14.1
    cross_panel(
        solid,
        (front, deck + house - 6),
        (front, deck + house - 3),
        widths,
        GLASS,
        6,
    )
    funnel = (back + 5, deck + house, 0.0)
    paint = varied(tape, PAINTS)
    solid.limb(funnel, 2.6, (back + 5, deck + house + 8, 0), 2.6, paint, 2)
    x = back + 18
    while x < half * 0.62:
        stack = tape.integer(1, 3)
        for level in range(stack):
            y = deck + 6.5 * level
            box = varied(tape, PAINTS)
            cuboid(solid, (x, x + 12), (y, y + 6.2), wide * 0.85, box, 0.1 * level)
        x += 13


def _decks(solid: Solid, tape: Tape, deck: float, half: float, wide: float) -> None:
    levels = tape.integer(2, 4)
    back, front = -half * 0.82, half * 0.55
    for level in range(levels):
        y = deck + 6 * level
        width = wide * (0.85 - 0.05 * level)
        cuboid(solid, (back, front), (y, y + 6), width, WHITE, 0.5 * level)
        pane = ((back + 2, y + 2), (front - 2, y + 2), (front - 2, y + 4),
                (back + 2, y + 4))  # fmt: skip
        side_panel(solid, pane, width + 0.1, GLASS, 5 + level)
        back += tape.uniform(3, 8)
        front -= tape.uniform(5, 11)
    top = deck + 6 * levels
    paint = varied(tape, PAINTS)
    for share in (0.3, 0.62)[: tape.integer(1, 2)]:
        x = back + (front - back) * share
        solid.limb((x, top, 0), 3.6, (x - 2, top + 10, 0), 3.4, paint, 4)
        solid.limb((x - 2, top + 10, 0), 3.4, (x - 2.3, top + 11.5, 0), 3.4,
                   shade(paint, 0.4), 5)  # fmt: skip


def _turrets(solid: Solid, tape: Tape, deck: float, half: float, wide: float) -> None:
    tower = deck + tape.uniform(14, 20)
    cuboid(solid, (-20, 12), (deck, deck + 8), wide * 0.7, shade(_STEEL, 1.1))
    cuboid(solid, (-8, 8), (deck + 8, tower), wide * 0.5, shade(_STEEL, 1.15), 1)
    solid.limb((-2, tower, 0), 1.4, (-2, tower + 18, 0), 0.6, shade(_STEEL, 0.6))
    solid.limb((-7, tower + 9, 0), 0.7, (4, tower + 9, 0), 0.7, shade(_STEEL, 0.6))
    for x, aim in ((half * 0.45, 1), (-half * 0.6, -1)):
        solid.ball((x, deck + 2.5, 0), 4.2, shade(_STEEL, 0.95), 2)
        muzzle = (x + 15 * aim, deck + 5.5, 0)
        solid.limb((x, deck + 3.5, 0), 1.2, muzzle, 0.9, shade(_STEEL, 0.6), 3)


def _cabin(solid: Solid, tape: Tape, deck: float, half: float, wide: float) -> None:
    back, front = -half * tape.uniform(0.3, 0.8), half * tape.uniform(0.05, 0.35)
    top = deck + tape.uniform(9, 15)
    cuboid(solid, (back, front), (deck, top), wide * 0.7, WHITE, 1)
    pane = ((back + 2, top - 6), (front - 2, top - 6), (front - 2, top - 2),
            (back + 2, top - 2))  # fmt: skip
    side_panel(solid, pane, wide * 0.7 + 0.1, GLASS, 6)
    widths = (wide * 0.6, wide * 0.6)
    cross_panel(solid, (front + 0.1, top - 6), (front + 0.1, top - 2), widths, GLASS, 6)
    x = (back + front) / 2
    solid.limb((x, top, 0), 0.8, (x, top + tape.uniform(6, 18), 0), 0.6, (80, 80, 84))
