"""Exercises 10.3 and 10.4: pixels from channels, and how good they are."""

from __future__ import annotations

from collections.abc import Callable
from math import log, log10

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Shuffle = Callable[[Tensor, int], Tensor]


def _shuffle(*order: int, square_first: bool = False, turned: bool = False) -> Shuffle:
    """Return a pixel shuffle with another order of the six axes before the merge."""

    def shuffle(x: Tensor, r: int) -> Tensor:
        N, channels, H, W = x.shape
        C = channels // r**2
        split = (N, r, r, C, H, W) if square_first else (N, C, r, r, H, W)
        rows, columns = (W * r, H * r) if turned else (H * r, W * r)
        return x.reshape(split).permute(order).reshape(N, C, rows, columns)

    return shuffle


def _nearest(x: Tensor, r: int) -> Tensor:
    return x[:, :: r**2].repeat_interleave(r, 2).repeat_interleave(r, 3)


def _numbered(*shape: int) -> Tensor:
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).view(shape)


check_pixel_shuffle = Exercise(
    title="10.3 · Lay out the pixels",
    reference=lambda x, r: F.pixel_shuffle(x, r),
    cases=(
        Case("one channel, r = 2", (_numbered(1, 4, 2, 2), 2)),
        Case("a picture wider than high", (_numbered(1, 4, 2, 3), 2)),
        Case("two output channels", (_numbered(1, 8, 2, 2), 2)),
        Case("r = 3", (_numbered(1, 9, 2, 2), 3)),
        Case("two images", (_numbered(2, 4, 2, 2), 2)),
    ),
    mistakes=(
        Mistake(
            "rows_and_columns_swapped",
            _shuffle(0, 1, 4, 3, 5, 2),
            "Within each square your rows and columns are swapped: channel 1 belongs "
            "to the right of channel 0, not below it. The first r is the row.",
        ),
        Mistake(
            "pictures_side_by_side",
            _shuffle(0, 1, 2, 4, 3, 5),
            "You got r² small pictures side by side. The *inner* axis of a merge runs "
            "fastest, so the row within the square must stand behind H: "
            "(N, C, H, r, W, r).",
        ),
        Mistake(
            "only_reshaped",
            lambda x, r: x.reshape(len(x), -1, x.shape[2] * r, x.shape[3] * r),
            "A `reshape` alone keeps the order in memory: each row of the result is "
            "then cut from one channel. Bring the axes into order with `permute` "
            "first.",
        ),
        Mistake(
            "square_before_channels",
            _shuffle(0, 3, 4, 1, 5, 2, square_first=True),
            "With one output channel you are right; with two they are mixed. The r² "
            "values of an output channel are *neighbours*: split into (C, r, r), not "
            "(r, r, C). (Other frameworks do it your way.)",
        ),
        Mistake(
            "height_and_width_swapped",
            _shuffle(0, 1, 5, 2, 4, 3, turned=True),
            "Your picture lies on its side: H and W are swapped.",
        ),
        Mistake(
            "one_channel_repeated",
            _nearest,
            "You repeated one of the r² channels; the others are lost. Each gives one "
            "pixel of every square.",
        ),
    ),
    draw=lambda generator: (torch.randn(2, 12, 3, 4, generator=generator), 2),
    praise="No number is computed, only moved; and `nn.PixelShuffle` agrees.",
)


def peak_ratio(image: Tensor, original: Tensor, peak: float) -> float:
    """Return scikit-image's peak signal-to-noise ratio, in decibels."""
    from skimage.metrics import peak_signal_noise_ratio

    return float(
        peak_signal_noise_ratio(  # type: ignore[no-untyped-call]
            original.numpy(), image.numpy(), data_range=peak
        )
    )


def _mse(image: Tensor, original: Tensor) -> float:
    return (image.double() - original.double()).square().mean().item()


def _bytes_subtracted(image: Tensor, original: Tensor, peak: float) -> float:
    error = (image - original).double().square().mean().item()
    return 10 * log10(peak**2 / error)


