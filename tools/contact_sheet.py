"""Look at the drawn world: a row of pictures per class, or scenes with their boxes.

python -m tools.contact_sheet build/sheet.png --size 128
python -m tools.contact_sheet build/scenes.png --scenes
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from course_utils.drawn import CLASS_NAMES, draw_image, draw_scene

_COLUMNS, _SCENE_COLUMNS, _SCENE_ROWS = 12, 4, 5
_WIDE = 1536  # pixels across the sheet of classes


def class_sheet(size: int, first: int = 0) -> Image.Image:
    """Return twelve pictures of each class, a row a class, enlarged if small."""
    rows = [
        np.concatenate(
            [
                draw_image(first + label * _COLUMNS + k, size=size, label=label)[0]
                for k in range(_COLUMNS)
            ],
            axis=2,
        )
        for label in range(len(CLASS_NAMES))
    ]
    sheet = Image.fromarray(np.concatenate(rows, axis=1).transpose(1, 2, 0))
    zoom = max(1, _WIDE // sheet.width)
    return sheet.resize(
        (sheet.width * zoom, sheet.height * zoom), Image.Resampling.NEAREST
    )


def scene_sheet(size: tuple[int, int] = (180, 240), first: int = 0) -> Image.Image:
    """Return twenty scenes; every second one dims what belongs to no object."""
    height, width = size
    sheet = Image.new("RGB", (_SCENE_COLUMNS * width, _SCENE_ROWS * height))
    for k in range(_SCENE_COLUMNS * _SCENE_ROWS):
        scene = draw_scene(first + k, size=size, objects=(1, 5))
        pixels = scene.image.permute(1, 2, 0).numpy().copy()
        if k % 2:
            pixels[scene.semantic.numpy() == 0] //= 2
        picture = Image.fromarray(pixels)
        draw = ImageDraw.Draw(picture)
        labels = scene.labels.tolist()
        for (left, top, right, bottom), label in zip(
            scene.boxes.tolist(), labels, strict=True
        ):
            draw.rectangle((left, top, right - 1, bottom - 1), outline="yellow")
            draw.text((left + 2, top), CLASS_NAMES[label], fill="yellow")
        row, column = divmod(k, _SCENE_COLUMNS)
        sheet.paste(picture, (column * width, row * height))
    return sheet


def main() -> None:
    """Write one sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--first", type=int, default=0, help="index of the first")
    parser.add_argument("--scenes", action="store_true")
    options = parser.parse_args()
    if options.scenes:
        sheet = scene_sheet(first=options.first)
    else:
        sheet = class_sheet(options.size, options.first)
    options.path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(options.path)


if __name__ == "__main__":
    main()
