"""Cats and dogs: one body, two heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from course_utils.drawn.palette import BLACK, FURS, PINK, WHITE, second, varied
from course_utils.drawn.quadruped import Build, Head, body, face, pale, tail
from course_utils.drawn.solid import mix, shade

if TYPE_CHECKING:
    from course_utils.drawn.canvas import Colour
    from course_utils.drawn.quadruped import Pattern, Pose
    from course_utils.drawn.solid import Solid
    from course_utils.drawn.tape import Tape

_EYES: tuple[Colour, ...] = ((196, 186, 70), (122, 168, 84), (96, 152, 190))


def cat(solid: Solid, tape: Tape, stride: int) -> None:
    """Add a cat: round head, pointed ears, whiskers, a long thin tail."""
    fur = varied(tape, FURS)
    marks = second(tape, fur)
    pattern: Pattern = tape.pick(("stripes", "stripes", "plain", "patches", "belly"))
    chest = tape.uniform(10.5, 14)
    build = Build(
        fur=fur,
        marks=marks,
        paws=tape.pick((fur, WHITE, marks)),
        leg=tape.uniform(24, 29),
        leg_radius=tape.uniform(3.6, 4.6),
        trunk=tape.uniform(38, 50),
        chest=chest,
        hip=chest * tape.uniform(0.95, 1.1),
        neck=tape.uniform(1, 6),
        neck_angle=tape.integer(100, 170),
        neck_radius=9,
        head=tape.uniform(11.5, 14),
        muzzle=tape.uniform(0.5, 2.5),
        muzzle_radius=tape.uniform(4.6, 5.6),
        pattern=pattern,
    )
    pose = tape.weighted(_POSES)
    head, root = body(solid, tape, build, pose, stride, _turn(tape))
    face(solid, head, build, PINK if tape.chance(0.6) else BLACK, tape.pick(_EYES))
    for side in (-1, 1):
        _pointed_ear(solid, head, side, fur, tape.uniform(0.55, 0.8))
    if build.pattern == "stripes":
        _brow_stripes(solid, head, marks)
    _whiskers(solid, head)
    rise = tape.integer(-60, 230)
    angles = (rise, rise + tape.integer(-40, 160))
    width = tape.uniform(2, 3.6)
    length = tape.uniform(38, 52)
    colour = tape.pick((fur, shade(fur, 0.85), marks))
    if pose == "sit":
        angles = (tape.integer(-20, 40), tape.integer(0, 120))
    tail(solid, root, length, angles, (width, width * 0.7), colour, _sway(tape))


def dog(solid: Solid, tape: Tape, stride: int) -> None:
    """Add a dog: a long muzzle with a dark nose, ears that hang or stand."""
    fur = varied(tape, FURS)
    marks = second(tape, fur)
    chest = tape.uniform(11, 16)
    build = Build(
        fur=fur,
        marks=marks,
        paws=tape.pick((fur, WHITE, marks)),
        leg=tape.uniform(24, 40),
        leg_radius=tape.uniform(3.6, 5),
        trunk=tape.uniform(38, 50),
        chest=chest,
        hip=chest * tape.uniform(0.74, 0.95),
        neck=tape.uniform(4, 12),
        neck_angle=tape.integer(110, 170),
        neck_radius=8,
        head=tape.uniform(10.5, 13),
        muzzle=tape.uniform(7, 13),
        muzzle_radius=tape.uniform(4.6, 6.2),
        pattern=tape.pick(("plain", "patches", "patches", "belly", "spots")),
    )
    pose = tape.weighted(_POSES)
    head, root = body(solid, tape, build, pose, stride, _turn(tape))
    face(solid, head, build, BLACK, (78, 52, 34))
    _dog_ears(solid, head, tape, tape.pick((fur, marks, shade(fur, 0.7))))
    if tape.chance(0.3):
        reach = 0.4 + build.muzzle / head.radius
        start, end = head.place(reach, -0.75, 0), head.place(reach, -1.15, 0)
        solid.limb(start, 2, end, 2.2, (214, 104, 110), bias=4)
    rise = tape.integer(-60, 170)
    angles = (rise, rise + tape.integer(-20, 120))
    width = tape.uniform(2.2, 4.5)
    if pose == "sit":
        angles = (tape.integer(-20, 60), tape.integer(0, 120))
    colour = tape.pick((fur, pale(fur), marks))
    length = tape.uniform(14, 34)
    tail(solid, root, length, angles, (width, width * 0.5), colour, _sway(tape))


_POSES: tuple[tuple[Pose, int], ...] = (
    ("stand", 4),
    ("sit", 4),
    ("lie", 3),
    ("run", 2),
)


def _turn(tape: Tape) -> int:
    return tape.integer(-150, 150)


def _sway(tape: Tape) -> float:
    return tape.uniform(-0.5, 0.5)


def _pointed_ear(
    solid: Solid, head: Head, side: Literal[-1, 1], fur: Colour, height: float
) -> None:
    base = head.place(-0.1, 0.62, 0.55 * side)
    tip = head.place(-0.15, 0.85 + height, 0.78 * side)
    solid.limb(base, 0.42 * head.radius, tip, 0.4, fur, bias=1)
    inner, top = head.place(0.1, 0.75, 0.58 * side), head.place(0, 1.3, 0.72 * side)
    if solid.facing(_forward(head)) > 0.2:
        pink = mix(fur, PINK, 0.6)
        solid.limb(inner, 0.22 * head.radius, top, 0.3, pink, bias=3)


def _dog_ears(solid: Solid, head: Head, tape: Tape, colour: Colour) -> None:
    hanging = tape.chance(0.65)
    for side in (-1, 1):
        r = head.radius
        if hanging:
            start, end = head.place(-0.1, 0.62, 0.8 * side), head.place(0, -0.65, side)
            solid.limb(start, 0.28 * r, end, 0.4 * r, colour, bias=2.5)
        else:
            start = head.place(-0.2, 0.65, 0.6 * side)
            end = head.place(-0.1, 1.45, 0.8 * side)
            solid.limb(start, 0.36 * r, end, 0.1 * r, colour, bias=1)


def _brow_stripes(solid: Solid, head: Head, colour: Colour) -> None:
    for across in (-0.3, 0, 0.3):
        start, end = head.place(0.75, 0.62, across), head.place(0.3, 0.95, across)
        solid.limb(start, 0.7, end, 0.7, colour, bias=head.radius)


def _whiskers(solid: Solid, head: Head) -> None:
    for side in (-1, 1):
        for lift in (-0.6, -0.25):
            start = head.place(0.9, -0.4, 0.3 * side)
            end = head.place(0.8, lift, 1.35 * side)
            solid.limb(start, 0.3, end, 0.15, WHITE, bias=head.radius)


def _forward(head: Head) -> tuple[float, float, float]:
    ahead = head.place(1, 0, 0)
    x, y, z = head.centre
    r = head.radius
    return (ahead[0] - x) / r, (ahead[1] - y) / r, (ahead[2] - z) / r
