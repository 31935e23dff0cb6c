"""Things that stand about: clouds, trees, houses, stones, and what hides objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.drawn.light import GRASS, ROUGH, SMOOTH
from course_utils.drawn.palette import GLASS, PAINTS, varied
from course_utils.drawn.solid import mix, shade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from course_utils.drawn.canvas import Canvas, Colour
    from course_utils.drawn.tape import Tape

_BARKS: Sequence[Colour] = ((92, 72, 54), (66, 54, 46), (128, 116, 104))
_LEAVES: Sequence[Colour] = (
    (70, 104, 52),
    (50, 78, 44),
    (108, 124, 60),
    (166, 116, 52),
    (88, 96, 60),
)
_WALLS: Sequence[Colour] = (
    (190, 170, 146),
    (152, 96, 80),
    (206, 202, 194),
    (132, 138, 144),
)


def clouds(canvas: Canvas, tape: Tape, bottom: float, colour: Colour) -> None:
    """Puff a few clouds above ``bottom``."""
    width = canvas.width
    for _ in range(tape.integer(1, 3)):
        x, y = tape.uniform(0, width), tape.uniform(0, bottom)
        size = tape.uniform(0.06, 0.16) * width
        canvas.ellipse(x, y, 2.2 * size, 0.6 * size, colour)
        canvas.ellipse(x - 0.3 * size, y - 0.4 * size, size, 0.6 * size, colour)
        canvas.ellipse(x + 0.8 * size, y - 0.2 * size, 0.8 * size, 0.5 * size, colour)


def trees(canvas: Canvas, tape: Tape, base: float) -> None:
    """Stand trees in a row on ``base``."""
    canvas.material = ROUGH
    bark, leaf = varied(tape, _BARKS), varied(tape, _LEAVES, spread=24)
    for _ in range(tape.integer(2, 4)):
        x = tape.uniform(0, canvas.width)
        high = canvas.height * tape.uniform(0.25, 0.7)
        thick = canvas.width * tape.uniform(0.015, 0.05)
        canvas.rectangle(x - thick, base - high, x + thick, base, bark)
        crown = high * tape.uniform(0.25, 0.45)
        tone = shade(leaf, tape.uniform(0.8, 1.2))
        canvas.ellipse(x, base - high, crown, crown * 0.9, tone)
        canvas.ellipse(
            x + 0.6 * crown, base - 0.8 * high, 0.7 * crown, 0.6 * crown, leaf
        )


def pines(canvas: Canvas, tape: Tape, base: float) -> None:
    """Stand pines in a row on ``base``."""
    canvas.material = ROUGH
    leaf = varied(tape, ((52, 74, 62), (66, 84, 66), (90, 108, 108)))
    for _ in range(tape.integer(2, 5)):
        x = tape.uniform(0, canvas.width)
        high = canvas.height * tape.uniform(0.2, 0.5)
        wide = high * tape.uniform(0.2, 0.35)
        tone = shade(leaf, tape.uniform(0.8, 1.25))
        canvas.polygon(((x - wide, base), (x, base - high), (x + wide, base)), tone)


def houses(canvas: Canvas, tape: Tape, base: float) -> None:
    """Stand a few houses with windows on ``base``."""
    canvas.material = SMOOTH
    for _ in range(tape.integer(1, 3)):
        left = tape.uniform(-0.3, 0.8) * canvas.width
        wide = tape.uniform(0.25, 0.7) * canvas.width
        high = tape.uniform(0.2, 0.7) * canvas.height
        wall = varied(tape, _WALLS)
        canvas.rectangle(left, base - high, left + wide, base, wall)
        pane = 0.16 * wide
        for column in range(3):
            x = left + wide * (0.1 + 0.3 * column)
            y = base - high * 0.85
            canvas.rectangle(x, y, x + pane, y + 1.3 * pane, GLASS)
        if tape.chance(0.4):
            roof = shade(wall, 0.6)
            tip = (left + wide / 2, base - high - 0.15 * canvas.height)
            corner = (left + wide * 1.05, base - high)
            canvas.polygon(((left - 0.05 * wide, base - high), tip, corner), roof)


def blobs(
    canvas: Canvas, tape: Tape, top: float, bottom: float, colour: Colour, count: int
) -> None:
    """Scatter bushes, leaves or stones between ``top`` and ``bottom``."""
    for _ in range(count):
        x, y = tape.uniform(0, canvas.width), tape.uniform(top, bottom)
        wide = canvas.width * tape.uniform(0.06, 0.22)
        high = wide * tape.uniform(0.4, 0.9)
        canvas.ellipse(x, y, wide, high, shade(colour, tape.uniform(0.75, 1.25)))


def specks(
    canvas: Canvas, tape: Tape, top: float, colour: Colour, count: int, flat: float
) -> None:
    """Scatter small marks on the ground, ``flat`` times as wide as high."""
    top = max(0.0, top)
    depth = canvas.height - top
    for _ in range(count):
        share = tape.uniform(0.02, 1)
        y = top + depth * share
        high = canvas.height * 0.012 * (0.5 + share)
        canvas.ellipse(tape.uniform(0, canvas.width), y, high * flat, high, colour)


def hide(canvas: Canvas, tape: Tape) -> None:
    """Paint something in front: tufts, a post, a branch, a fence or a bush."""
    canvas.owner = 0
    canvas.material = GRASS
    tape.pick((_tufts, _post, _branch, _fence, _bush))(canvas, tape)


def _tufts(canvas: Canvas, tape: Tape) -> None:
    height, width = canvas.height, canvas.width
    green = varied(tape, _LEAVES, spread=24)
    base = height * tape.uniform(0.98, 1.1)
    for _ in range(7):
        x, tall = tape.uniform(0, width), height * tape.uniform(0.1, 0.3)
        lean = tape.uniform(-0.06, 0.06) * width
        thick = 0.035 * width
        blade = ((x - thick, base), (x + lean, base - tall), (x + thick, base))
        canvas.polygon(blade, shade(green, tape.uniform(0.8, 1.2)))


def _post(canvas: Canvas, tape: Tape) -> None:
    width = canvas.width
    x, thick = tape.uniform(0, width), width * tape.uniform(0.02, 0.07)
    colour = varied(tape, (*_BARKS, *_WALLS))
    canvas.rectangle(x, 0, x + thick, canvas.height, colour)


def _branch(canvas: Canvas, tape: Tape) -> None:
    height, width = canvas.height, canvas.width
    start, end = (0, tape.uniform(0, height)), (width, tape.uniform(0, height))
    thick = width * tape.uniform(0.012, 0.03)
    canvas.capsule(start, thick, end, thick * 0.6, varied(tape, _BARKS))
    x, y = width * 0.7, (start[1] + 2 * end[1]) / 3
    blobs(canvas, tape, y - 2, y + 2, varied(tape, _LEAVES), 2)
    canvas.ellipse(x, y, width * 0.07, width * 0.04, varied(tape, _LEAVES))


def _fence(canvas: Canvas, tape: Tape) -> None:
    height, width = canvas.height, canvas.width
    paint = varied(tape, (*_BARKS, *PAINTS[2:5]))
    y, thick = height * tape.uniform(0.6, 0.9), height * 0.02
    for offset in (0, 0.12):
        rail = y + offset * height
        canvas.rectangle(0, rail, width, rail + 1.5 * thick, paint)
    for column in range(4):
        x = width * (column + tape.uniform(0.2, 0.5)) / 4
        canvas.rectangle(x, y - 3 * thick, x + 2 * thick, height, paint)


def _bush(canvas: Canvas, tape: Tape) -> None:
    height, width = canvas.height, canvas.width
    colour = mix(varied(tape, _LEAVES), varied(tape, _LEAVES), 0.4)
    side = tape.pick((0.0, 1.0)) * width
    for _ in range(3):
        x = side + tape.uniform(-0.18, 0.18) * width
        y = tape.uniform(0.5, 1) * height
        size = tape.uniform(0.1, 0.2) * min(height, width)
        canvas.ellipse(x, y, size, size, shade(colour, tape.uniform(0.8, 1.2)))
