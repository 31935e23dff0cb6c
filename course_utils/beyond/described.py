"""Pictures of coloured shapes, and the sentences that describe them.

A picture holds two groups: some red rings above a blue square, say. Each has two
right descriptions, because "above" can be said the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

COLOURS: Final = {
    "red": (0.85, 0.15, 0.15),
    "green": (0.15, 0.65, 0.25),
    "blue": (0.2, 0.35, 0.9),
    "yellow": (0.95, 0.85, 0.2),
}
SHAPES: Final = ("ring", "square", "triangle")
NUMBERS: Final = ("a", "two", "three")
RELATIONS: Final = ("above", "left of")
OPPOSITES: Final = {"above": "below", "left of": "right of"}
SIZE: Final = 32  # of a picture, in pixels
START: Final = "<start>"
END: Final = "<end>"
VOCABULARY: Final = (
    END,
    START,
    *NUMBERS,
    *COLOURS,
    *SHAPES,
    *(f"{shape}s" for shape in SHAPES),
    "above",
    "below",
    "left",
    "right",
    "of",
)


@dataclass(frozen=True)
class Group:
    """Equal shapes side by side.

    Attributes:
        number: How many, 1 to 3.
        colour: A key of `COLOURS`.
        shape: One of `SHAPES`.
    """

    number: int
    colour: str
    shape: str

    def words(self) -> str:
        """Return "a red ring", "two red rings" or "three red rings"."""
        plural = "s" if self.number > 1 else ""
        return f"{NUMBERS[self.number - 1]} {self.colour} {self.shape}{plural}"


@dataclass(frozen=True)
class Description:
    """What a picture shows: the first group, above or left of the second."""

    first: Group
    relation: str
    second: Group

    def sentences(self) -> tuple[str, str]:
        """Return both ways to say it."""
        first, second = self.first.words(), self.second.words()
        opposite = OPPOSITES[self.relation]
        return f"{first} {self.relation} {second}", f"{second} {opposite} {first}"

    def shows(self, colour: str, shape: str) -> bool:
        """Return whether one of the groups has this colour and shape."""
        groups = (self.first, self.second)
        return any((g.colour, g.shape) == (colour, shape) for g in groups)


def describe_at_random(generator: torch.Generator) -> Description:
    """Return a description; number, colour, shape and relation are drawn evenly."""

    def draw(most: int) -> int:
        return int(torch.randint(most, (), generator=generator))

    def group() -> Group:
        number, colour = 1 + draw(len(NUMBERS)), list(COLOURS)[draw(len(COLOURS))]
        return Group(number, colour, SHAPES[draw(len(SHAPES))])

    return Description(group(), RELATIONS[draw(2)], group())


def draw_pictures(
    descriptions: Sequence[Description], generator: torch.Generator
) -> Tensor:
    """Draw one picture of each description, float32 (N, 3, 32, 32) in [0, 1]."""
    return torch.stack([draw_picture(one, generator) for one in descriptions])


def draw_picture(description: Description, generator: torch.Generator) -> Tensor:
    """Draw a picture, float32 (3, 32, 32) in [0, 1], on a grey of random brightness."""
    brightness = 0.25 + 0.5 * float(torch.rand((), generator=generator))
    picture = torch.full((3, SIZE, SIZE), brightness)
    for place, group in enumerate((description.first, description.second)):
        for across, along, radius in _places(group.number, place, generator):
            row, column = (
                (across, along) if description.relation == "above" else (along, across)
            )
            mask = _mask(group.shape, row, column, radius)
            picture[:, mask] = torch.tensor(COLOURS[group.colour])[:, None]
    noise = 0.03 * torch.randn(picture.shape, generator=generator)
    return (picture + noise).clamp(0, 1)


def _places(
    number: int, place: int, generator: torch.Generator
) -> list[tuple[float, float, float]]:
    """Return each shape's middle, across and along the groups' border, and radius."""
    room = SIZE / number
    chance = torch.rand(number, 3, generator=generator).tolist()
    places = []
    for index, (one, two, three) in enumerate(chance):
        radius = 3.6 + 1.0 * three
        across = SIZE / 4 + place * SIZE / 2 + 4 * (one - 0.5)
        along = room * (index + 0.5) + (room - 2 * radius) * 0.8 * (two - 0.5)
        places.append((across, along, radius))
    return places


def _mask(shape: str, row: float, column: float, radius: float) -> Tensor:
    ticks = torch.arange(SIZE) + 0.5
    down, right = (ticks - row)[:, None], (ticks - column)[None]
    if shape == "ring":
        return ((down**2 + right**2).sqrt() - 0.8 * radius).abs() <= 0.3 * radius
    if shape == "square":
        return (down.abs() <= radius * 0.95) & (right.abs() <= radius * 0.95)
    # the tip is up
    return (down <= radius) & (down >= 1.8 * right.abs() - 1.1 * radius)


def encode(sentence: str, length: int = 9) -> Tensor:
    """Return a sentence's words as indices into `VOCABULARY`, filled up with `END`.

    Raises:
        ValueError: If a word is unknown or the sentence does not fit.
    """
    words = sentence.split()
    unknown = [word for word in words if word not in VOCABULARY]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not in the vocabulary: {VOCABULARY}")
    if len(words) >= length:
        raise ValueError(
            f"{sentence!r} has {len(words)} words; at most {length - 1} fit"
        )
    numbers = [VOCABULARY.index(word) for word in words]
    return torch.tensor(numbers + [VOCABULARY.index(END)] * (length - len(words)))


def decode(tokens: Tensor) -> str:
    """Return the words up to the first `END`."""
    words = [VOCABULARY[int(token)] for token in tokens]
    return " ".join(words[: words.index(END)] if END in words else words)
