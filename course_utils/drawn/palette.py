"""The colours of the drawn world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_utils.drawn.solid import mix, shade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from course_utils.drawn.canvas import Colour
    from course_utils.drawn.tape import Tape

BLACK: Colour = (28, 26, 28)
WHITE: Colour = (240, 240, 236)
GLASS: Colour = (70, 92, 112)
TYRE: Colour = (36, 36, 40)
PINK: Colour = (222, 146, 146)

# cats, dogs, deer and horses share these, so that colour does not tell them apart
FURS: tuple[Colour, ...] = (
    (146, 98, 58),
    (112, 74, 46),
    (178, 132, 84),
    (204, 168, 122),
    (74, 54, 42),
    (48, 44, 46),
    (120, 116, 116),
    (166, 162, 158),
    (228, 222, 210),
    (190, 112, 56),
)
PAINTS: Sequence[Colour] = (
    (186, 36, 36),
    (36, 74, 156),
    (232, 232, 232),
    (172, 176, 182),
    (48, 50, 56),
    (226, 184, 50),
    (52, 116, 74),
    (120, 34, 50),
    (96, 148, 196),
    (210, 110, 40),
    (204, 192, 164),
)
FEATHERS: Sequence[Colour] = (
    (126, 100, 74),
    (88, 84, 84),
    (232, 230, 224),
    (44, 44, 50),
    (180, 62, 48),
    (66, 108, 168),
    (222, 186, 70),
    (160, 150, 136),
    (92, 128, 76),
)
SKINS: Sequence[Colour] = (
    (88, 140, 52),
    (64, 112, 58),
    (122, 146, 62),
    (116, 98, 62),
    (140, 118, 84),
    (62, 92, 74),
    (170, 96, 50),
)


def varied(tape: Tape, colours: Sequence[Colour], spread: int = 18) -> Colour:
    """Return one of the colours, each channel moved by at most ``spread``."""
    red, green, blue = tape.pick(colours)
    common = tape.integer(-spread, spread)
    return (
        _channel(red + common + tape.integer(-spread // 3, spread // 3)),
        _channel(green + common + tape.integer(-spread // 3, spread // 3)),
        _channel(blue + common + tape.integer(-spread // 3, spread // 3)),
    )


def second(tape: Tape, colour: Colour) -> Colour:
    """Return a colour that goes with a fur or feather colour."""
    return tape.pick(
        (shade(colour, 0.62), mix(colour, WHITE, 0.6), mix(colour, BLACK, 0.6), WHITE)
    )


def _channel(value: int) -> int:
    return max(0, min(255, value))
