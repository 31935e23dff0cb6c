"""Exercise 10.6: a convolution along time that does not look ahead."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake


def causal_convolution(x: Tensor, weight: Tensor) -> Tensor:
    """Add the past up, weight by weight: tap j sees x from k − 1 − j steps ago."""
    N, _, T = x.shape
    taps = weight.shape[-1]
    output = x.new_zeros(N, len(weight), T)
    for j in range(taps):
        ago = taps - 1 - j
        if ago < T:
            seen = x[..., : T - ago]
            output[..., ago:] += torch.einsum("nct,oc->not", seen, weight[..., j])
    return output


def _padded(x: Tensor, weight: Tensor, before: int, after: int) -> Tensor:
    return F.conv1d(F.pad(x, (before, after)), weight)


def _one_late(x: Tensor, weight: Tensor) -> Tensor:
    return _padded(x, weight, weight.shape[-1], 0)[..., : x.shape[-1]]


def _centred(x: Tensor, weight: Tensor) -> Tensor:
    taps = weight.shape[-1]
    return _padded(x, weight, taps // 2, taps - 1 - taps // 2)


def _first_repeated(x: Tensor, weight: Tensor) -> Tensor:
    before = weight.shape[-1] - 1
    first = x[..., :1].expand(-1, -1, before)
    return F.conv1d(torch.cat([first, x], 2), weight)


_STEPS = torch.tensor([[[1.0, 2, 3, 4, 5]]])
_THREE = torch.tensor([[[1.0, 10, 100]]])
_TWO_CHANNELS = torch.tensor([[[1.0, 0, 2, 0], [0, 3, 0, 4]]])

check_causal_convolution = Exercise(
    title="10.6 · Do not look into the future",
    reference=causal_convolution,
    cases=(
        Case("1, 2, 3, 4, 5 with the kernel 1, 10, 100", (_STEPS, _THREE)),
        Case("a kernel of two", (_STEPS, torch.tensor([[[1.0, 10]]]))),
        Case(
            "two channels in, one out",
            (_TWO_CHANNELS, torch.tensor([[[1.0, 2], [10, 20]]])),
        ),
    ),
    mistakes=(
        Mistake(
            "centred",
            _centred,
            "You padded on both sides, so the output at t uses x[t + 1]. Put all the "
            "zeros before the beginning.",
        ),
        Mistake(
            "zeros_at_the_end",
            lambda x, w: _padded(x, w, 0, w.shape[-1] - 1),
            "Your zeros stand at the end, so the output at t uses only the future. "
            "`F.pad(x, (before, after))`: put them before.",
        ),
        Mistake(
            "no_padding",
            lambda x, w: _padded(x, w, 0, 0),
            "Without padding there are k − 1 outputs too few. Put k − 1 zeros before "
            "the beginning.",
        ),
        Mistake(
            "padded_on_both_ends",
            lambda x, w: F.conv1d(x, w, padding=w.shape[-1] - 1),
            "`padding=k − 1` pads both ends: the first T outputs are right, the k − 1 "
            "after them look beyond the end. Cut them off, or pad one end only.",
        ),
        Mistake(
            "one_too_late",
            _one_late,
            "Everything comes one step too late: with k zeros the output at t does not "
            "even see x[t]. k − 1 are enough.",
        ),
        Mistake(
            "kernel_flipped",
            lambda x, w: _padded(x, w.flip(-1), w.shape[-1] - 1, 0),
            "Your kernel is flipped. As in `nn.Conv1d` the *last* weight belongs to "
            "the present.",
        ),
        Mistake(
            "first_repeated",
            _first_repeated,
            "You repeated the first value in place of zeros. Asked for are zeros: "
            "before the beginning there was nothing.",
        ),
    ),
    draw=lambda generator: (
        torch.randn(2, 3, 7, generator=generator),
        torch.randn(4, 3, 3, generator=generator),
    ),
    praise="What has not happened yet has no influence: change x[t], and no earlier "
    "output moves.",
)
