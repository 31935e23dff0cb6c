"""Pictures with one object each, the stand-in for CIFAR-10."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
import torch

from course_utils.drawn.canvas import Canvas
from course_utils.drawn.clutter import hide
from course_utils.drawn.light import develop
from course_utils.drawn.objects import ANIMALS, CLASS_NAMES, random_obj
from course_utils.drawn.places import has_ground, random_place
from course_utils.drawn.staging import Frame, stage
from course_utils.drawn.streams import open_tape

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from course_utils.drawn.tape import Tape

# longer side of the object as a share of the picture's, by class: what is long and thin
# fills more of the width
_SHARES = tuple(
    (0.7, 1.15) if name in ("airplane", "ship") else (0.6, 1.05) for name in CLASS_NAMES
)
_SMALLEST = 8
_CHUNK = 250  # pictures drawn by a process at a time


def draw_image(
    index: int,
    *,
    seed: int = 0,
    split: str = "train",
    size: int = 32,
    label: int | None = None,
) -> tuple[Tensor, int]:
    """Draw one picture; it depends on the arguments and on nothing else.

    Args:
        index: Which picture of the split, from 0.
        seed: Which world; another seed gives other pictures.
        split: ``"train"``, ``"validation"`` or ``"test"``; they share no picture.
        size: Height and width, in pixels; the same scene at any size.
        label: Class to draw, an index into `CLASS_NAMES`; by default the one that
            `draw_dataset` has at this index.

    Returns:
        The picture, uint8 (3, size, size), and its label.

    Raises:
        ValueError: If an argument is out of range.
    """
    _require_size(size)
    if label is None:
        label = _label(index, seed, split)
    elif label not in range(len(CLASS_NAMES)):
        raise ValueError(
            f"label is {label}; give an index into CLASS_NAMES, 0 to "
            f"{len(CLASS_NAMES) - 1}, or None for the data set's own label"
        )
    return torch.from_numpy(_picture(index, seed, split, size, label)), label


def draw_dataset(
    count: int,
    *,
    seed: int = 0,
    split: str = "train",
    size: int = 32,
    processes: int = 1,
) -> tuple[Tensor, Tensor]:
    """Draw the first ``count`` pictures of a split.

    Every ten pictures in a row hold each class once, in random order, so any
    multiple of ten is balanced; a smaller set is the beginning of a larger one.

    Args:
        count: How many.
        seed: Which world.
        split: ``"train"``, ``"validation"`` or ``"test"``; they share no picture.
        size: Height and width, in pixels.
        processes: How many processes draw; the pictures are the same.

    Returns:
        Images, uint8 (count, 3, size, size), and labels, int64 (count,).
    """
    if count < 1:
        raise ValueError(f"count is {count}; ask for at least one picture")
    _require_size(size)
    labels = torch.tensor([_label(k, seed, split) for k in range(count)])
    starts = range(0, count, _CHUNK)
    jobs = [(k, min(k + _CHUNK, count), seed, split, size) for k in starts]
    if processes == 1:
        chunks = list(map(_pictures, jobs))
    else:
        # spawned, because a forked process inherits torch's locked threads
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            chunks = list(pool.map(_pictures, jobs))
    return torch.from_numpy(np.concatenate(chunks)), labels


def _require_size(size: int) -> None:
    if size < _SMALLEST:
        raise ValueError(
            f"size is {size}; a picture needs at least {_SMALLEST} pixels each way"
        )


def _pictures(job: tuple[int, int, int, str, int]) -> NDArray[np.uint8]:
    start, stop, seed, split, size = job
    return np.stack(
        [
            _picture(k, seed, split, size, _label(k, seed, split))
            for k in range(start, stop)
        ]
    )


def _picture(
    index: int, seed: int, split: str, size: int, label: int
) -> NDArray[np.uint8]:
    tape = open_tape("image", split, seed, index)
    canvas = Canvas(size, size)
    place = random_place(tape, label)
    place(canvas, tape)
    _place_object(canvas, tape, label, has_ground(place))
    if tape.chance(0.3):
        hide(canvas, tape)
    return develop(canvas, tape)


def _place_object(canvas: Canvas, tape: Tape, label: int, ground: bool) -> None:
    """Draw the object somewhere near the middle, now and then only its head."""
    size = canvas.height
    solid = random_obj(tape, label).solid(tape.uniform(-1, 1))
    close_up = label in ANIMALS and tape.chance(0.2)
    share = tape.uniform(1.3, 1.9) if close_up else tape.uniform(*_SHARES[label])
    free = max(0.12, 1 - share)
    x = size * (0.5 + free * tape.uniform(-0.5, 0.5))
    y = size * (0.5 + free * tape.uniform(-0.5, 0.5))
    wide, high = solid.shape()
    scale = size * share
    airborne = CLASS_NAMES[label] == "airplane" or close_up
    grounded = tape.chance(0.8) and ground and not airborne
    frame = Frame(x, y, wide * scale, high * scale, scale, grounded)
    stage(canvas, label, solid, frame, owner=1, close_up=close_up)


def _label(index: int, seed: int, split: str) -> int:
    block, place = divmod(index, len(CLASS_NAMES))
    return _shuffled_classes(block, seed, split)[place]


@lru_cache(maxsize=4096)
def _shuffled_classes(block: int, seed: int, split: str) -> list[int]:
    tape = open_tape("labels", split, seed, block)
    classes = list(range(len(CLASS_NAMES)))
    for last in range(len(classes) - 1, 0, -1):
        other = tape.integer(0, last)
        classes[last], classes[other] = classes[other], classes[last]
    return classes
