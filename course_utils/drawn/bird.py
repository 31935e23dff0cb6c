"""Birds: perched, wading, swimming and in flight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from course_utils.drawn.palette import BLACK, FEATHERS, WHITE, second, varied
from course_utils.drawn.quadruped import pale
from course_utils.drawn.solid import shade
from course_utils.drawn.tape import cosine, sine

if TYPE_CHECKING:
    from course_utils.drawn.canvas import Colour
    from course_utils.drawn.solid import Place, Solid
    from course_utils.drawn.tape import Tape

Stance = Literal["perch", "wade", "swim", "fly"]
_BEAKS: tuple[Colour, ...] = (
    (226, 152, 48),
    (70, 66, 62),
    (204, 86, 50),
    (206, 184, 120),
)


@dataclass
class _Bird:
    plumage: Colour
    breast: Colour
    wing: Colour
    beak: Colour
    chest: Place
    rump: Place
    head: Place
    head_radius: float
    beak_length: float


def bird(solid: Solid, tape: Tape, stride: int) -> None:
    """Add a bird: a beak, folded or spread wings, thin legs."""
    stance: Stance = tape.weighted((("perch", 5), ("wade", 2), ("swim", 2), ("fly", 4)))
    shape = _shape(tape, stance)
    _trunk(solid, shape, stance, tape)
    _head(solid, shape)
    if stance == "fly":
        _spread_wings(solid, shape, tape, stride)
    else:
        _folded_wings(solid, shape)
    if stance in ("perch", "wade"):
        _legs(solid, shape, 9 if stance == "perch" else tape.uniform(24, 34), stride)


def _shape(tape: Tape, stance: Stance) -> _Bird:
    plumage = varied(tape, FEATHERS)
    slope = {"perch": tape.integer(40, 110), "wade": 40, "swim": 10, "fly": 15}[stance]
    half = tape.uniform(13, 17)
    chest = (half * cosine(slope), half * sine(slope), 0.0)
    rump = (-chest[0], -chest[1], 0.0)
    neck = {"perch": 9.0, "wade": 26.0, "swim": 17.0, "fly": 9.0}[stance]
    neck *= tape.uniform(0.9, 1.25)
    lift = 100 if stance == "fly" else 195
    head = (chest[0] + neck * cosine(lift), chest[1] + neck * sine(lift), 0.0)
    return _Bird(
        plumage=plumage,
        breast=tape.pick((pale(plumage), second(tape, plumage), plumage)),
        wing=tape.pick((shade(plumage, 0.68), second(tape, plumage))),
        beak=tape.pick(_BEAKS),
        chest=chest,
        rump=rump,
        head=head,
        head_radius=tape.uniform(7, 8.6) if stance == "perch" else tape.uniform(5, 6.5),
        beak_length=tape.uniform(7, 13),
    )


def _trunk(solid: Solid, shape: _Bird, stance: Stance, tape: Tape) -> None:
    x, y, _ = shape.chest
    thick = tape.uniform(10, 12.5)
    solid.limb(shape.rump, thick * 0.62, shape.chest, thick, shape.plumage, lit=True)
    front = (x + 2.5, y - 3, 0.0)
    solid.limb(front, thick * 0.72, (0, -4, 0), thick * 0.55, shape.breast, bias=1)
    neck = thick * (0.6 if stance == "perch" else 0.36)
    solid.limb(shape.chest, thick * 0.7, shape.head, neck, shape.plumage, bias=0.5)
    x, y, _ = shape.rump
    length, fan = tape.uniform(14, 26), tape.uniform(2.5, 8)
    tilt = tape.uniform(-0.5, 0.15)
    end = (x - length, y + length * tilt)
    root = ((x, y + 4, -3.0), (x, y - 3, 3.0))
    tips = ((*end, fan), (end[0], end[1] + 2, -fan))
    solid.plate((*root, *tips), shape.wing)
    solid.limb((x, y, 0), 4.5, (*end, 0), 2.2, shape.wing)


def _head(solid: Solid, shape: _Bird) -> None:
    x, y, z = shape.head
    r = shape.head_radius
    solid.focus = shape.head
    solid.ball(shape.head, r, shape.plumage, bias=2)
    start, end = (x + 0.7 * r, y - 0.1 * r, z), (x + r + shape.beak_length, y - 2, z)
    solid.limb(start, 0.42 * r, end, 0.5, shape.beak, bias=3)
    for side in (-1, 1):
        place = (x + 0.35 * r, y + 0.25 * r, 0.72 * r * side)
        if solid.facing((0.35, 0.25, 0.72 * side)) > 0.2:
            solid.ball(place, 0.27 * r, WHITE, bias=8)
            solid.ball(place, 0.18 * r, BLACK, bias=9)


def _folded_wings(solid: Solid, shape: _Bird) -> None:
    x, y, _ = shape.chest
    tail_x, tail_y, _ = shape.rump
    for side in (-1, 1):
        z = 9.5 * side
        shoulder = (x - 3, y, z)
        tip = (tail_x - 9, tail_y - 1, 0.5 * z)
        solid.limb(shoulder, 6.4, tip, 1.4, shape.wing, bias=4)
        lower = (tail_x - 2, tail_y - 2, 0.6 * z)
        solid.limb((x - 5, y - 1, z), 3.4, lower, 1, shade(shape.wing, 1.3), bias=5)


def _spread_wings(solid: Solid, shape: _Bird, tape: Tape, stride: int) -> None:
    span, chord = tape.uniform(36, 50), tape.uniform(15, 21)
    beat = 30 + 110 * sine(stride)  # the wing's angle above the horizontal
    sweep = tape.uniform(-4, 16)
    for side in (-1, 1):
        inner, outer = int(beat), int(beat * 0.4)
        wrist_z, wrist_y = 0.5 * span * cosine(inner), 0.5 * span * sine(inner)
        tip_z = wrist_z + 0.5 * span * cosine(outer)
        tip_y = wrist_y + 0.5 * span * sine(outer)
        front = ((8, 4, 5 * side), (11, wrist_y + 4, side * wrist_z))
        tip = (3 - sweep, tip_y + 4, side * tip_z)
        back = (-chord + 4, wrist_y + 3, side * wrist_z * 0.95)
        feathers = (-chord * 0.5 - sweep, tip_y * 0.9 + 4, side * tip_z * 0.9)
        root = (8 - chord, 3, 5 * side)
        colour = shape.wing if side > 0 else shade(shape.wing, 0.85)
        solid.plate((*front, tip, feathers, back, root), colour, bias=2)
        edge = shade(colour, 1.3)
        solid.limb(front[0], 2.6, front[1], 2, edge, bias=2)
        solid.limb(front[1], 2, tip, 0.7, edge, bias=2)


def _legs(solid: Solid, shape: _Bird, length: float, stride: int) -> None:
    for side in (-1, 1):
        step = 2.5 * sine(stride + 512 * (side > 0)) + 1
        top, foot = (-1, -7, 3.5 * side), (step, -9 - length, 4.5 * side)
        solid.limb(top, 1.8, foot, 1, shape.beak, bias=-1)
        toes = (step + 5, foot[1] - 0.5, foot[2] + side)
        solid.limb(foot, 1, toes, 0.8, shape.beak)
