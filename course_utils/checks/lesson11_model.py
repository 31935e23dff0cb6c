"""Stage 2 of the lab: any network that maps images to logits, and can learn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

MAX_PARAMETERS: Final = 1_000_000


def _properties(build: Callable[[], nn.Module], count: int) -> dict[str, Any]:
    """Say of a network what matters, however it is built."""
    torch.manual_seed(0)
    model = build()
    generator = torch.Generator().manual_seed(count)
    images = torch.randn(count, 3, 32, 32, generator=generator)
    logits = model.train()(torch.cat([images, images]))
    parameters = list(model.parameters())
    found: dict[str, Any] = {
        f"shape of the logits of {2 * count} images": tuple(logits.shape),
        f"parameters, at most {MAX_PARAMETERS:,}": _amount(parameters),
        "rows are probabilities (a softmax at the end)": _are_probabilities(logits),
        "columns are probabilities (a softmax over the batch)": _are_probabilities(
            logits.transpose(0, -1)
        ),
        "logits are cut off at 0 (a ReLU at the end)": _are_cut_off(logits),
        "weights that the optimizer would never see": len(_used(logits, parameters)),
    }
    if logits.requires_grad:
        logits.square().sum().backward()
    idle = sum(parameter.grad is None for parameter in parameters)
    found["parameters without a gradient"] = idle
    with torch.no_grad():
        model.eval()
        alone, together, again = model(images[:1]), model(images), model(images)
    return found | {
        "shape of the logits of 1 image": tuple(alone.shape),
        "in evaluation mode, twice the same": _same(together, again),
        "in evaluation mode, the other images matter": not _same(alone, together[:1]),
    }


def _amount(parameters: list[nn.Parameter]) -> str:
    total = sum(parameter.numel() for parameter in parameters)
    if not total:
        return "none"
    return "few enough" if total <= MAX_PARAMETERS else "too many"


def _are_probabilities(logits: Tensor) -> bool:
    ones = torch.ones(len(logits))
    return (
        logits.ndim == 2
        and bool((logits >= 0).all())
        and torch.allclose(logits.sum(1), ones, atol=1e-4)
    )


def _are_cut_off(logits: Tensor) -> bool:
    return bool((logits >= 0).all() and (logits == 0).any() and (logits > 0).any())


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, atol=1e-4)


def _used(logits: Tensor, parameters: list[nn.Parameter]) -> list[Tensor]:
    """Return the weights that took part and are not among the parameters."""
    known = {id(parameter) for parameter in parameters}
    unknown: list[Tensor] = []
    seen: set[Any] = set()
    queue: list[Any] = [logits.grad_fn]
    while queue:
        node = queue.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None and id(leaf) not in known:
            unknown.append(leaf)
        queue.extend(child for child, _ in node.next_functions)
    return unknown


class _Network(nn.Module):
    """A small network that is right, unless a mistake is asked for."""

    def __init__(self, mistake: str = "") -> None:
        super().__init__()
        self.mistake = mistake
        self.conv = nn.Conv2d(3, 8, kernel_size=3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8, track_running_stats=mistake != "batch_statistics")
        if mistake == "unused_layer":
            self.extra = nn.Linear(8, 8)
        hidden = nn.Conv2d(8, 8, kernel_size=3, padding=1)
        # a plain list hides its layers from model.parameters()
        self.layers = [hidden] if mistake == "layers_in_a_list" else hidden
        wide = 8 * 16 * 16 if mistake == "too_large" else 8
        self.between = nn.Linear(wide, 1000) if mistake == "too_large" else None
        outputs = 100 if mistake == "hundred_classes" else 10
        self.head = nn.Linear(1000 if self.between else 8, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, or what the mistake makes of them."""
        wrong = self.mistake
        x = self.norm(self.conv(x)).relu()  # (N, 8, 16, 16)
        layer = self.layers[0] if isinstance(self.layers, list) else self.layers
        x = x.detach() if wrong == "detached" else x
        x = layer(x).relu()
        if self.between is not None:
            return self._logits(self.between(x.flatten(1)).relu())
        x = x.mean(dim=(2, 3))  # (N, 8)
        if wrong == "dropout_always":
            x = F.dropout(x, 0.5, training=True)
        return self._logits(x)

    def _logits(self, x: Tensor) -> Tensor:
        wrong = self.mistake
        logits: Tensor = self.head(x)
        if wrong == "softmax_at_the_end":
            return logits.softmax(dim=1)
        if wrong == "relu_at_the_end":
            return logits.relu()
        if wrong == "batch_squeezed":
            return logits.squeeze()
        if wrong == "softmax_over_the_batch":
            return logits.softmax(dim=0)
        return logits


def _with(mistake: str) -> Callable[[], nn.Module]:
    return partial(_Network, mistake)


check_build_model = Exercise(
    title="11.2 · Model: a network of your own",
    reference=_Network,
    use=_properties,
    cases=(Case("2 and 4 images", (2,)), Case("5 and 10 images", (5,))),
    mistakes=(
        Mistake(
            "softmax_at_the_end",
            _with("softmax_at_the_end"),
            "Your rows are probabilities: there is a softmax at the end. Return the "
            "logits; the loss does the softmax itself.",
        ),
        Mistake(
            "softmax_over_the_batch",
            _with("softmax_over_the_batch"),
            "There is a softmax over the batch (`dim=0`): images compete with each "
            "other, and an image's answer depends on its neighbours. Remove it.",
        ),
        Mistake(
            "relu_at_the_end",
            _with("relu_at_the_end"),
            "Your logits went through a ReLU, so none can be negative. The last layer "
            "has no activation.",
        ),
        Mistake(
            "hundred_classes",
            _with("hundred_classes"),
            "Your network returns 100 logits an image. There are ten classes.",
        ),
        Mistake(
            "batch_squeezed",
            _with("batch_squeezed"),
            "`squeeze()` removes every axis of length 1, and so the batch when it "
            "holds a single image. Use `flatten(1)`.",
        ),
        Mistake(
            "layers_in_a_list",
            _with("layers_in_a_list"),
            "A layer in a plain Python list is invisible: `model.parameters()` does "
            "not find it, the optimizer never trains it. Use `nn.ModuleList` or "
            "`nn.Sequential`.",
        ),
        Mistake(
            "unused_layer",
            _with("unused_layer"),
            "A layer is made in `__init__` and never used in `forward`. Use it, or "
            "delete it.",
        ),
        Mistake(
            "detached",
            _with("detached"),
            "No gradient reaches the first layers: `detach()`, `.data` or "
            "`torch.no_grad()` in `forward` cuts the way back.",
        ),
        Mistake(
            "dropout_always",
            _with("dropout_always"),
            "In evaluation mode the same images gave different logits: `F.dropout` "
            "drops always unless it is told `training=self.training`. `nn.Dropout` "
            "knows by itself.",
        ),
        Mistake(
            "batch_statistics",
            _with("batch_statistics"),
            "In evaluation mode an image's logits depend on the images beside it: "
            "batch norm without running statistics. Leave `track_running_stats` alone.",
        ),
        Mistake(
            "too_large",
            _with("too_large"),
            "That is more than a million parameters, most of them surely in one "
            "`nn.Linear` after `nn.Flatten`. Pool further first, or average each map: "
            "`nn.AdaptiveAvgPool2d(1)`.",
        ),
    ),
    praise="Logits for any batch, every weight within reach of the optimizer, and each "
    "image judged by itself.",
)
