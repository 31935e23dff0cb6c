"""A short film of the drawn world: the same things, moving from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from course_utils.drawn import Canvas, Obj, Scene, Tape, random_obj
from course_utils.drawn.light import develop
from course_utils.drawn.places import random_class_at, random_place
from course_utils.drawn.staging import Frame, stage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


_FIRST_STREAM = 2**63  # beyond every stream that the drawn world uses itself
_SMALLEST = 32
_MOST = 15  # the canvas has four bits for the owner of a sample
_STEP = 60  # of a gait or wing beat from frame to frame, in 1/1024 turns


@dataclass(frozen=True)
class Film:
    """Frames of one place, and which object of a frame is which.

    Attributes:
        frames: One scene a frame.
        identities: For each frame int64 (K,): the number of each of its objects, the
            same number from frame to frame. What is wholly hidden is left out.
    """

    frames: list[Scene]
    identities: list[Tensor]


@dataclass(frozen=True)
class _Actor:
    """An object and its way: from one place to another, in shares of the picture."""

    obj: Obj
    start: float
    end: float
    base: float  # where its feet are, from the top
    scale: float  # longer side, as a share of the picture's height

    def at(self, number: int, count: int) -> tuple[Obj, float]:
        """Return the object in its pose at a frame, and its x as a share."""
        share = number / max(count - 1, 1)
        x = self.start + (self.end - self.start) * share
        return replace(self.obj, stride=(self.obj.stride + _STEP * number) % 1024), x


def draw_film(
    index: int,
    *,
    seed: int = 0,
    frames: int = 8,
    actors: int = 2,
    size: tuple[int, int] = (96, 128),
) -> Film:
    """Draw things that cross a picture, by turns from the left and from the right.

    The film depends on its arguments and on nothing else; it shares nothing with the
    scenes of any split.

    Args:
        index: Which film, from 0.
        seed: Which world.
        frames: How many.
        actors: How many things, 1 to 15; the later is nearer and larger.
        size: Height and width in pixels.

    Raises:
        ValueError: If an argument is out of range.
    """
    _require(index, frames, actors, size)
    tape = Tape(seed, _FIRST_STREAM + index)
    place = random_place(tape, tape.integer(0, 9))
    place_tape, light_tape, light = tape.word(), tape.word(), tape.uniform(-1, 1)
    cast = [
        _random_actor(tape, random_class_at(tape, place), number, actors)
        for number in range(actors)
    ]
    drawn, identities = [], []
    for number in range(frames):
        canvas = Canvas(*size)
        place(canvas, Tape(place_tape, 0))
        for owner, actor in enumerate(cast, start=1):
            _stage(canvas, actor, number, frames, light, owner)
        image = develop(canvas, Tape(light_tape, 0))
        scene, seen = _scene(image, canvas.owners(), cast)
        drawn.append(scene)
        identities.append(seen)
    return Film(drawn, identities)


def _require(index: int, frames: int, actors: int, size: tuple[int, int]) -> None:
    if not 0 <= index < 2**48:
        raise ValueError(f"index is {index}; give a whole number from 0")
    if frames < 1:
        raise ValueError(f"frames is {frames}; a film has at least one")
    if not 1 <= actors <= _MOST:
        raise ValueError(f"actors is {actors}; give a whole number from 1 to {_MOST}")
    if min(size) < _SMALLEST:
        raise ValueError(
            f"size is {size}; a film needs at least {_SMALLEST} pixels each way"
        )


def _random_actor(tape: Tape, label: int, number: int, actors: int) -> _Actor:
    """Return an actor seen from the side; what is nearer is lower and larger."""
    rightward = number % 2 == 0
    nearness = (number + 1) / actors
    left, right = tape.uniform(0.15, 0.25), tape.uniform(0.72, 0.85)
    return _Actor(
        obj=replace(random_obj(tape, label), yaw=0 if rightward else 512, roll=0),
        start=left if rightward else right,
        end=right if rightward else left,
        base=0.55 + 0.37 * nearness,
        scale=(0.34 + 0.16 * nearness) * tape.uniform(0.95, 1.1),
    )


def _stage(
    canvas: Canvas, actor: _Actor, number: int, frames: int, light: float, owner: int
) -> None:
    obj, x = actor.at(number, frames)
    solid = obj.solid(light)
    scale = actor.scale * canvas.height
    wide, high = (side * scale for side in solid.shape())
    y = actor.base * canvas.height - high / 2
    frame = Frame(x * canvas.width, y, wide, high, scale)
    stage(canvas, obj.label, solid, frame, owner=owner)


def _scene(
    image: NDArray[np.uint8], owners: NDArray[np.uint8], cast: list[_Actor]
) -> tuple[Scene, Tensor]:
    """Return the frame, and the numbers of the actors that can be seen."""
    everyone = torch.arange(1, len(cast) + 1)
    owner = torch.from_numpy(owners.astype(np.int64))
    masks = owner == everyone[:, None, None]
    labels = torch.tensor([actor.obj.label for actor in cast])
    classes = torch.cat([torch.zeros(1, dtype=torch.int64), labels + 1])
    seen = masks.flatten(1).any(1)
    scene = Scene(
        image=torch.from_numpy(image),
        labels=labels[seen],
        boxes=_boxes(masks[seen]),
        masks=masks[seen],
        semantic=classes[owner],
    )
    return scene, everyone[seen] - 1


def _boxes(masks: Tensor) -> Tensor:
    """Return left, top, right and bottom of masks (K, H, W); the ends are outside."""
    boxes = torch.zeros(len(masks), 4)
    for box, mask in zip(boxes, masks, strict=True):
        rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
        box[:2] = torch.cat([columns.min()[None], rows.min()[None]])
        box[2:] = torch.cat([columns.max()[None] + 1, rows.max()[None] + 1])
    return boxes
