"""The practice exercise of lesson 00."""

from __future__ import annotations

import torch

from course_utils.checks.engine import Case, Exercise, Mistake


def _count(height: int, width: int, channels: int) -> int:
    return torch.empty(channels, height, width, device="meta").numel()


def _draw(generator: torch.Generator) -> tuple[int, int, int]:
    height, width = torch.randint(5, 500, (2,), generator=generator).tolist()
    return int(height), int(width), 3


check_count_numbers = Exercise(
    title="0.1 · How many numbers are in a picture?",
    reference=_count,
    cases=(
        Case("a grey picture of 8 × 8 pixels", (8, 8, 1)),
        Case("a colour picture of 8 × 8 pixels", (8, 8, 3)),
        Case("a colour picture of 300 × 451 pixels", (300, 451, 3)),
    ),
    draw=_draw,
    mistakes=(
        Mistake(
            "forgot_channels",
            lambda height, width, channels: height * width,
            "You counted the pixels. A colour pixel holds three numbers: red, green "
            "and blue. Multiply by `channels` as well.",
        ),
        Mistake(
            "added",
            lambda height, width, channels: height + width + channels,
            "You added the three lengths. An 8 × 8 grid has 64 places, not 16: "
            "multiply.",
        ),
        Mistake(
            "channels_added",
            lambda height, width, channels: height * width + channels,
            "You added the channels at the end. Every pixel has all of them, so they "
            "multiply: 8 · 8 · 3 = 192, not 8 · 8 + 3 = 67.",
        ),
        Mistake(
            "square",
            lambda height, width, channels: height * height * channels,
            "You used `height` twice. That is right only for square pictures.",
        ),
        Mistake(
            "always_three",
            lambda height, width, channels: height * width * 3,
            "You wrote 3 for the channels. A grey picture has 1: use `channels`.",
        ),
    ),
    praise="A photograph of 300 × 451 pixels is 405 900 numbers, and a network sees "
    "nothing else.",
)
