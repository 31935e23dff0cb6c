"""Scenes of several objects, with boxes and masks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from course_utils.drawn.canvas import Canvas
from course_utils.drawn.clutter import hide
from course_utils.drawn.light import develop
from course_utils.drawn.objects import CLASS_NAMES, random_obj
from course_utils.drawn.places import has_ground, random_class_at, random_place
from course_utils.drawn.staging import Frame, stage
from course_utils.drawn.streams import open_tape

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from course_utils.drawn.solid import Solid
    from course_utils.drawn.tape import Tape

_SMALLEST = 16
_MOST = 15  # the canvas has four bits for the owner of a sample
_CROWDING = 0.3  # share of the smaller box that may be covered
_TRIES = 40


@dataclass(frozen=True)
class Scene:
    """A picture and everything that is to be known about it.

    Attributes:
        image: uint8 (3, H, W).
        labels: int64 (K,), indices into `CLASS_NAMES`, from far to near.
        boxes: float32 (K, 4): left, top, right, bottom in pixels around what can be
            seen of each object; right and bottom are the first pixel outside.
        masks: bool (K, H, W): the pixels of each object that can be seen; no pixel
            belongs to two objects.
        semantic: int64 (H, W): 0 for the background, label + 1 for an object.
    """

    image: Tensor
    labels: Tensor
    boxes: Tensor
    masks: Tensor
    semantic: Tensor


def draw_scene(
    index: int,
    *,
    seed: int = 0,
    split: str = "train",
    size: int | tuple[int, int] = (96, 128),
    objects: tuple[int, int] = (1, 4),
) -> Scene:
    """Draw one scene; it depends on the arguments and on nothing else.

    Args:
        index: Which scene of the split, from 0.
        seed: Which world; another seed gives other scenes.
        split: ``"train"``, ``"validation"`` or ``"test"``; they share no scene.
        size: Height and width in pixels, or one number for both.
        objects: Fewest and most objects; one that ends up wholly hidden (about one
            in a thousand) is not listed.

    Raises:
        ValueError: If an argument is out of range.
    """
    height, width = _checked_size(size)
    fewest, most = _checked_count(objects)
    tape = open_tape("scene", split, seed, index)
    canvas = Canvas(height, width)
    place = random_place(tape, tape.integer(0, 9))
    place(canvas, tape)
    light = tape.uniform(-1, 1)
    labels = [random_class_at(tape, place) for _ in range(tape.integer(fewest, most))]
    solids = [random_obj(tape, label).solid(light) for label in labels]
    frames = _arrange(tape, labels, solids, height, width)
    cast = sorted(zip(labels, solids, frames, strict=True), key=_nearness)
    for owner, (label, solid, frame) in enumerate(cast, start=1):
        if not has_ground(place):
            frame = replace(frame, grounded=False)
        stage(canvas, label, solid, frame, owner=owner)
    if tape.chance(0.25):
        hide(canvas, tape)
    owners = canvas.owners()
    return _scene(develop(canvas, tape), owners, [label for label, _, _ in cast])


def _checked_size(size: int | tuple[int, int]) -> tuple[int, int]:
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < _SMALLEST:
        raise ValueError(
            f"size is {size}; a scene needs at least {_SMALLEST} pixels each way"
        )
    return height, width


def _checked_count(objects: tuple[int, int]) -> tuple[int, int]:
    fewest, most = objects
    if not 1 <= fewest <= most <= _MOST:
        raise ValueError(
            f"objects is {objects}; give the fewest and the most, from 1 to {_MOST}"
        )
    return fewest, most


def _arrange(
    tape: Tape, labels: list[int], solids: list[Solid], height: int, width: int
) -> list[Frame]:
    """Give each object a frame that leaves most of every other one in sight."""
    frames: list[Frame] = []
    room = min(height, width) * (0.85 if len(labels) == 1 else 0.65)
    for label, solid in zip(labels, solids, strict=True):
        tries: list[tuple[float, Frame]] = []
        while len(tries) < _TRIES and (not tries or tries[-1][0] >= _CROWDING):
            shrink = 0.97 ** len(tries)  # smaller and smaller until there is room
            frame = _random_frame(
                tape, label, solid.shape(), room * shrink, height, width
            )
            crowding = max((_crowding(frame, other) for other in frames), default=0)
            tries.append((crowding, frame))
        frames.append(min(tries, key=_crowding_of_try)[1])
    return frames


def _crowding_of_try(attempt: tuple[float, Frame]) -> float:
    return attempt[0]


def _random_frame(
    tape: Tape,
    label: int,
    shape: tuple[float, float],
    room: float,
    height: int,
    width: int,
) -> Frame:
    """Return a frame within the picture; what is lower is nearer and larger."""
    nearness = tape.uniform(0, 1)
    scale = room * (0.45 + 0.55 * nearness) * tape.uniform(0.8, 1.1)
    wide, high = shape[0] * scale, shape[1] * scale
    left = tape.uniform(-0.1 * wide, width - 0.9 * wide)
    flies = CLASS_NAMES[label] in ("airplane", "bird") and tape.chance(0.6)
    if flies:
        top = tape.uniform(0, 0.6) * (height - high)
    else:
        top = (0.35 + 0.65 * nearness) * (height - high)
    return Frame(left + wide / 2, top + high / 2, wide, high, scale, not flies)


def _crowding(first: Frame, second: Frame) -> float:
    """Return the share of the smaller frame that the two have in common."""
    reach_x = (first.width + second.width) / 2 - abs(first.x - second.x)
    reach_y = (first.height + second.height) / 2 - abs(first.y - second.y)
    if reach_x <= 0 or reach_y <= 0:
        return 0.0
    areas = (first.width * first.height, second.width * second.height)
    return reach_x * reach_y / min(areas)


def _nearness(actor: tuple[int, Solid, Frame]) -> float:
    frame = actor[2]
    return frame.y + frame.height / 2


def _scene(
    image: NDArray[np.uint8], owners: NDArray[np.uint8], labels: list[int]
) -> Scene:
    masks = np.stack([owners == owner for owner in range(1, len(labels) + 1)])
    classes = np.array([0, *(label + 1 for label in labels)], dtype=np.int64)
    seen = masks.any(axis=(1, 2))
    masks = masks[seen]
    return Scene(
        image=torch.from_numpy(image),
        labels=torch.tensor(labels)[torch.from_numpy(seen)],
        boxes=torch.tensor([_box(mask) for mask in masks], dtype=torch.float32),
        masks=torch.from_numpy(masks),
        semantic=torch.from_numpy(classes[owners]),
    )


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
