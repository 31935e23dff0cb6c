"""Exercise 6.7: batch normalisation of one batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Normalise = Callable[[Tensor, Tensor, Tensor, float], Tensor]


def _over(
    dims: tuple[int, ...], correction: int = 0, root: str = "eps within"
) -> Normalise:
    """Return a normalisation by the statistics over some axes, or with another root."""

    def normalise(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        mean = x.mean(dims, keepdim=True)
        var = x.var(dims, correction=correction, keepdim=True)
        below = {
            "eps within": (var + eps).sqrt(),
            "eps outside": var.sqrt() + eps,
            "none": var + eps,
            "no eps": var.sqrt(),
        }[root]
        return (x - mean) / below * _maps(weight) + _maps(bias)

    return normalise


def _maps(per_channel: Tensor) -> Tensor:
    return per_channel.reshape(1, -1, 1, 1)


_EXACT = _over((0, 2, 3))


def _scaled_too_early(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    return _EXACT(
        x * _maps(weight) + _maps(bias),
        torch.ones_like(weight),
        torch.zeros_like(bias),
        eps,
    )


def _numbers(*shape: int, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    offsets = torch.arange(shape[1]).reshape(1, -1, 1, 1) - 1.0
    return scale * (2 * torch.randn(shape, generator=generator) + offsets)


_PAIR = torch.tensor([[[[1.0, 3.0]], [[10.0, 10.0]]], [[[5.0, 7.0]], [[20.0, 40.0]]]])
_AFFINE = (torch.tensor([2.0, 0.5, -1.0]), torch.tensor([0.1, -1.0, 3.0]), 1e-5)


def _draw(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, float]:
    N, C, H, W = torch.randint(2, 6, (4,), generator=generator).tolist()
    x = torch.randn(N, C, H, W, generator=generator) * 3 + 1
    weight, bias = torch.randn(2, C, generator=generator)
    return x, weight, bias, 1e-3


check_batch_norm = Exercise(
    title="6.7 · Normalise a batch",
    reference=lambda x, weight, bias, eps: F.batch_norm(
        x, None, None, weight, bias, training=True, eps=eps
    ),
    cases=(
        Case(
            "two images, two channels, worked by hand",
            (_PAIR, torch.ones(2), torch.zeros(2), 1e-5),
        ),
        Case(
            "three channels with weights and biases", (_numbers(4, 3, 5, 5), *_AFFINE)
        ),
        Case(
            "very small values, where eps counts",
            (_numbers(3, 3, 4, 4, scale=1e-3), *_AFFINE),
        ),
    ),
    mistakes=(
        Mistake(
            "over_the_batch_only",
            _over((0,)),
            "You took a mean for each pixel of each channel, over the images alone "
            "(`dim=0`). Statistics run over N, H and W: one mean a channel.",
        ),
        Mistake(
            "over_each_image",
            _over((2, 3)),
            "You normalised each image by itself, over H and W. That is *instance* "
            "normalisation; here the images of a batch share their statistics.",
        ),
        Mistake(
            "over_channels_too",
            _over((1, 2, 3)),
            "You took one mean an image, over its channels too. That is *layer* "
            "normalisation; here each channel has its own statistics.",
        ),
        Mistake(
            "over_channels_only",
            _over((1,)),
            "You normalised over the channels, `dim=1`. “Normalisation over C” on the "
            "slide means: one mean and one variance *for each* of the C channels.",
        ),
        Mistake(
            "over_everything",
            _over((0, 1, 2, 3)),
            "You took a single mean over everything. Each channel has its own.",
        ),
        Mistake(
            "unbiased",
            _over((0, 2, 3), correction=1),
            "You divided by n − 1. The batch is normalised with the *biased* variance, "
            "`x.var(…, correction=0)`; n − 1 comes in the running average only.",
        ),
        Mistake(
            "no_eps",
            _over((0, 2, 3), root="no eps"),
            "Where is eps? Small values show the difference, and without it a channel "
            "that is the same everywhere divides 0 by 0.",
        ),
        Mistake(
            "eps_outside",
            _over((0, 2, 3), root="eps outside"),
            "You added eps to the standard deviation. It belongs under the root, "
            "√(variance + eps); small values show the difference.",
        ),
        Mistake(
            "no_root",
            _over((0, 2, 3), root="none"),
            "You divided by the variance. Its square root is wanted, the standard "
            "deviation.",
        ),
        Mistake(
            "not_centred",
            lambda x, weight, bias, eps: (
                x
                / (x.var((0, 2, 3), correction=0, keepdim=True) + eps).sqrt()
                * _maps(weight)
                + _maps(bias)
            ),
            "The mean was not taken off.",
        ),
        Mistake(
            "no_scale_and_shift",
            lambda x, weight, bias, eps: _EXACT(
                x, torch.ones_like(weight), torch.zeros_like(bias), eps
            ),
            "`weight` (γ) and `bias` (β) are not used: they come after normalising.",
        ),
        Mistake(
            "exchanged",
            lambda x, weight, bias, eps: _EXACT(x, bias, weight, eps),
            "`weight` multiplies and `bias` is added; yours are exchanged.",
        ),
        Mistake(
            "scaled_too_early",
            _scaled_too_early,
            "You scaled and shifted before normalising, which takes both away again. "
            "γ and β come last.",
        ),
    ),
    draw=_draw,
    praise="Mean 0 and variance 1 in each channel, then whatever γ and β want.",
)