def _absolute(image: Tensor, original: Tensor, peak: float) -> float:
    error = (image.double() - original.double()).abs().mean().item()
    return 20 * log10(peak / error)


def _by_channel(image: Tensor, original: Tensor, peak: float) -> float:
    pairs = zip(image, original, strict=True)
    ratios = [10 * log10(peak**2 / _mse(*pair)) for pair in pairs]
    return sum(ratios) / len(ratios)


_DARK = torch.tensor([[[0.1, 0.2], [0.3, 0.4]]])
_BYTES = torch.tensor([[[10, 200], [30, 120]]], dtype=torch.uint8)
_OTHER_BYTES = torch.tensor([[[14, 195], [30, 131]]], dtype=torch.uint8)
_UNEVEN = torch.tensor([[[0.1, 0.1]], [[0.5, 0.3]]])


def _draw(generator: torch.Generator) -> tuple[Tensor, Tensor, float]:
    original = torch.rand(3, 4, 4, generator=generator)
    image = (original + 0.1 * torch.randn(3, 4, 4, generator=generator)).clamp(0, 1)
    return image, original, 1.0


check_peak_ratio = Exercise(
    title="10.4 · PSNR",
    reference=peak_ratio,
    cases=(
        Case("every pixel off by 0.1 in a dark picture", (_DARK + 0.1, _DARK, 1.0)),
        Case("bytes", (_OTHER_BYTES, _BYTES, 255)),
        Case("two channels, one far worse", (_UNEVEN, torch.zeros(2, 1, 2), 1.0)),
    ),
    mistakes=(
        Mistake(
            "bytes_subtracted",
            _bytes_subtracted,
            "For floats you are right. Bytes go round: 10 − 14 is 252. Convert with "
            "`.float()` before you subtract.",
        ),
        Mistake(
            "peak_not_squared",
            lambda i, o, peak: 10 * log10(peak / _mse(i, o)),
            "The peak is not squared. The MSE is, so peak² / MSE is a pure number; "
            "with a peak of 1 nobody sees it, with 255 you lose 24 dB.",
        ),
        Mistake(
            "peak_of_one",
            lambda i, o, peak: 10 * log10(1 / _mse(i, o)),
            "You took 1 for the peak whatever it is; bytes have 255.",
        ),
        Mistake(
            "peak_from_the_picture",
            lambda i, o, peak: (
                10 * log10(o.double().max().item() ** 2 / _mse(i, o))
                if o.any()
                else 0.0
            ),
            "You took the picture's brightest pixel. The peak is what a pixel *could* "
            "be; else a dark picture is judged by another yardstick.",
        ),
        Mistake(
            "natural_logarithm",
            lambda i, o, peak: 10 * log(peak**2 / _mse(i, o)),
            "That is the natural logarithm. Decibels are ten times the logarithm to "
            "base *ten*: `log10`.",
        ),
        Mistake(
            "twice_the_decibels",
            lambda i, o, peak: 20 * log10(peak**2 / _mse(i, o)),
            "Twice too much. It is 10 · log₁₀ of squares, or 20 · log₁₀(peak / root "
            "of the MSE), not both.",
        ),
        Mistake(
            "sign_turned",
            lambda i, o, peak: 10 * log10(_mse(i, o) / peak**2),
            "The sign is turned: signal over noise, so the error stands below.",
        ),
        Mistake(
            "absolute_error",
            _absolute,
            "You averaged the absolute differences. PSNR is defined with their "
            "*squares*, which weigh large errors more.",
        ),
        Mistake(
            "mean_of_channels",
            _by_channel,
            "You averaged the decibels of the channels. Average the squared errors "
            "over all pixels and channels, and take one logarithm.",
        ),
    ),
    draw=_draw,
    praise="10 dB is a tenth of the squared error, 3 dB about half; and scikit-image "
    "agrees.",
)
