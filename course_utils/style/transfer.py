"""The optimisation of lesson 09 as a library: for its explorer and the recorded grid.

The lesson writes the same losses and the same loop itself; a test compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch import nn

# after which layers of the network to look: ReLU and Fire modules, never a convolution
CONTENT_LAYER: Final = {"squeezenet1_1": 3, "vgg19": 22}
STYLE_LAYERS: Final = {"squeezenet1_1": (1, 4, 6, 7), "vgg19": (1, 6, 11, 20, 29)}

Loss = Callable[[Tensor], Tensor]


class Features(Protocol):
    """What is needed of ``pretrained.style_features()``."""

    @property
    def name(self) -> str:
        """Such as ``"squeezenet1_1"``."""

    @property
    def model(self) -> nn.Module:
        """The layers, by index."""

    @property
    def mean(self) -> tuple[float, float, float] | None:
        """Subtracted from each channel."""

    @property
    def std(self) -> tuple[float, float, float] | None:
        """What each channel is then divided by."""


@dataclass(frozen=True)
class Recipe:
    """What is to be matched, and how strongly.

    Attributes:
        style_layers: Where the Gram matrices are compared.
        content_layer: Where the features themselves are compared.
        style_weight: Of the style loss; the content loss has the weight 1.
        tv_share: Weight of the total variation, as a share of ``style_weight``.
        steps: How often the pixels are changed.
    """

    style_layers: tuple[int, ...]
    content_layer: int
    style_weight: float = 100.0
    tv_share: float = 0.05
    steps: int = 100


@dataclass(frozen=True)
class State:
    """A picture on its way.

    Attributes:
        step: How many steps are finished; 0 is the beginning.
        picture: (1, 3, H, W) in [0, 1], detached.
        loss: The total that the step was taken at; of step 0: not known, NaN.
    """

    step: int
    picture: Tensor
    loss: float


def listen(
    network: Features, picture: Tensor, layers: Collection[int]
) -> dict[int, Tensor]:
    """Return what these layers answer to a picture, (1, 3, H, W) in [0, 1]."""
    values = picture
    if network.mean is not None and network.std is not None:
        mean, std = (
            torch.tensor(three, device=picture.device).view(1, 3, 1, 1)
            for three in (network.mean, network.std)
        )
        values = (picture - mean) / std
    heard: dict[int, Tensor] = {}
    for index, layer in enumerate(network.model.children()):
        if len(heard) == len(layers):
            break
        values = layer(values)
        if index in layers:
            heard[index] = values
    return heard


def gram_matrix(features: Tensor) -> Tensor:
    """Return which channels answer together: (N, C, H, W) → (N, C, C)."""
    rows = features.flatten(2)  # (N, C, H·W)
    return rows @ rows.mT / rows[0].numel()


def relative_error(found: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error, measured in mean squares of the target."""
    return (found - target).square().mean() / target.square().mean()


def style_loss(heard: Mapping[int, Tensor], targets: Mapping[int, Tensor]) -> Tensor:
    """Return the relative error of the Gram matrices, averaged over the layers."""
    errors = [
        relative_error(gram_matrix(heard[layer]), target)
        for layer, target in targets.items()
    ]
    return torch.stack(errors).mean()


def total_variation(picture: Tensor) -> Tensor:
    """Return how much neighbouring pixels differ, down and to the right."""
    down = (picture[..., 1:, :] - picture[..., :-1, :]).abs().mean()
    right = (picture[..., 1:] - picture[..., :-1]).abs().mean()
    return down + right


@dataclass(frozen=True)
class Targets:
    """What two pictures ask of a third one.

    Attributes:
        content: What the content layer answers to the content picture.
        grams: Gram matrices of the style picture, by layer.
    """

    network: Features
    recipe: Recipe
    content: Tensor
    grams: Mapping[int, Tensor]

    @classmethod
    def of(
        cls, network: Features, content: Tensor, style: Tensor, recipe: Recipe
    ) -> Targets:
        """Look at both pictures once, (1, 3, H, W) each; their sizes may differ."""
        with torch.no_grad():
            wanted = listen(network, content, {recipe.content_layer})
            heard = listen(network, style, set(recipe.style_layers))
            grams = {layer: gram_matrix(found) for layer, found in heard.items()}
        return cls(network, recipe, wanted[recipe.content_layer], grams)

    def losses(self, picture: Tensor) -> dict[str, Tensor]:
        """Content loss, style loss and total variation, not yet weighted."""
        layers = {self.recipe.content_layer, *self.grams}
        heard = listen(self.network, picture, layers)
        return {
            "content": relative_error(heard[self.recipe.content_layer], self.content),
            "style": style_loss(heard, self.grams),
            "variation": total_variation(picture),
        }

    def __call__(self, picture: Tensor) -> Tensor:
        """The weighted total, which is optimised."""
        found, weight = self.losses(picture), self.recipe.style_weight
        rest = found["style"] + self.recipe.tv_share * found["variation"]
        return found["content"] + weight * rest


def optimised(
    loss_of: Loss, start: Tensor, steps: int, optimizer: str = "Adam"
) -> Iterator[State]:
    """Change the pixels of a copy of ``start`` so that the loss falls.

    Yields the state before the first step and after each one; whoever asks may stop
    at any of them.

    Args:
        loss_of: The loss of a picture.
        start: Where to begin, (1, 3, H, W) in [0, 1].
        steps: How often the pixels are changed, with one evaluation of the loss each.
        optimizer: ``"Adam"`` or ``"L-BFGS"``.

    Raises:
        ValueError: If there is no such optimizer.
        FloatingPointError: If the loss is not finite.
    """
    picture = start.detach().clone().contiguous().requires_grad_()
    chosen = _optimizer(optimizer, picture)

    def closure() -> Tensor:
        chosen.zero_grad()
        loss = loss_of(picture)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    yield State(0, picture.detach().clone(), float("nan"))
    for step in range(1, steps + 1):
        found: Any = chosen.step(closure)  # type: ignore[arg-type]
        loss = float(found.detach())
        if not math.isfinite(loss):
            raise FloatingPointError(f"in step {step} the loss is {loss}")
        with torch.no_grad():
            picture.clamp_(0, 1)
        yield State(step, picture.detach().clone(), loss)


def _optimizer(name: str, picture: Tensor) -> torch.optim.Optimizer:
    if name == "Adam":
        return torch.optim.Adam([picture], lr=0.03)
    if name == "L-BFGS":
        # one evaluation a step, and no threshold below which a step is not taken
        return torch.optim.LBFGS(
            [picture], max_iter=1, history_size=30, tolerance_grad=0, tolerance_change=0
        )
    raise ValueError(f'optimizer is {name!r}; choose "Adam" or "L-BFGS"')


def transferred(
    network: Features, content: Tensor, style: Tensor, recipe: Recipe
) -> Iterator[State]:
    """Paint the content picture in the style of the other, step by step."""
    for parameter in network.model.parameters():
        parameter.requires_grad_(False)
    targets = Targets.of(network, content, style, recipe)
    yield from optimised(targets, content, recipe.steps)
