"""Exercises 9.1 and 9.5: content loss and style loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Layers = dict[int, Tensor]
Reduce = Callable[[Tensor, Tensor], Tensor]

_NO_GRADIENT: Final = "there is none"


def judged(loss: Callable[..., Any], found: Any, *rest: Any) -> dict[str, Any]:
    """The loss as a number, and its gradient: that is what moves the pixels."""
    inputs = list(found.values()) if isinstance(found, dict) else [found]
    for tensor in inputs:
        tensor.requires_grad_()
    value = loss(found, *rest)
    gradient: Any = _NO_GRADIENT
    if isinstance(value, Tensor) and value.requires_grad:
        gradients = torch.autograd.grad(value, inputs, allow_unused=True)
        whole = zip(inputs, gradients, strict=True)
        gradient = [torch.zeros_like(t) if g is None else g for t, g in whole]
    for tensor in inputs:
        tensor.requires_grad_(False)
    number = value.detach().item() if isinstance(value, Tensor) else value
    return {"loss": number, "gradient": gradient}


def _relative(found: Tensor, target: Tensor) -> Tensor:
    return (found - target).square().mean() / target.square().mean()


def _without_gradient(found: Tensor, target: Tensor) -> float:
    return _relative(found, target).item()


_WAVES: Final = torch.linspace(0.2, 6.2, 24).sin().reshape(1, 2, 3, 4)


def _random_features(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    found, target = torch.randn(2, 1, 3, 4, 5, generator=generator)
    return found, target + 1


check_content_loss = Exercise(
    title="9.1 · Content loss",
    reference=_relative,
    use=judged,
    cases=(
        Case("3, 2 for 3, 4", (torch.tensor([3.0, 2]), torch.tensor([3.0, 4]))),
        Case("features that nearly agree", (_WAVES * 1.1, _WAVES)),
        Case("a layer that answers strongly", (90 * _WAVES, 100 * _WAVES)),
        Case("a whisper where there should be an answer", (_WAVES / 50, _WAVES)),
    ),
    mistakes=(
        Mistake(
            "not_relative",
            lambda found, target: (found - target).square().mean(),
            "The mean squared difference is right. Divide it by the target's mean "
            "square, or a layer with large answers drowns all others.",
        ),
        Mistake(
            "sum_above",
            lambda found, target: (
                (found - target).square().sum() / target.square().mean()
            ),
            "Above the line you add up, below it you average, so the loss grows with "
            "the picture. Take the mean of both, or the sum of both.",
        ),
        Mistake(
            "relative_to_found",
            lambda found, target: (
                (found - target).square().mean() / found.square().mean()
            ),
            "You divided by the mean square of the picture's own features. They change "
            "with every step; the yardstick must be the target's.",
        ),
        Mistake(
            "each_on_its_own",
            lambda found, target: ((found - target) / target).square().mean(),
            "You divided every difference by its own target. Many features are near 0, "
            "and there the ratio explodes. Average first, divide once.",
        ),
        Mistake(
            "absolute",
            lambda found, target: (found - target).abs().mean() / target.abs().mean(),
            "You took absolute values. This loss takes squares, above and below.",
        ),
        Mistake(
            "root",
            lambda found, target: _relative(found, target).sqrt(),
            "You took a square root at the end. Leave the square: near the target its "
            "gradient fades out smoothly, and the root's does not.",
        ),
        Mistake(
            "no_gradient",
            _without_gradient,
            "The number is right, but `.item()` or `.detach()` has cut it off from the "
            "features: no gradient can reach the pixels. Return the tensor.",
        ),
    ),
    draw=_random_features,
    praise="0 means that the layer hears the same; 1, that it might as well be silent.",
)


def _gram(features: Tensor) -> Tensor:
    rows = features.flatten(2)
    return rows @ rows.mT / rows[0].numel()


def _style(
    compare: Callable[[Tensor, Tensor], Any] = _relative,
    gather: Callable[[list[Any]], Any] = lambda errors: sum(errors) / len(errors),
    see: Callable[[Tensor], Tensor] = _gram,
) -> Callable[[Layers, Layers], Any]:
    """Return a style loss: ``compare`` each layer, ``gather`` the errors."""

    def loss(heard: Layers, targets: Layers) -> Any:
        return gather([compare(see(heard[i]), targets[i]) for i in targets])

    return loss


def _over_all(heard: Layers, targets: Layers) -> Tensor:
    errors = [(_gram(heard[i]) - targets[i]).square().sum() for i in targets]
    sizes = [targets[i].square().sum() for i in targets]
    return torch.stack(errors).sum() / torch.stack(sizes).sum()


def _layers(generator: torch.Generator) -> tuple[Layers, Layers]:
    heard = {
        1: torch.randn(1, 2, 4, 4, generator=generator),
        4: 3 * torch.randn(1, 3, 2, 2, generator=generator),
    }
    other = {1: (1, 2, 3, 5), 4: (1, 3, 2, 3)}  # the style picture is larger
    targets = {
        i: _gram(2 * torch.randn(shape, generator=generator))
        for i, shape in other.items()
    }
    return heard, targets


_ONE: Final = _layers(torch.Generator().manual_seed(1))
_NEAR: Final = {i: _gram(1.1 * features) for i, features in _ONE[0].items()}
_LOUD: Final = ({i: 20.0**i * f for i, f in _ONE[0].items()}, _ONE[1])

check_style_loss = Exercise(
    title="9.5 · Style loss",
    reference=_style(),
    use=judged,
    cases=(
        Case("two layers", _ONE),
        Case("nearly the style itself", (_ONE[0], _NEAR)),
        Case("one layer", ({4: _ONE[0][4]}, {4: _ONE[1][4]})),
        Case("layers of different strength", _LOUD),
    ),
    mistakes=(
        Mistake(
            "sum_over_layers",
            _style(gather=sum),
            "You added the layers up. Take their mean, or every layer more makes the "
            "style weight larger.",
        ),
        Mistake(
            "last_layer_only",
            _style(gather=lambda errors: errors[-1]),
            "Only the last layer counts: is the loss overwritten in the loop, or the "
            "`return` inside it?",
        ),
        Mistake(
            "not_relative",
            _style(lambda found, target: (found - target).square().mean()),
            "The mean squared differences are right. Divide each layer's by the mean "
            "square of its target, or one layer decides alone.",
        ),
        Mistake(
            "one_yardstick_for_all",
            _over_all,
            "You added all layers up above the line and below it, then divided once. "
            "Divide layer by layer: each has its own yardstick.",
        ),
        Mistake(
            "relative_to_found",
            _style(
                lambda found, target: (
                    (found - target).square().mean() / found.square().mean()
                )
            ),
            "You divided by the picture's own Gram matrix. The yardstick is the "
            "painting's: `targets[index]`.",
        ),
        Mistake(
            "features_compared",
            _style(see=lambda features: features),
            "You compared features with Gram matrices. Put `gram(…)` around "
            "`heard[index]`: the targets are Gram matrices already.",
        ),
        Mistake(
            "root",
            _style(lambda found, target: _relative(found, target).sqrt()),
            "You took a square root of each layer's error. Leave the squares.",
        ),
        Mistake(
            "no_gradient",
            _style(_without_gradient),
            "The number is right, but `.item()` has cut it off from the features: no "
            "gradient can reach the pixels. Add up tensors.",
        ),
    ),
    draw=_layers,
    praise="The painting may have any size; its Gram matrices always have the same.",
)
