"""Exercises 10.8 and 10.9: patches and attention, the two parts of a transformer."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake


def cut_into_patches(x: Tensor, p: int) -> Tensor:
    """Let PyTorch's im2col do it: kernel and stride are a patch."""
    return F.unfold(x, kernel_size=p, stride=p).transpose(1, 2)


def _patches(*order: int, interleaved: bool = False) -> Callable[[Tensor, int], Tensor]:
    """Return a cut with the axes (N, C, rows, p, columns, p) in another order."""

    def cut(x: Tensor, p: int) -> Tensor:
        N, C, H, W = x.shape
        h, w = H // p, W // p
        split = (N, C, p, h, p, w) if interleaved else (N, C, h, p, w, p)
        return x.reshape(split).permute(order).reshape(N, h * w, C * p * p)

    return cut


def _numbered(*shape: int) -> Tensor:
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).view(shape)


check_cut_into_patches = Exercise(
    title="10.8 · Cut into patches",
    reference=cut_into_patches,
    cases=(
        Case("one channel, 4 × 4, p = 2", (_numbered(1, 1, 4, 4), 2)),
        Case("an image wider than high", (_numbered(1, 1, 4, 6), 2)),
        Case("three channels", (_numbered(1, 3, 4, 4), 2)),
        Case("two images, p = 3", (_numbered(2, 2, 6, 3), 3)),
    ),
    mistakes=(
        Mistake(
            "channels_last",
            _patches(0, 2, 4, 3, 5, 1),
            "Within a patch your order is row, column, C. The convolution's weights "
            "lie in memory as C, row, column, so C comes first.",
        ),
        Mistake(
            "column_by_column",
            _patches(0, 4, 2, 1, 3, 5),
            "Your patches are numbered column by column. Go row by row, as one reads.",
        ),
        Mistake(
            "patch_on_its_side",
            _patches(0, 2, 4, 1, 5, 3),
            "Each patch lies on its side: within it the rows come before the columns.",
        ),
        Mistake(
            "only_reshaped",
            lambda x, p: x.reshape(len(x), -1, x.shape[1] * p * p),
            "A `reshape` alone keeps the order in memory, and a patch is then a piece "
            "of a row. Split the axes and `permute` first.",
        ),
        Mistake(
            "every_other_pixel",
            _patches(0, 3, 5, 1, 2, 4, interleaved=True),
            "Your patches are made of every h-th pixel, not of neighbours: split H "
            "into (H // p, p), in this order, not into (p, H // p).",
        ),
        Mistake(
            "axes_swapped",
            lambda x, p: F.unfold(x, kernel_size=p, stride=p),
            "The numbers are right, but your shape is (N, C·p², patches). A sequence "
            "has its positions in axis 1: (N, patches, C·p²).",
        ),
        Mistake(
            "overlapping",
            lambda x, p: F.unfold(x, kernel_size=p).transpose(1, 2),
            "Your patches overlap: the step from one to the next is p pixels, not 1.",
        ),
    ),
    draw=lambda generator: (torch.randn(2, 3, 8, 12, generator=generator), 4),
    praise="Times the flattened kernels, that is a strided convolution: im2col, as in "
    "lesson 02.",
)


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Ask PyTorch."""
    return F.scaled_dot_product_attention(q, k, v)


def _attention(
    scale: Callable[[Tensor], float] = lambda q: q.shape[-1] ** 0.5, dim: int = -1
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return (q @ k.transpose(-1, -2) / scale(q)).softmax(dim=dim) @ v

    return attend


def _without_softmax(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    summed: Tensor = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5 @ v
    return summed


def _scaled_afterwards(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    summed: Tensor = (q @ k.transpose(-1, -2)).softmax(-1) / q.shape[-1] ** 0.5 @ v
    return summed


def _draw(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    q, k = 2 * torch.randn(2, 2, 5, 4, generator=generator)
    return q, k, torch.randn(2, 5, 3, generator=generator)


_Q = torch.tensor([[[2.0, 0, 0, 0], [0, 3, 0, 0], [1, 1, 1, 1]]])
_K = torch.tensor([[[1.0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 3]]])
_V = torch.tensor([[[1.0, 0], [10, 1], [100, 0]]])

check_attention = Exercise(
    title="10.9 · Attention",
    reference=attention,
    cases=(
        Case("three patches, d = 4", (_Q, _K, _V)),
        Case(
            "two images",
            (_Q.repeat(2, 1, 1), _K.flip(1).repeat(2, 1, 1), _V.repeat(2, 1, 1)),
        ),
        Case(
            "values longer than queries", (_Q[..., :2], _K[..., :2], _V.repeat(1, 1, 2))
        ),
    ),
    mistakes=(
        Mistake(
            "not_scaled",
            _attention(lambda q: 1),
            "The division by √d is missing. Dot products grow with d, and the softmax "
            "gets so sharp that hardly any gradient passes.",
        ),
        Mistake(
            "divided_by_d",
            _attention(lambda q: q.shape[-1]),
            "You divided by d. The dot product of d random pairs spreads like √d.",
        ),
        Mistake(
            "scaled_by_the_values",
            lambda q, k, v: _attention(lambda _: v.shape[-1] ** 0.5)(q, k, v),
            "Your √ is of the *values'* length. What is compared are queries and keys: "
            "`q.shape[-1]`.",
        ),
        Mistake(
            "scaled_by_the_length",
            _attention(lambda q: q.shape[-2] ** 0.5),
            "Your √ is of the number of patches. d is the length of one query, "
            "`q.shape[-1]`.",
        ),
        Mistake(
            "softmax_over_the_askers",
            _attention(dim=-2),
            "Your softmax runs over those who ask. The weights of *one* asker must add "
            "up to 1: the last axis.",
        ),
        Mistake(
            "softmax_over_the_batch",
            _attention(dim=0),
            "Your softmax runs over the batch, so images look at each other. It "
            "belongs along the last axis.",
        ),
        Mistake(
            "no_softmax",
            _without_softmax,
            "The softmax is missing: the weights must be positive and add up to 1.",
        ),
        Mistake(
            "scaled_after_the_softmax",
            _scaled_afterwards,
            "You divided by √d *after* the softmax; then the weights no longer add up "
            "to 1. Divide the scores.",
        ),
        Mistake(
            "queries_and_keys_swapped",
            lambda q, k, v: attention(k, q, v),
            "Queries and keys are swapped: row = who asks, so `q @ k.transpose(-1, -2)`"
            ".",
        ),
    ),
    draw=_draw,
    praise="Each patch asks, all answer, the closest are heard most.",
)
