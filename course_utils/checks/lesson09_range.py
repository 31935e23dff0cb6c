"""Exercises 9.7 and 9.8: from bytes to the network, and from a picture to bytes."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

# ImageNet's, as printed in the lesson
_MEAN: Final = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
_STD: Final = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def _planes(pixels: Tensor) -> Tensor:
    return pixels.permute(2, 0, 1)[None].float()


def _prepared(pixels: Tensor) -> Tensor:
    return (_planes(pixels) / 255 - _MEAN) / _STD


def _cut_anew(pixels: Tensor) -> Tensor:
    height, width, _ = pixels.shape
    planes = pixels.reshape(1, 3, height, width).float()
    return (planes / 255 - _MEAN) / _STD


def _bytes(generator: torch.Generator) -> tuple[Tensor]:
    height, width = torch.randint(2, 5, (2,), generator=generator).tolist()
    shape = (height, width, 3)
    return (torch.randint(0, 256, shape, generator=generator).byte(),)


_RED: Final = torch.tensor([255, 0, 0]).byte().expand(2, 2, 3).clone()
_STEPS: Final = torch.arange(0, 240, 10).reshape(2, 4, 3).byte()

check_prepare = Exercise(
    title="9.7 · What the network expects",
    reference=_prepared,
    cases=(
        Case("black", (torch.zeros(2, 3, 3, dtype=torch.uint8),)),
        Case("pure red", (_RED,)),
        Case("all kinds of values", (_STEPS,)),
    ),
    mistakes=(
        Mistake(
            "not_normalised",
            lambda pixels: _planes(pixels) / 255,
            "These are pixels between 0 and 1. The network was trained on normalised "
            "ones and hears something else in these: take the mean off and divide by "
            "the standard deviation.",
        ),
        Mistake(
            "not_divided_by_255",
            lambda pixels: (_planes(pixels) - _MEAN) / _STD,
            "Mean and standard deviation are those of pixels between 0 and 1: divide "
            "the bytes by 255 first.",
        ),
        Mistake(
            "std_multiplied",
            lambda pixels: (_planes(pixels) / 255 - _MEAN) * _STD,
            "You multiplied by the standard deviation. Divide by it.",
        ),
        Mistake(
            "mean_taken_off_last",
            lambda pixels: _planes(pixels) / 255 / _STD - _MEAN,
            "The order: first take the mean off, then divide by the standard "
            "deviation. A bracket is missing.",
        ),
        Mistake(
            "red_and_blue_swapped",
            lambda pixels: _prepared(pixels.flip(-1)),
            "Red and blue are swapped. Pillow gives red, green, blue, and the network "
            "wants them so.",
        ),
        Mistake(
            "reshaped_for_permuted",
            _cut_anew,
            "`reshape` cuts the row of bytes anew and mixes colours with places. The "
            "channels move to the front by `permute(2, 0, 1)`.",
        ),
        Mistake(
            "clamped",
            lambda pixels: _prepared(pixels).clamp(0, 1),
            "You clamped the normalised values to [0, 1]. They are right to reach from "
            "about −2 to 2.6; the range of pixels no longer applies.",
        ),
    ),
    draw=_bytes,
    praise="Black is about −2 and white about 2.5: that is what it has seen all its "
    "life.",
)


def _finished(picture: Tensor) -> Tensor:
    pixels = picture[0].permute(1, 2, 0).clamp(0, 1)
    return torch.round(pixels * 255).to(torch.uint8)


def _wrapped(picture: Tensor) -> Tensor:
    return (picture[0].permute(1, 2, 0) * 255).round().long().remainder(256).byte()


def _reshaped(picture: Tensor) -> Tensor:
    _, _, height, width = picture.shape
    return (picture.clamp(0, 1) * 255).round().reshape(height, width, 3).byte()


def _stretched(picture: Tensor) -> Tensor:
    low, high = picture.min(), picture.max()
    return _finished((picture - low) / (high - low).clamp(min=1e-6))


def _picture(generator: torch.Generator) -> tuple[Tensor]:
    height, width = torch.randint(2, 5, (2,), generator=generator).tolist()
    return (1.2 * torch.rand(1, 3, height, width, generator=generator) - 0.1,)


_TINTED: Final = torch.tensor([0.25, 0.5, 0.75]).view(1, 3, 1, 1).repeat(1, 1, 2, 3)

check_finish = Exercise(
    title="9.8 · Back to bytes",
    reference=_finished,
    cases=(
        Case("one colour", (_TINTED,)),
        Case("white, a little too bright", (torch.full((1, 3, 2, 2), 1.02),)),
        Case(
            "from below black to white", (torch.linspace(-0.1, 1, 18).view(1, 3, 2, 3),)
        ),
    ),
    mistakes=(
        Mistake(
            "wrapped_around",
            _wrapped,
            "A byte holds 0 to 255. 1.02 · 255 = 260 comes out as 4: the brightest "
            "pixels turn black. Clamp to [0, 1] first.",
        ),
        Mistake(
            "cut_off",
            lambda picture: (picture[0].permute(1, 2, 0).clamp(0, 1) * 255).byte(),
            "`.byte()` cuts the decimals off, and every pixel becomes a little darker. "
            "Round first: 127.5 is 128.",
        ),
        Mistake(
            "times_256",
            lambda picture: (
                (picture[0].permute(1, 2, 0) * 256).clamp(0, 255).round().byte()
            ),
            "You multiplied by 256. White is 255, so the factor is 255, as it was on "
            "the way in.",
        ),
        Mistake(
            "channels_first",
            lambda picture: (picture[0].clamp(0, 1) * 255).round().byte(),
            "The channels still stand first. Pillow and matplotlib want (H, W, 3): "
            "`permute(1, 2, 0)`.",
        ),
        Mistake(
            "reshaped_for_permuted",
            _reshaped,
            "`reshape` cuts the numbers anew, and the picture falls into coloured "
            "stripes. Move the axis: `permute(1, 2, 0)`.",
        ),
        Mistake(
            "stretched",
            _stretched,
            "You stretched the values to the full range. Then the same grey comes out "
            "differently in every picture; clamp instead.",
        ),
    ),
    draw=_picture,
    praise="A picture that anybody can open.",
)
