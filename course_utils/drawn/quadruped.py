"""The four-legged body that cats, dogs, deer and horses share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from course_utils.drawn.palette import BLACK, WHITE
from course_utils.drawn.solid import between, mix, shade
from course_utils.drawn.tape import cosine, sine

if TYPE_CHECKING:
    from course_utils.drawn.canvas import Colour
    from course_utils.drawn.solid import Place, Solid
    from course_utils.drawn.tape import Tape

Pose = Literal["stand", "run", "sit", "lie", "graze"]
Pattern = Literal["plain", "stripes", "spots", "patches", "belly"]


@dataclass
class Build:
    """Measures and colours of one animal; lengths in model units."""

    fur: Colour
    marks: Colour
    paws: Colour
    leg: float  # height of hip and shoulder above the ground
    leg_radius: float
    trunk: float  # distance from hip to shoulder
    chest: float  # radius at the shoulder
    hip: float  # radius at the hip
    neck: float
    neck_angle: int  # above the horizontal, 1/1024 turns
    neck_radius: float
    head: float  # radius
    muzzle: float  # length beyond the head
    muzzle_radius: float
    pattern: Pattern


class Head:
    """Where a head is and where it looks; gives places relative to it."""

    def __init__(self, centre: Place, radius: float, turn: int, nod: int) -> None:
        self.centre = centre
        self.radius = radius
        self._forward = (cosine(turn), sine(turn))
        self._nod = (cosine(nod), sine(nod))

    def place(self, forward: float, up: float, side: float) -> Place:
        """Return a place given in head radii."""
        cos, sin = self._nod
        along, lift = forward * cos + up * sin, up * cos - forward * sin
        cos, sin = self._forward
        x, y, z = self.centre
        r = self.radius
        return (
            x + r * (along * cos - side * sin),
            y + r * lift,
            z + r * (along * sin + side * cos),
        )


def body(
    solid: Solid, tape: Tape, build: Build, pose: Pose, stride: int, turn: int
) -> tuple[Head, Place]:
    """Add trunk, legs and neck; return the head and the root of the tail.

    Args:
        solid: Where the parts go.
        tape: Decides the markings.
        build: Measures and colours.
        pose: What the animal is doing.
        stride: Phase of its gait, 1/1024 turns.
        turn: Turn of the head towards z, 1/1024 turns.
    """
    hip, shoulder = _joints(build, pose)
    solid.limb(hip, build.hip, shoulder, build.chest, build.fur, lit=True)
    if pose in ("stand", "run", "graze"):
        _walking_legs(solid, build, hip, shoulder, pose, stride)
    else:
        _resting_legs(solid, build, hip, shoulder, pose)
    _markings(solid, tape, build, hip, shoulder)
    head = _neck(solid, build, shoulder, pose, turn)
    return head, (hip[0] - 0.8 * build.hip, hip[1] + 0.5 * build.hip, 0.0)


def face(solid: Solid, head: Head, build: Build, nose: Colour, eye: Colour) -> None:
    """Add skull, muzzle, nose and the eyes that can be seen."""
    solid.focus = head.centre
    solid.ball(head.centre, head.radius, build.fur, bias=2)
    reach = 0.75 + build.muzzle / head.radius
    tip = head.place(reach - 0.3, -0.42, 0)
    tone = mix(build.fur, build.marks, 0.35)
    solid.limb(
        head.place(0.55, -0.2, 0),
        min(build.muzzle_radius * 1.25, head.radius * 0.85),
        tip,
        build.muzzle_radius,
        tone,
        bias=3,
    )
    nose_place = head.place(reach, -0.28, 0)
    solid.ball(nose_place, 0.42 * build.muzzle_radius, nose, bias=4)
    forward = head.place(1, 0, 0)
    for side in (-1, 1):
        place = head.place(0.72, 0.22, 0.46 * side)
        outward = (
            place[0] - head.centre[0],
            place[1] - head.centre[1],
            place[2] - head.centre[2],
        )
        if solid.facing(outward) > 0.05 * head.radius:
            solid.ball(place, 0.19 * head.radius, eye, bias=head.radius + 3)
            pupil = between(place, forward, 0.06)
            solid.ball(pupil, 0.11 * head.radius, BLACK, bias=head.radius + 4)


def tail(
    solid: Solid,
    root: Place,
    length: float,
    angles: tuple[int, int],
    radii: tuple[float, float],
    colour: Colour,
    sway: float = 0,
) -> None:
    """Add a tail of two limbs; angles are above the backward horizontal."""
    middle = (radii[0] + radii[1]) / 2
    reach = length / 2
    start = root
    for angle, (thick, thin) in zip(
        angles, ((radii[0], middle), (middle, radii[1])), strict=True
    ):
        x, y, z = start
        end = (x - reach * cosine(angle), y + reach * sine(angle), z + sway * reach)
        solid.limb(start, thick, end, thin, colour)
        start = end


def _joints(build: Build, pose: Pose) -> tuple[Place, Place]:
    half = build.trunk / 2
    if pose == "sit":
        height = build.hip * 0.9
        return (-half * 0.55, height, 0), (half * 0.5, height + build.trunk * 0.72, 0)
    if pose == "lie":
        return (-half, build.hip * 0.95, 0), (half, build.chest * 1.1, 0)
    return (-half, build.leg, 0), (half, build.leg, 0)


def _walking_legs(
    solid: Solid, build: Build, hip: Place, shoulder: Place, pose: Pose, stride: int
) -> None:
    swing = {"stand": 0.16, "run": 0.62, "graze": 0.12}[pose] * build.leg
    for place, radius, bend, phase in (
        (hip, build.hip, 0.14, 0),
        (shoulder, build.chest, -0.03, 512 if pose != "run" else 380),
    ):
        for side in (-1, 1):
            angle = stride + phase + (256 if side > 0 else -200)
            forward = swing * sine(angle)
            lift = max(0.0, cosine(angle)) * swing * 0.35
            z = side * radius * 0.55
            top = (place[0], place[1] - 0.3 * radius, z)
            knee_bend = -bend * build.leg + 0.55 * forward
            knee = (place[0] + knee_bend, 0.48 * build.leg + lift * 0.6, z)
            foot = (place[0] + forward, lift + build.leg_radius, z)
            colour = build.fur if side > 0 else shade(build.fur, 0.8)
            thick = build.leg_radius
            solid.limb(top, 0.55 * radius, knee, thick * 1.15, colour)
            low = mix(colour, build.paws, 0.75)
            solid.limb(knee, thick * 1.1, foot, thick * 0.9, low)
            toe = (foot[0] + thick * 1.1, thick * 0.8, z)
            solid.limb(foot, thick, toe, thick * 0.8, build.paws)


def _resting_legs(
    solid: Solid, build: Build, hip: Place, shoulder: Place, pose: Pose
) -> None:
    thick = build.leg_radius * 1.1
    for side in (-1, 1):
        fur = build.fur if side > 0 else shade(build.fur, 0.85)
        z = side * build.hip * 0.75
        thigh = (hip[0] + 0.2 * build.hip, hip[1] - 0.1 * build.hip, z)
        toes = (hip[0] + 1.5 * build.hip, thick, z * 1.1)
        solid.limb(thigh, build.hip * 0.72, toes, thick, fur)
        z = side * build.chest * 0.55
        top = (shoulder[0] + 0.3 * build.chest, shoulder[1] - 0.5 * build.chest, z)
        if pose == "sit":
            foot = (shoulder[0] + 0.65 * build.chest, thick, z)
        else:
            foot = (shoulder[0] + 2.1 * build.chest, thick, z)
        knee = between(top, foot, 0.5)
        solid.limb(top, build.chest * 0.5, knee, thick * 1.1, fur, bias=1)
        solid.limb(knee, thick * 1.1, foot, thick, mix(fur, build.paws, 0.75), bias=1)


def _neck(solid: Solid, build: Build, shoulder: Place, pose: Pose, turn: int) -> Head:
    angle, nod = build.neck_angle, 40
    if pose == "graze":
        angle, nod = -110, 120
    elif pose == "run":
        angle = angle * 2 // 3
    start = (shoulder[0] + 0.3 * build.chest, shoulder[1] + 0.3 * build.chest, 0.0)
    reach = build.neck + 0.6 * build.head
    centre = (
        start[0] + reach * cosine(angle),
        start[1] + reach * sine(angle),
        0.25 * reach * sine(turn),
    )
    thin = build.neck_radius
    solid.limb(start, build.chest * 0.75, centre, thin, build.fur, bias=1)
    return Head(centre, build.head, turn, nod)


def _markings(
    solid: Solid, tape: Tape, build: Build, hip: Place, shoulder: Place
) -> None:
    near = 1 if solid.facing((0, 0, 1)) >= 0 else -1
    if build.pattern == "belly":
        sag = -0.62 * build.hip
        start = (hip[0], hip[1] + sag, near * 0.2 * build.hip)
        end = (shoulder[0], shoulder[1] + sag, near * 0.2 * build.chest)
        solid.limb(start, 0.3 * build.hip, end, 0.36 * build.chest, build.marks, 1)
    elif build.pattern == "stripes":
        for step in range(5):
            share = 0.02 + 0.23 * step
            x, y, _ = between(hip, shoulder, share)
            r = build.hip + (build.chest - build.hip) * share
            lean = tape.uniform(-3, 3)
            top = (x, y + 0.88 * r, 0)
            low = (x + lean, y - 0.15 * r, near * 0.92 * r)
            solid.limb(top, 0.11 * r, low, 0.06 * r, build.marks, bias=3)
    elif build.pattern in ("spots", "patches"):
        many, size = (9, 0.2) if build.pattern == "spots" else (3, 0.5)
        for _ in range(many):
            share, angle = tape.uniform(0, 1), tape.integer(-60, 200)
            x, y, _ = between(hip, shoulder, share)
            r = build.hip + (build.chest - build.hip) * share
            spot = size * tape.uniform(0.7, 1.2) * r
            out = r - spot
            place = (x, y + out * sine(angle), near * out * cosine(angle))
            solid.ball(place, spot, build.marks, bias=1)


def pale(colour: Colour) -> Colour:
    """Return a light version of a fur colour, as on a belly or a muzzle."""
    return mix(colour, WHITE, 0.55)
