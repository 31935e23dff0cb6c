"""Frogs: crouched, bulging eyes, folded hind legs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.drawn.palette import BLACK, SKINS, varied
from course_utils.drawn.quadruped import pale
from course_utils.drawn.solid import mix, shade
from course_utils.drawn.tape import sine

if TYPE_CHECKING:
    from course_utils.drawn.canvas import Colour
    from course_utils.drawn.solid import Solid
    from course_utils.drawn.tape import Tape

_EYES: tuple[Colour, ...] = ((214, 170, 60), (196, 84, 48), (190, 196, 110))


def frog(solid: Solid, tape: Tape, stride: int) -> None:
    """Add a frog; ``stride`` raises and lowers its front."""
    skin = varied(tape, SKINS, spread=24)
    lift = tape.uniform(0, 12) + 2 * sine(stride)
    wide = tape.uniform(9, 12)
    _trunk(solid, tape, skin, lift, wide)
    _eyes(solid, tape, skin, lift, wide)
    for side in (-1, 1):
        _legs(solid, skin if side > 0 else shade(skin, 0.85), lift, wide, side)


def _trunk(solid: Solid, tape: Tape, skin: Colour, lift: float, wide: float) -> None:
    belly = mix(pale(skin), (232, 224, 170), 0.5)
    head_y = 12 + lift
    rump = (-20.0, 9.0, 0.0)
    for side in (-1, 1):
        hip, cheek = (
            (-14.0, 10.0, 0.6 * wide * side),
            (8.0, 10 + lift, 0.6 * wide * side),
        )
        solid.limb(hip, 9.5, cheek, 10, skin, bias=-1)
    solid.limb(rump, 8, (4, 10 + lift, 0), 13, skin, lit=True)
    for side in (-1, 1):
        jaw = (15.0, head_y - 2, 0.55 * wide * side)
        solid.limb((5, head_y - 3, 0.5 * wide * side), 9, jaw, 6.5, skin, bias=2)
        lip = (21.5, head_y - 2.5, 0)
        back = (8.0, head_y - 4.5, 1.25 * wide * side)
        solid.limb(lip, 0.8, back, 0.8, shade(skin, 0.45), bias=9)
    for x, radius in ((7.0, 6.8), (14.0, 5.0)):
        start = (x, head_y - 7.5, -0.5 * wide)
        end = (x, head_y - 7.5, 0.5 * wide)
        solid.limb(start, radius, end, radius, belly, bias=3)
    if tape.chance(0.7):
        dark = tape.pick((shade(skin, 0.62), shade(skin, 0.62), pale(skin)))
        for _ in range(5):
            x, z = tape.uniform(-20, 2), tape.uniform(-9, 9)
            y = 17 + lift * (x + 20) / 26 - abs(z) * 0.35
            solid.ball((x, y, z), tape.uniform(1.5, 3.2), dark, bias=9)


def _eyes(solid: Solid, tape: Tape, skin: Colour, lift: float, wide: float) -> None:
    iris = tape.pick(_EYES)
    solid.focus = (8.0, 14 + lift, 0.0)
    for side in (-1, 1):
        x, y, z = 8.0, 21 + lift, 0.72 * wide * side
        solid.ball((x, y, z), 5.6, skin, bias=4)
        if solid.facing((0.5, 0.2, side)) > 0:
            solid.ball((x + 1.2, y + 0.5, z + 1.6 * side), 4, iris, bias=8)
            solid.ball((x + 1.8, y + 0.5, z + 2.4 * side), 2.1, BLACK, bias=9)


def _legs(solid: Solid, skin: Colour, lift: float, wide: float, side: int) -> None:
    dark = shade(skin, 0.78)
    hip, knee = (-17, 8, wide * side), (1, 13, (wide + 11) * side)
    ankle, toes = (-17, 3, (wide + 10) * side), (4, 1.5, (wide + 15) * side)
    solid.limb(hip, 7.5, knee, 5, skin, bias=3)
    solid.limb(knee, 4.6, ankle, 3, dark, bias=3)
    solid.limb(ankle, 2.6, toes, 1.6, skin, bias=4)
    solid.limb(ankle, 2.2, (3, 1.5, (wide + 9) * side), 1.4, skin, bias=4)
    shoulder, elbow = (5, 8 + 0.7 * lift, wide * side), (8, 5, (wide + 7) * side)
    hand = (14, 1.5, (wide + 4) * side)
    solid.limb(shoulder, 4.4, elbow, 3.2, skin, bias=4)
    solid.limb(elbow, 3, hand, 2.2, dark, bias=5)
    for spread in (-2, 3):
        finger = (19, 1, (wide + 4 + spread) * side)
        solid.limb(hand, 1.8, finger, 1.1, skin, bias=5)
