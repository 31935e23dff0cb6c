"""Exercise 9.2: the pixels move, the network stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Move = Callable[[nn.Module, Tensor, Tensor, int, float], Tensor]


def _judged(move: Move, network: nn.Module, *rest: Any) -> dict[str, Any]:
    """The picture, and what else must be as before."""
    before = [p.detach().clone() for p in network.parameters()]
    found = move(network, *rest)
    same = all(
        torch.equal(p, b) for p, b in zip(network.parameters(), before, strict=True)
    )
    if not isinstance(found, Tensor):
        return {"picture": found}
    return {
        "picture": found.detach(),
        "the network is as before": same,
        "the picture is free of the graph": not found.requires_grad,
    }


def _loss(network: nn.Module, picture: Tensor, target: Tensor) -> Tensor:
    return F.mse_loss(network(picture), target)


def _moved(
    *,
    sign: float = -1.0,
    clamp: str = "each step",
    sees: Callable[[Tensor], Tensor] = lambda picture: picture,
    loss: Callable[[nn.Module, Tensor, Tensor], Tensor] = _loss,
    keep: float = 0.0,
    most: int | None = None,
) -> Move:
    """Return gradient descent on pixels, with one thing changed.

    Args:
        sign: −1 goes downhill.
        clamp: "each step", "at the end" or "never".
        sees: What the network is shown of the picture.
        loss: What is made small.
        keep: How much of the last gradient is left when the next one comes.
        most: Steps that are taken at most.
    """

    def move(
        network: nn.Module, target: Tensor, start: Tensor, steps: int, lr: float
    ) -> Tensor:
        picture, gradient = start.detach().clone(), torch.zeros_like(start)
        for _ in range(steps if most is None else min(steps, most)):
            picture.requires_grad_()
            (new,) = torch.autograd.grad(loss(network, sees(picture), target), picture)
            gradient = keep * gradient + new
            picture = picture.detach() + sign * lr * gradient
            if clamp == "each step":
                picture = picture.clamp(0, 1)
        return picture.clamp(0, 1) if clamp == "at the end" else picture

    return move


def _weights_moved(
    network: nn.Module, target: Tensor, start: Tensor, steps: int, lr: float
) -> Tensor:
    parameters = list(network.parameters())
    for _ in range(steps):
        gradients = torch.autograd.grad(_loss(network, start, target), parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(lr * gradient)
    return start.clone()


def _graph_kept(*args: Any) -> Tensor:
    return _moved()(*args).requires_grad_()


def _summed(network: nn.Module, picture: Tensor, target: Tensor) -> Tensor:
    return F.mse_loss(network(picture), target, reduction="sum")


def _network(generator: torch.Generator) -> nn.Module:
    layer = nn.Conv2d(3, 2, kernel_size=3, padding=1)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) / 3)
        layer.bias.zero_()  # type: ignore[union-attr]
    return layer


def _arguments(
    generator: torch.Generator, steps: int, lr: float
) -> tuple[nn.Module, Tensor, Tensor, int, float]:
    network = _network(generator)
    target = torch.randn(1, 2, 4, 5, generator=generator)
    start = torch.rand(1, 3, 4, 5, generator=generator)
    return network, target, start, steps, lr


def _random(
    generator: torch.Generator,
) -> tuple[nn.Module, Tensor, Tensor, int, float]:
    return _arguments(generator, steps=4, lr=3.0)


_SEEDED: Final = [torch.Generator().manual_seed(seed) for seed in range(3)]

check_move_pixels = Exercise(
    title="9.2 · Move the pixels",
    reference=_moved(),
    use=_judged,
    cases=(
        Case("one small step", _arguments(_SEEDED[0], 1, 0.1)),
        Case("three small steps", _arguments(_SEEDED[1], 3, 0.1)),
        Case("long steps, which leave the range", _arguments(_SEEDED[2], 5, 8.0)),
    ),
    mistakes=(
        Mistake(
            "weights_moved",
            _weights_moved,
            "You changed the network and not the picture. The gradient you need is "
            "that of the pixels: `picture.requires_grad_()`, then `picture.grad`.",
        ),
        Mistake(
            "gradients_add_up",
            _moved(keep=1.0),
            "From the second step on your gradient holds the earlier ones too: "
            "`backward()` adds. Set `picture.grad = None` (or zero it) in every step.",
        ),
        Mistake(
            "uphill",
            _moved(sign=1.0),
            "You go uphill. The gradient shows where the loss grows: subtract it.",
        ),
        Mistake(
            "never_clamped",
            _moved(clamp="never"),
            "Some pixels leave [0, 1], where no screen can follow. Clamp after each "
            "step, inside `torch.no_grad()`: `picture.clamp_(0, 1)`.",
        ),
        Mistake(
            "clamped_at_the_end",
            _moved(clamp="at the end"),
            "You clamp once, at the end. Until then the network is shown colours that "
            "do not exist; clamp after each step.",
        ),
        Mistake(
            "clamped_inside_the_graph",
            _moved(clamp="at the end", sees=lambda picture: picture.clamp(0, 1)),
            "The network sees `picture.clamp(0, 1)`, and the clamp lies inside the "
            "graph: a pixel that has left the range gets no gradient any more and "
            "never comes back. Clamp the picture itself, after the step, in "
            "`torch.no_grad()`.",
        ),
        Mistake(
            "sum_for_mean",
            _moved(loss=_summed),
            "Your loss is the sum of squares, so your steps are forty times as long. "
            "`F.mse_loss` is the mean.",
        ),
        Mistake(
            "one_step",
            _moved(most=1),
            "You took one step. Is the `return` inside the loop?",
        ),
        Mistake(
            "graph_kept",
            _graph_kept,
            "The pixels are right, but the picture still asks for gradients and drags "
            "the graph along. Return `picture.detach()`.",
        ),
    ),
    draw=_random,
    praise="The same backward pass as in lesson 04, one step further: through the "
    "network, to its input.",
)
