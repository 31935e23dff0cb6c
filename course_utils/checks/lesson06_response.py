"""Exercise 6.3: local response normalisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Window = Callable[[int, int], tuple[int, int]]  # channel, size → first and last


def _around(channel: int, size: int) -> tuple[int, int]:
    return channel - size // 2, channel + (size - 1) // 2


def _response(
    x: Tensor,
    size: int,
    alpha: float,
    beta: float,
    k: float,
    window: Window = _around,
    divide: Callable[[int, int], float] = lambda size, _: size,
    power: Callable[[Tensor], Tensor] = torch.square,
) -> Tensor:
    """Normalise by plain loops, with the parts that go wrong as arguments."""
    out = torch.empty_like(x)
    last_channel = x.shape[1] - 1
    for channel in range(x.shape[1]):
        first, last = window(channel, size)
        first, last = max(first, 0), min(last, last_channel)
        neighbours = power(x[:, first : last + 1]).sum(dim=1)
        share = alpha / divide(size, last - first + 1)
        out[:, channel] = x[:, channel] / (k + share * neighbours) ** beta
    return out


def _changed(**parts: Any) -> Callable[..., Tensor]:
    return lambda x, size, alpha, beta, k: _response(x, size, alpha, beta, k, **parts)


def _over_pixels(x: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    mean = F.avg_pool2d(
        x.square(), 2 * (size // 2) + 1, stride=1, padding=size // 2
    )  # a map's own neighbours, to the left and right
    return x / (k + alpha * mean) ** beta


def _draw(generator: torch.Generator) -> tuple[Tensor, int, float, float, float]:
    channels, height, width = torch.randint(3, 8, (3,), generator=generator).tolist()
    x = 1.5 * torch.randn(2, channels, height, width, generator=generator)
    size = int(torch.randint(1, 4, (), generator=generator)) * 2 + 1
    return x, size, 0.5, 0.75, 2.0


_PIXEL = torch.tensor([1.0, 0.0, 2.0, 4.0, 1.0]).reshape(1, 5, 1, 1)
_MAPS = torch.arange(-12.0, 12.0).reshape(1, 6, 2, 2) / 2


check_local_response = Exercise(
    title="6.3 · Local response normalisation",
    reference=lambda x, size, alpha, beta, k: F.local_response_norm(
        x, size, alpha=alpha, beta=beta, k=k
    ),
    cases=(
        Case("the five channels of the lesson", (_PIXEL, 3, 3.0, 0.5, 1.0)),
        Case("six maps of 2 × 2, five neighbours", (_MAPS, 5, 1.0, 0.75, 8.0)),
        Case("an even size, 4", (_MAPS, 4, 1.0, 0.75, 8.0)),
        Case("a window wider than the channels", (_PIXEL, 9, 1.0, 1.0, 1.0)),
    ),
    mistakes=(
        Mistake(
            "alpha_not_divided",
            _changed(divide=lambda size, _: 1),
            "You did not divide α by n, the size of the window. (AlexNet's paper does "
            "not either; PyTorch and your slides do. With size 5, the paper's 0.0001 "
            "is PyTorch's 0.0005.)",
        ),
        Mistake(
            "divided_by_those_present",
            _changed(divide=lambda _, present: present),
            "At the edges you divided by the number of channels that are there. "
            "PyTorch always divides by n: missing neighbours count as 0.",
        ),
        Mistake(
            "window_of_the_slide",
            _changed(window=lambda c, size: (c - size // 2, c + size // 2)),
            "Right for odd sizes. With an even n, your slide's window from c − n/2 to "
            "c + n/2 has n + 1 channels; PyTorch takes one less on the far side.",
        ),
        Mistake(
            "far_side_first",
            _changed(window=lambda c, size: (c - (size - 1) // 2, c + size // 2)),
            "Right for odd sizes. With an even n PyTorch takes the extra neighbour "
            "from the lower channels, c − n/2 … c + n/2 − 1.",
        ),
        Mistake(
            "last_one_left_out",
            _changed(window=lambda c, size: (c - size // 2, c + size // 2 - 1)),
            "Your window lacks its last channel. Python's ranges and slices stop one "
            "before their end.",
        ),
        Mistake(
            "window_too_wide",
            _changed(window=lambda c, size: (c - size, c + size)),
            "You took n channels on *each* side. The window has n in all, n // 2 on "
            "either side.",
        ),
        Mistake(
            "only_those_before",
            _changed(window=lambda c, size: (c - size + 1, c)),
            "Your window ends at the channel itself. It reaches to both sides.",
        ),
        Mistake(
            "not_squared",
            _changed(power=lambda values: values),
            "You added the activations up and not their squares. A negative one "
            "inhibits as strongly as a positive one.",
        ),
        Mistake(
            "over_pixels",
            _over_pixels,
            "You took the neighbours within the map. The competition is between "
            "*channels*, at one and the same pixel.",
        ),
        Mistake(
            "no_power",
            lambda x, size, alpha, beta, k: _response(x, size, alpha, 1.0, k),
            "The exponent β is missing: the bracket is raised to it before you divide.",
        ),
        Mistake(
            "k_outside",
            lambda x, size, alpha, beta, k: (
                x / (k + (x / _response(x, size, alpha, beta, 1e-12)).nan_to_num())
            ),
            "You added k after raising to β. It stands inside the bracket.",
        ),
        Mistake(
            "multiplied",
            lambda x, size, alpha, beta, k: _response(x, size, alpha, -beta, k),
            "You multiplied by the bracket. The exponent is −β: the livelier the "
            "neighbours, the *smaller* the result.",
        ),
    ),
    draw=_draw,
    praise="Loud neighbours make a channel quieter.",
)
