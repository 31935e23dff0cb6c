"""Backgrounds: sky, sea, meadow, road, room, forest, snow, sand, pond and town."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from course_utils.drawn.clutter import blobs, clouds, houses, pines, specks, trees
from course_utils.drawn.light import GRASS, ROUGH, SMOOTH, SNOW, WATER
from course_utils.drawn.palette import PAINTS, varied
from course_utils.drawn.solid import mix, shade

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from course_utils.drawn.canvas import Canvas, Colour
    from course_utils.drawn.tape import Tape

_SKIES: Sequence[Colour] = (
    (126, 176, 222),
    (96, 150, 212),
    (176, 202, 222),
    (196, 200, 206),
    (226, 196, 168),
    (84, 112, 152),
    (214, 222, 228),
)
_SEAS: Sequence[Colour] = (
    (52, 98, 140),
    (70, 122, 150),
    (44, 74, 104),
    (104, 138, 156),
    (84, 128, 126),
)
_GREENS: Sequence[Colour] = (
    (92, 132, 58),
    (72, 108, 50),
    (128, 148, 72),
    (154, 146, 82),
    (104, 122, 76),
)
_EARTHS: Sequence[Colour] = (
    (168, 140, 100),
    (140, 112, 82),
    (196, 176, 136),
    (112, 94, 72),
)
_ASPHALTS: Sequence[Colour] = (
    (96, 96, 100),
    (122, 120, 118),
    (78, 80, 86),
    (146, 144, 138),
)
_WALLS: Sequence[Colour] = (
    (206, 192, 164),
    (176, 186, 190),
    (198, 168, 150),
    (150, 162, 144),
    (128, 116, 124),
    (220, 214, 206),
    (116, 84, 68),
)
_SNOWS: Sequence[Colour] = ((232, 236, 242), (214, 222, 234), (240, 236, 230))


def sky(canvas: Canvas, tape: Tape) -> None:
    """Sky all over, often with clouds, sometimes land far below."""
    _sky(canvas, tape, canvas.height)
    if tape.chance(0.3):
        base = canvas.height * tape.uniform(0.8, 0.95)
        _ground(canvas, base, varied(tape, (*_GREENS, *_SEAS, *_EARTHS)), ROUGH)


def sea(canvas: Canvas, tape: Tape) -> None:
    """Water below a high or low horizon, with waves; sometimes a coast."""
    horizon = canvas.height * tape.uniform(0.05, 0.6)
    _sky(canvas, tape, horizon)
    if tape.chance(0.35):
        _far(canvas, tape, horizon)
    water = varied(tape, _SEAS, spread=24)
    _ground(canvas, horizon, water, WATER)
    specks(canvas, tape, horizon, shade(water, tape.pick((0.82, 1.2))), 9, 7)


def meadow(canvas: Canvas, tape: Tape) -> None:
    """Grass with a hedge, hills or trees behind."""
    horizon = canvas.height * tape.uniform(-0.2, 0.6)
    _sky(canvas, tape, horizon)
    _far(canvas, tape, horizon)
    green = varied(tape, _GREENS, spread=24)
    _ground(canvas, horizon, green, GRASS)
    specks(canvas, tape, horizon, shade(green, tape.pick((0.8, 1.2))), 6, 2.5)
    if tape.chance(0.3):
        specks(canvas, tape, horizon, varied(tape, PAINTS), 7, 1)


def road(canvas: Canvas, tape: Tape) -> None:
    """Asphalt or a yard before houses or trees."""
    horizon = canvas.height * tape.uniform(0.1, 0.6)
    _sky(canvas, tape, horizon)
    tape.pick((houses, trees, _far))(canvas, tape, horizon)
    if tape.chance(0.5):
        verge = horizon
        horizon += canvas.height * tape.uniform(0.03, 0.12)
        _ground(canvas, verge, varied(tape, (*_GREENS, *_EARTHS)), GRASS)
    asphalt = varied(tape, _ASPHALTS)
    _ground(canvas, horizon, asphalt, ROUGH)
    if tape.chance(0.5):
        y = tape.uniform(horizon, canvas.height)
        tilt = canvas.height * tape.uniform(-0.15, 0.15)
        high = canvas.height * 0.03
        line = ((0, y), (canvas.width, y + tilt), (canvas.width, y + tilt + high),
                (0, y + high))  # fmt: skip
        canvas.polygon(line, mix(asphalt, (250, 244, 220), 0.7))


def room(canvas: Canvas, tape: Tape) -> None:
    """A wall, a floor or a blanket, and furniture."""
    height, width = canvas.height, canvas.width
    canvas.material = SMOOTH
    wall = varied(tape, _WALLS)
    canvas.rectangle(0, 0, width, height, wall)
    floor = height * tape.uniform(0.35, 0.95)
    for _ in range(tape.integer(1, 4)):
        left, wide = tape.uniform(-0.3, 0.9) * width, tape.uniform(0.2, 0.8) * width
        top = floor - tape.uniform(0.1, 0.6) * height
        colour = varied(tape, (*_WALLS, *PAINTS, *_EARTHS), spread=30)
        bottom = floor if tape.chance(0.6) else top + 0.25 * height
        canvas.rectangle(left, top, left + wide, bottom, colour)
        if tape.chance(0.5):
            inset = 0.05 * width
            canvas.rectangle(left + inset, top + inset, left + wide - inset,
                             bottom - inset, shade(colour, 1.25))  # fmt: skip
    ground = varied(tape, (*_WALLS, *_EARTHS, *PAINTS), spread=30)
    _ground(canvas, floor, ground, tape.pick((SMOOTH, ROUGH)))
    if tape.chance(0.5):
        for _ in range(3):
            x = tape.uniform(0, width)
            lean = tape.uniform(-0.3, 0.3) * width
            thick = 0.02 * width
            board = ((x, floor), (x + thick, floor), (x + lean + thick, height),
                     (x + lean, height))  # fmt: skip
            canvas.polygon(board, shade(ground, 0.8))


def forest(canvas: Canvas, tape: Tape) -> None:
    """Trunks and leaves close behind."""
    green = varied(tape, _GREENS, spread=24)
    height = canvas.height
    canvas.material = ROUGH
    canvas.rectangle(0, 0, canvas.width, height, shade(green, tape.uniform(0.5, 1.2)))
    blobs(canvas, tape, 0, height * 0.7, shade(green, tape.uniform(0.6, 1.3)), 6)
    trees(canvas, tape, height * tape.uniform(0.5, 0.9))
    floor = height * tape.uniform(0.55, 1)
    _ground(canvas, floor, varied(tape, (*_GREENS, *_EARTHS)), GRASS)
    blobs(canvas, tape, floor * 0.9, height, shade(green, tape.uniform(0.6, 1.2)), 3)


def snow(canvas: Canvas, tape: Tape) -> None:
    """White ground, often with pines."""
    horizon = canvas.height * tape.uniform(-0.1, 0.6)
    _sky(canvas, tape, horizon)
    if tape.chance(0.6):
        pines(canvas, tape, horizon)
    white = varied(tape, _SNOWS, spread=10)
    _ground(canvas, horizon, white, SNOW)
    specks(canvas, tape, horizon, shade(white, 0.86), 4, 6)


def sand(canvas: Canvas, tape: Tape) -> None:
    """Bare earth, sand or gravel."""
    horizon = canvas.height * tape.uniform(-0.2, 0.6)
    _sky(canvas, tape, horizon)
    _far(canvas, tape, horizon)
    earth = varied(tape, _EARTHS, spread=24)
    _ground(canvas, horizon, earth, ROUGH)
    specks(canvas, tape, horizon, shade(earth, tape.pick((0.75, 1.25))), 7, 2)


def pond(canvas: Canvas, tape: Tape) -> None:
    """Leaves, mud and still water seen from near."""
    base = varied(tape, (*_GREENS, *_SEAS, *_EARTHS), spread=24)
    _ground(canvas, 0, shade(base, 0.8), tape.pick((WATER, ROUGH, GRASS)))
    leaf = varied(tape, (*_GREENS, *_EARTHS), spread=24)
    blobs(canvas, tape, 0, canvas.height, leaf, tape.integer(2, 7))
    blobs(canvas, tape, 0, canvas.height, shade(leaf, 0.7), 3)


PLACES: Sequence[Callable[[Canvas, Tape], None]] = (
    sky,
    sea,
    meadow,
    road,
    room,
    forest,
    snow,
    sand,
    pond,
)

# how often each class is met in each of PLACES, out of about 20: as in CIFAR-10 the
# place is a hint and no more
_HABITS = (
    (10, 2, 2, 3, 0, 0, 2, 2, 0),
    (1, 1, 3, 9, 1, 1, 2, 3, 0),
    (5, 2, 3, 1, 1, 5, 1, 1, 3),
    (0, 0, 3, 2, 10, 1, 1, 2, 1),
    (1, 0, 6, 1, 0, 6, 3, 2, 1),
    (0, 0, 5, 2, 7, 1, 2, 3, 0),
    (0, 1, 4, 1, 3, 3, 0, 3, 6),
    (1, 0, 7, 2, 0, 3, 2, 4, 0),
    (3, 13, 0, 1, 0, 0, 1, 1, 1),
    (2, 0, 2, 9, 0, 1, 3, 4, 0),
)


Backdrop: TypeAlias = "Callable[[Canvas, Tape], None]"


def random_place(tape: Tape, label: int) -> Backdrop:
    """Return a background as the class is likely to be met in."""
    return tape.weighted(tuple(zip(PLACES, _HABITS[label], strict=True)))


def has_ground(place: Backdrop) -> bool:
    """Return whether a shadow can fall at a place."""
    return place is not sky


def random_class_at(tape: Tape, place: Backdrop) -> int:
    """Return the label of a class as is likely to be met at a place."""
    column = PLACES.index(place)
    return tape.weighted([(label, row[column]) for label, row in enumerate(_HABITS)])


def _sky(canvas: Canvas, tape: Tape, horizon: float) -> None:
    """Paint bands from the top to the horizon, each a little paler."""
    canvas.material = SMOOTH
    if horizon <= 0:
        return
    top = varied(tape, _SKIES)
    low = mix(top, (238, 232, 224), tape.uniform(0, 0.7))
    bands = 5
    for band in range(bands):
        canvas.rectangle(
            0,
            horizon * band / bands,
            canvas.width,
            horizon * (band + 1) / bands + 1,
            mix(top, low, band / (bands - 1)),
        )
    if tape.chance(0.5):
        clouds(canvas, tape, horizon, mix(low, (255, 255, 255), 0.6))


def _far(canvas: Canvas, tape: Tape, horizon: float) -> None:
    """Paint hills, trees or houses on the horizon."""
    kind = tape.integer(0, 3)
    if kind == 0:
        trees(canvas, tape, horizon)
    elif kind == 1:
        blobs(canvas, tape, horizon, horizon, varied(tape, _GREENS), 5)
    elif kind == 2:
        hill = mix(varied(tape, _GREENS), (150, 164, 184), 0.5)
        peak = horizon - canvas.height * tape.uniform(0.05, 0.3)
        x, wide = tape.uniform(0, 1) * canvas.width, 0.8 * canvas.width
        canvas.polygon(((x - wide, horizon), (x, peak), (x + wide, horizon)), hill)


def _ground(canvas: Canvas, top: float, colour: Colour, material: int) -> None:
    """Paint from ``top`` down, lighter far away."""
    canvas.material = material
    top = max(0.0, top)
    third = (canvas.height - top) / 3
    for band, tone in enumerate((1.1, 1.0, 0.9)):
        start = top + band * third
        canvas.rectangle(0, start, canvas.width, canvas.height, shade(colour, tone))
