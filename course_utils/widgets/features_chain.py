"""The layers of a small network in the order in which they are called."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from course_utils.widgets.features_layers import Facts, layer_facts, multiply_adds

_MOST_WORK: Final = 20_000_000  # multiply-adds: what a browser does between two frames
_AS_LAYERS: Final = (
    "the explorer follows layers called one after another; branches, and steps "
    "written as functions (F.relu, x.view, torch.flatten), are not supported, so "
    "write such a step as a layer (nn.ReLU, nn.Flatten)"
)


@dataclass(frozen=True)
class Link:
    """One call of one layer.

    Attributes:
        label: The layer's name; a second call of the same layer has a number behind.
        name: The layer's name in the model.
        shape: Shape of what it gives, without N.
        facts: What the browser must know to compute it.
    """

    label: str
    name: str
    shape: tuple[int, ...]
    facts: Facts

    @property
    def gives_maps(self) -> bool:
        """Whether it gives feature maps, (C, H, W), and not a vector."""
        return len(self.shape) == 3


@dataclass(frozen=True)
class Chain:
    """Layers called one after another."""

    links: tuple[Link, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """The labels of the calls that give feature maps."""
        return tuple(link.label for link in self.links if link.gives_maps)

    def link(self, label: str) -> Link:
        """The call with this label."""
        return next(link for link in self.links if link.label == label)

    def convolution_at(self, label: str) -> str | None:
        """The convolution whose out_channel is this layer's channel, by name."""
        place = self.links.index(self.link(label))
        earlier = reversed(self.links[: place + 1])
        found = (link.name for link in earlier if link.facts["kind"] == "convolution")
        return next(found, None)

    @torch.no_grad()
    def run(self, model: nn.Module, images: Tensor) -> dict[str, Tensor]:
        """What each call gives, (N, …), by label, in the order of the calls."""
        results, x = {}, images
        for link in self.links:
            x = model.get_submodule(link.name)(x)
            results[link.label] = x
        return results


@dataclass(frozen=True)
class Reading:
    """What the network gives for one image.

    Attributes:
        outputs: What each layer gives, by label, without N, float64.
    """

    outputs: dict[str, Tensor]

    @property
    def logits(self) -> Tensor:
        """(number of classes,)"""
        return list(self.outputs.values())[-1]

    @property
    def probabilities(self) -> list[float]:
        """The softmax of the logits."""
        return [float(value) for value in self.logits.softmax(dim=0)]


@dataclass(frozen=True)
class _Call:
    name: str
    layer: nn.Module
    given: Any
    result: Any


def private_copy(model: nn.Module) -> nn.Module:
    """A copy on the CPU in evaluation mode that shares nothing with ``model``."""
    copy = deepcopy(model).cpu().eval()
    for module in copy.modules():
        # the reader's hooks would write into the reader's own lists
        module._forward_hooks.clear()
        module._forward_pre_hooks.clear()
        if isinstance(module, (nn.ReLU, nn.Dropout, nn.Dropout2d)):
            module.inplace = False  # else a map would hold the next layer's values
    return copy


def record_chain(model: nn.Module, images: Tensor) -> Chain:
    """Run the model once and note its layers.

    Args:
        model: A copy that may be hooked, in evaluation mode.
        images: A few of its inputs, (N, C, H, W).

    Raises:
        ValueError: If the model is no chain of supported layers, from images to logits.
    """
    calls, logits = _calls(model, images)
    if not calls:
        raise ValueError(f"model calls no layers; {_AS_LAYERS}")
    given, before = images, "the images"
    for call in calls:
        if call.given is not given:
            raise ValueError(f"{call.name} does not receive {before}; {_AS_LAYERS}")
        given, before = call.result, f"what {call.name} gives"
    if logits is not given:
        raise ValueError(f"model does not return {before}; {_AS_LAYERS}")
    if logits.ndim != 2:
        raise ValueError(
            f"model returns shape {tuple(logits.shape)}; expected logits, "
            "(N, number of classes)"
        )
    chain = Chain(_links(calls))
    _require_equal(chain, model, images, logits)
    return chain


@torch.no_grad()
def _calls(model: nn.Module, images: Tensor) -> tuple[list[_Call], Tensor]:
    calls: list[_Call] = []
    hooks = []
    for name, layer in model.named_modules():
        if next(layer.children(), None) is not None:
            continue

        def note(layer: nn.Module, given: Any, result: Any, name: str = name) -> None:
            layer_facts(name, layer)  # refuse it before a later step trips over it
            calls.append(_Call(name, layer, given[0] if given else None, result))

        hooks.append(layer.register_forward_hook(note))
    try:
        logits = model(images)
    except RuntimeError as error:
        raise ValueError(
            f"model does not take images of shape {tuple(images.shape)}: {error}"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    return calls, logits


def _links(calls: list[_Call]) -> tuple[Link, ...]:
    times: Counter[str] = Counter()
    links = []
    for call in calls:
        times[call.name] += 1
        again = f" ({times[call.name]})" if times[call.name] > 1 else ""
        links.append(_link(call, call.name + again))
    work = sum(
        multiply_adds(call.layer, link.shape)
        for call, link in zip(calls, links, strict=True)
    )
    if work > _MOST_WORK:
        raise ValueError(
            f"model multiplies and adds {work:,} times an image; the explorer redraws "
            f"at every touch and takes at most {_MOST_WORK:,}: use a smaller network "
            "or smaller images"
        )
    return tuple(links)


def _link(call: _Call, label: str) -> Link:
    facts = layer_facts(call.name, call.layer)
    given, result = call.given.ndim, call.result.ndim
    wants = {"linear": (2, 2), "flatten": (4, 2), "relu": (given, given)}
    wants["same"] = wants["relu"]
    if (given, result) != wants.get(facts["kind"], (4, 4)):
        raise ValueError(
            f"{call.name} turns shape {tuple(call.given.shape)} into "
            f"{tuple(call.result.shape)}; expected feature maps (N, C, H, W), then one "
            "Flatten, then vectors (N, features)"
        )
    return Link(label, call.name, tuple(call.result.shape[1:]), facts)


def _require_equal(
    chain: Chain, model: nn.Module, images: Tensor, logits: Tensor
) -> None:
    """Values may change between two layers without leaving a trace: ``x.relu_()``."""
    if not logits.isfinite().all():
        raise ValueError(
            "model gives NaN or infinity; look for weights that training has driven "
            "too far"
        )
    replayed = list(chain.run(model, images).values())[-1]
    if not torch.allclose(replayed, logits, rtol=1e-6, atol=1e-9):
        raise ValueError(
            "the layers called one after another do not give what model gives; "
            f"{_AS_LAYERS}"
        )
