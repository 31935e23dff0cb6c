"""What every layer of a network gives for one image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from course_utils.network_walk import Step, Walk, first_tensor

STRONGEST: Final = "strongest first"
IN_ORDER: Final = "in order"
ORDERS: Final = (STRONGEST, IN_ORDER)

_ALMOST_ALL: Final = 0.998
_SAMPLE: Final = 10_000  # values: enough for that share, quick to sort
_MOST_SIDE: Final = 128  # pixels: what a map is shown in


@dataclass(frozen=True)
class Page:
    """A few maps of one layer, a byte a value.

    Attributes:
        channels: Their numbers.
        levels: (channels, H, W), uint8, maps above 128 pixels made smaller. Where the
            layer gives no negative value, 0 is 0 and 255 is ``limit``; else 0 is
            ``-limit``, 127 is 0 and 254 is ``limit``.
        limit: The largest magnitude in the layer, over all its channels.
        brightest: The magnitude from which on all values get the last colour: few are
            larger, and maps that are scaled to those are too dark to see.
        signed: Whether the layer gives a negative value.
        lowest: Smallest value of each channel.
        highest: Largest value of each channel.
    """

    channels: tuple[int, ...]
    levels: Tensor
    limit: float
    brightest: float
    signed: bool
    lowest: tuple[float, ...]
    highest: tuple[float, ...]


@dataclass(frozen=True)
class Activations:
    """The maps of one layer for one image.

    Attributes:
        maps: (C, H, W), float32; a vector of C features has H = W = 1.
    """

    maps: Tensor

    @property
    def count(self) -> int:
        """Number of channels."""
        return len(self.maps)

    def ranking(self, order: str) -> list[int]:
        """All channels in order, or those with the largest mean magnitude first."""
        if order == IN_ORDER:
            return list(range(self.count))
        return self._by_strength

    def page(self, order: str, first: int, count: int) -> Page:
        """The maps from place ``first`` of a ranking, at most ``count``."""
        channels = self.ranking(order)[first : first + count]
        low, high = (float(value) for value in self.maps.aminmax())
        limit = max(-low, high) or 1.0
        chosen = self.maps[channels]
        lowest, highest = chosen.flatten(start_dim=1).aminmax(dim=1)
        every = -(-max(chosen.shape[1:]) // _MOST_SIDE)
        small = chosen
        if every > 1:
            small = functional.avg_pool2d(chosen, every, ceil_mode=True)
        scaled = small * (127 / limit) + 127 if low < 0 else small * (255 / limit)
        return Page(
            tuple(channels),
            scaled.round().to(torch.uint8),
            limit,
            self._brightest or limit,
            low < 0,
            tuple(lowest.tolist()),
            tuple(highest.tolist()),
        )

    @cached_property
    def _by_strength(self) -> list[int]:
        strength = self.maps.abs().mean(dim=(1, 2))
        ranked: list[int] = strength.argsort(descending=True, stable=True).tolist()
        return ranked

    @cached_property
    def _brightest(self) -> float:
        magnitudes = self.maps.abs().flatten()
        few = magnitudes[:: len(magnitudes) // _SAMPLE + 1]
        return float(few.quantile(_ALMOST_ALL))


@dataclass(frozen=True)
class Run:
    """What a network gives for one image.

    Attributes:
        layers: The maps of each layer, by its name in the anatomy.
        logits: The output, (number of classes,); ``None`` where it is no vector.
    """

    layers: dict[str, Activations]
    logits: Tensor | None


def run_network(model: nn.Module, images: Tensor) -> Run:
    """Run a network in evaluation mode on one image and keep what each layer gives.

    Args:
        model: It is the same afterwards.
        images: One image as the network takes it, (1, C, H, W).

    Raises:
        ValueError: If the model cannot take the image, in PyTorch's words.
    """
    recorder = _Recorder(model)
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        output = first_tensor(recorder.run(_like(images, model)))
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise ValueError(
            f"model cannot take an image of shape {tuple(images.shape)}: {error}"
        ) from error
    finally:
        for module, training in modes.items():
            module.training = training
    if output is None or output.ndim != 2:
        return Run(recorder.kept, None)
    return Run(recorder.kept, output[0].float().cpu())


def _like(images: Tensor, model: nn.Module) -> Tensor:
    """Images where the model's weights are, and in their type."""
    floats = (p for p in model.parameters() if p.is_floating_point())
    like = next(floats, None)
    return images if like is None else images.to(like)


class _Recorder(Walk):  # type: ignore[no-untyped-call]
    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.kept: dict[str, Activations] = {}

    def step(self, step: Step) -> None:
        output = step.output
        if output.is_floating_point() and output.ndim in (2, 4):
            image = output[0] if output.ndim == 4 else output[0][:, None, None]
            # a copy: the next layer may work in place
            self.kept[step.label] = Activations(image.detach().float().cpu().clone())
