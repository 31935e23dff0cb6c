"""Deer and horses: one body, told apart by antlers, mane and tail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.drawn.palette import BLACK, FURS, WHITE, second, varied
from course_utils.drawn.quadruped import Build, Head, body, face, pale, tail
from course_utils.drawn.solid import between, mix, shade

if TYPE_CHECKING:
    from course_utils.drawn.canvas import Colour
    from course_utils.drawn.quadruped import Pose
    from course_utils.drawn.solid import Place, Solid
    from course_utils.drawn.tape import Tape

_POSES: tuple[tuple[Pose, int], ...] = (
    ("stand", 5),
    ("graze", 2),
    ("run", 3),
    ("lie", 1),
)
_DARK_EYE: Colour = (40, 30, 28)


def deer(solid: Solid, tape: Tape, stride: int) -> None:
    """Add a deer: slender legs, leaf-shaped ears, a short tail, often antlers."""
    fur = varied(tape, FURS[:6] + FURS[9:] if tape.chance(0.8) else FURS)
    chest = tape.uniform(11.5, 14.5)
    build = Build(
        fur=fur,
        marks=pale(fur),
        paws=tape.pick((fur, shade(fur, 0.6))),
        leg=tape.uniform(42, 52),
        leg_radius=tape.uniform(2, 2.8),
        trunk=tape.uniform(40, 50),
        chest=chest,
        hip=chest * tape.uniform(0.9, 1.05),
        neck=tape.uniform(22, 30),
        neck_angle=tape.integer(130, 190),
        neck_radius=tape.uniform(4.5, 6),
        head=tape.uniform(7, 8.2),
        muzzle=tape.uniform(7, 10),
        muzzle_radius=tape.uniform(3.2, 4),
        pattern=tape.pick(("belly", "belly", "spots", "plain")),
    )
    head, root = body(
        solid, tape, build, tape.weighted(_POSES), stride, tape.integer(-170, 170)
    )
    face(solid, head, build, BLACK, _DARK_EYE)
    for side in (-1, 1):
        start = head.place(-0.3, 0.5, 0.7 * side)
        end = head.place(-0.5, 1.0, 1.9 * side)
        solid.limb(start, 0.3 * head.radius, end, 0.2 * head.radius, shade(fur, 0.85))
    if tape.chance(0.65):
        _antlers(solid, head, tape)
    tail(solid, root, tape.uniform(9, 13), (-120, -180), (3.4, 2), WHITE)


def horse(solid: Solid, tape: Tape, stride: int) -> None:
    """Add a horse: a long head, a mane, a long tail, hooves."""
    fur = varied(tape, FURS)
    hair = tape.pick((shade(fur, 0.4), BLACK, mix(fur, WHITE, 0.7)))
    chest = tape.uniform(14.5, 18)
    build = Build(
        fur=fur,
        marks=second(tape, fur),
        paws=tape.pick((fur, WHITE, shade(fur, 0.5))),
        leg=tape.uniform(42, 50),
        leg_radius=tape.uniform(3, 3.8),
        trunk=tape.uniform(46, 56),
        chest=chest,
        hip=chest * tape.uniform(0.95, 1.08),
        neck=tape.uniform(26, 33),
        neck_angle=tape.integer(110, 160),
        neck_radius=tape.uniform(6.5, 8.5),
        head=tape.uniform(7.5, 9),
        muzzle=tape.uniform(13, 17),
        muzzle_radius=tape.uniform(4.6, 5.6),
        pattern=tape.pick(("plain", "plain", "plain", "patches", "spots")),
    )
    pose = tape.weighted(_POSES)
    head, root = body(solid, tape, build, pose, stride, tape.integer(-110, 110))
    face(solid, head, build, shade(fur, 0.5), _DARK_EYE)
    for side in (-1, 1):
        start = head.place(-0.4, 0.7, 0.4 * side)
        end = head.place(-0.3, 1.5, 0.5 * side)
        solid.limb(start, 0.22 * head.radius, end, 0.3, fur)
    if tape.chance(0.35):
        start, end = head.place(0.9, 0.5, 0), head.place(1.8, 0.25, 0)
        solid.limb(start, 1.4, end, 1.1, WHITE, bias=head.radius + 2)
    _mane(solid, head, (build.trunk / 2, build.leg + chest, 0.0), hair)
    fall = tape.integer(-250, -190) if pose != "run" else tape.integer(-120, -20)
    width = tape.uniform(3, 4.5)
    angles = (fall // 2, fall)
    tail(solid, root, tape.uniform(42, 56), angles, (width, width * 1.1), hair)


def _antlers(solid: Solid, head: Head, tape: Tape) -> None:
    bone = tape.pick(((196, 172, 132), (120, 92, 64), (88, 68, 52)))
    spread = tape.uniform(1.5, 2.3)
    height = tape.uniform(2.2, 3.3)
    for side in (-1, 1):
        root = head.place(-0.2, 0.8, 0.35 * side)
        bend = head.place(-1.0, 0.8 + 0.5 * height, spread * side)
        tip = head.place(-0.3, 0.8 + height, spread * 0.9 * side)
        solid.limb(root, 1.5, bend, 1.3, bone, bias=2)
        solid.limb(bend, 1.3, tip, 0.8, bone, bias=2)
        for share, reach in ((0.45, 1.0), (1.0, 1.2)):
            start = between(root, bend, share)
            lift = 0.8 + (0.3 + 0.45 * share) * height
            end = head.place(reach * 0.7, lift, spread * (0.3 + 0.6 * share) * side)
            solid.limb(start, 1.2, end, 0.7, bone, bias=2)


def _mane(solid: Solid, head: Head, withers: Place, hair: Colour) -> None:
    top = head.place(-0.6, 0.75, 0)
    solid.limb(top, 3.6, between(top, withers, 0.85), 3.4, hair, bias=0.5)
    side = 1 if solid.facing((0, 0, 1)) >= 0 else -1
    for share in (0.1, 0.35, 0.6):
        x, y, z = between(top, withers, share)
        lower = (x + 2, y - 9, z + 6.5 * side)
        solid.limb((x, y, z), 2.8, lower, 1.6, hair, bias=6)
    solid.limb(top, 2, head.place(0.4, 0.7, 0), 1.2, hair, bias=head.radius)
