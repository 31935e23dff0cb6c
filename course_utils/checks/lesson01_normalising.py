"""Lesson 01: normalise a batch of images, and undo it."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

_MEAN = torch.tensor([0.485, 0.456, 0.406])
_STD = torch.tensor([0.229, 0.224, 0.225])


def _planes(values: Tensor) -> Tensor:
    """Give one value a channel the shape that lines up with (N, C, H, W)."""
    return values[:, None, None]


def _each_channel(images: Tensor, mean: Tensor, std: Tensor, undo: bool) -> Tensor:
    """Normalise one plane after the other, or undo it; a plain loop over channels."""
    out = torch.zeros_like(images)
    for channel, (m, s) in enumerate(zip(mean.tolist(), std.tolist(), strict=True)):
        plane = images[:, channel]
        out[:, channel] = plane * s + m if undo else (plane - m) / s
    return out


def _normalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return _each_channel(images, mean, std, undo=False)


def _denormalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return _each_channel(images, mean, std, undo=True)


def _own_statistics(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    own_std, own_mean = torch.std_mean(images, dim=(2, 3), keepdim=True)
    return (images - own_mean) / own_std


def _draw_batch(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    n, height, width = torch.randint(2, 5, (3,), generator=generator).tolist()
    images = torch.rand(int(n), 3, int(height), int(width), generator=generator)
    mean = torch.rand(3, generator=generator)
    std = torch.rand(3, generator=generator) + 0.1
    return images, mean, std


_black_white = torch.tensor([0.0, 1.0]).expand(1, 3, 1, 2).contiguous()
_two_images = torch.linspace(0, 1, 72).reshape(2, 3, 4, 3)
_three_images = torch.linspace(1, 0, 72).reshape(3, 3, 4, 2)

check_normalise = Exercise(
    title="1.4 · Normalise",
    reference=_normalise,
    cases=(
        Case("a black and a white pixel", (_black_white, _MEAN, _STD)),
        Case("two images, 4 × 3 pixels", (_two_images, _MEAN, _STD)),
        Case("three images, 4 × 2 pixels", (_three_images, _MEAN, _STD)),
    ),
    draw=_draw_batch,
    mistakes=(
        Mistake(
            "lined_up_with_width",
            lambda images, mean, std: (images - mean) / std,
            "Shape (3,) lines up with the last axis, the width, not with the channels. "
            "`mean[:, None, None]` has shape (3, 1, 1) and lines up with (C, H, W). "
            "(On a picture 3 pixels wide there is not even an error.)",
        ),
        Mistake(
            "lined_up_with_batch",
            lambda images, mean, std: (
                (images - mean[:, None, None, None]) / std[:, None, None, None]
            ),
            "Shape (3, 1, 1, 1) lines up with N, so each image would get its own mean. "
            "One `None` fewer: (3, 1, 1) lines up with (C, H, W).",
        ),
        Mistake(
            "divided_by_variance",
            lambda images, mean, std: (images - _planes(mean)) / _planes(std) ** 2,
            "You divided by the variance. Divide by `std` itself, not by its square.",
        ),
        Mistake(
            "divided_first",
            lambda images, mean, std: images / _planes(std) - _planes(mean),
            "You divided before the mean was subtracted: `/` binds tighter than `-`. "
            "Put `images - mean` in parentheses.",
        ),
        Mistake(
            "no_division",
            lambda images, mean, std: images - _planes(mean),
            "The mean is subtracted; the division by `std` is missing.",
        ),
        Mistake(
            "multiplied",
            lambda images, mean, std: (images - _planes(mean)) * _planes(std),
            "You multiplied by `std`, which makes small differences smaller still. "
            "Divide.",
        ),
        Mistake(
            "undone",
            lambda images, mean, std: images * _planes(std) + _planes(mean),
            "That is the way back: `· std + mean` undoes a normalisation. The way "
            "there is `(images - mean) / std`.",
        ),
        Mistake(
            "mean_of_bytes",
            lambda images, mean, std: (images - 255 * _planes(mean)) / _planes(std),
            "You scaled the mean to 0–255. The images are in [0, 1] here, and so is "
            "the mean 0.485.",
        ),
        Mistake(
            "own_statistics",
            _own_statistics,
            "You used each image's own mean and std. Then a dark and a bright picture "
            "come out alike; use the `mean` and `std` that you are given, the same "
            "for all.",
        ),
    ),
    praise="A shape of (3, 1, 1) lines up with (N, 3, H, W): lengths are compared from "
    "the last axis, and 1 stretches.",
)


def _draw_normalised(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    images, mean, std = _draw_batch(generator)
    return _normalise(images, mean, std), mean, std


_zeros = torch.zeros(1, 3, 2, 2)
_too_bright = torch.full((1, 3, 1, 2), 4.0)

check_denormalise = Exercise(
    title="1.5 · Undo the normalisation",
    reference=_denormalise,
    cases=(
        Case("zeros, which are the mean colour", (_zeros, _MEAN, _STD)),
        Case("two images", (_normalise(_two_images, _MEAN, _STD), _MEAN, _STD)),
        Case("three images", (_normalise(_three_images, _MEAN, _STD), _MEAN, _STD)),
        Case("values brighter than white", (_too_bright, _MEAN, _STD)),
    ),
    draw=_draw_normalised,
    mistakes=(
        Mistake(
            "wrong_order",
            lambda images, mean, std: (images + _planes(mean)) * _planes(std),
            "You added the mean before multiplying. What was done last is undone "
            "first: the division was last, so multiply first, then add.",
        ),
        Mistake(
            "normalised_again",
            _normalise,
            "You normalised a second time. Undoing turns each step round: division "
            "into multiplication, subtraction into addition.",
        ),
        Mistake(
            "mean_subtracted",
            lambda images, mean, std: images * _planes(std) - _planes(mean),
            "You subtracted the mean again. It was taken away, so add it back.",
        ),
        Mistake(
            "divided_again",
            lambda images, mean, std: images / _planes(std) + _planes(mean),
            "You divided by `std` again. It was divided by, so multiply.",
        ),
        Mistake(
            "mean_forgotten",
            lambda images, mean, std: images * _planes(std),
            "The scale is right and every picture is too dark: the mean is missing.",
        ),
        Mistake(
            "std_forgotten",
            lambda images, mean, std: images + _planes(mean),
            "The mean is back; the multiplication by `std` is missing.",
        ),
        Mistake(
            "lined_up_with_width",
            lambda images, mean, std: images * std + mean,
            "Shape (3,) lines up with the width. Use `std[:, None, None]` and "
            "`mean[:, None, None]`.",
        ),
        Mistake(
            "clamped",
            lambda images, mean, std: (images * _planes(std) + _planes(mean)).clamp(
                0, 1
            ),
            "Right up to the last step: you cut off what lies outside [0, 1]. That is "
            "for showing; an exact undo keeps every value.",
        ),
    ),
    praise="There and back again: keep this one, since every network's input has to be "
    "undone before you can look at it.",
)
