"""The drawn world: pictures of CIFAR-10's ten classes, drawn on the spot.

A stand-in for when CIFAR-10 cannot be had, and more than that: at any resolution,
with one object or several, with boxes and masks. A picture depends on its index, seed,
split and size and on nothing else: neither on the machine nor on the order of drawing.

    images, labels = draw_dataset(10_000)       # uint8 (10000, 3, 32, 32), int64
    image, label = draw_image(7, size=128)      # uint8 (3, 128, 128), int
    scene = draw_scene(3, size=(96, 128))       # image, labels, boxes, masks, semantic
"""

from __future__ import annotations

from hashlib import sha256

from course_utils.drawn.canvas import Canvas
from course_utils.drawn.dataset import draw_dataset, draw_image
from course_utils.drawn.objects import CLASS_NAMES, Obj, random_obj
from course_utils.drawn.scene import Scene, draw_scene
from course_utils.drawn.streams import SPLITS
from course_utils.drawn.tape import Tape

__all__ = [
    "CLASS_NAMES",
    "SPLITS",
    "Canvas",
    "Obj",
    "Scene",
    "Tape",
    "draw_dataset",
    "draw_image",
    "draw_scene",
    "fingerprint",
    "random_obj",
]


def fingerprint() -> str:
    """Return the SHA-256 of a sample of pictures: it changes when the drawing does.

    The sample holds every class in every split at two sizes, and a few scenes, so a
    file of figures measured on drawn pictures can say which pictures it means.
    """
    digest = sha256()
    for split in SPLITS:
        for index in range(2 * len(CLASS_NAMES)):
            for size in (32, 64):
                image, label = draw_image(index, split=split, size=size)
                digest.update(bytes([label]) + image.numpy().tobytes())
        for index in range(4):
            scene = draw_scene(index, split=split)
            digest.update(scene.image.numpy().tobytes())
            digest.update(scene.semantic.numpy().astype("<i8").tobytes())
    return digest.hexdigest()
