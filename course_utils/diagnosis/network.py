"""Questions about the network: what it returns, and what happens within."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from course_utils.diagnosis.case import Case, called_layers, copied, seeded
from course_utils.diagnosis.report import Finding, Skipped
from course_utils.training.logits import is_probabilities

Answer = Finding | Skipped | None

_DEAD = 0.75  # of a layer's units; fresh small networks were seen with up to half
_RELUS = {F.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_, F.relu_}


def all_registered(case: Case) -> Answer:
    """Find layers in a plain list or dict, which PyTorch does not know of."""
    for owner, module in case.model.named_modules():
        for name, value in vars(module).items():
            inside: Iterable[Any] = ()
            if isinstance(value, dict) and not name.startswith("_"):
                inside = value.values()
            elif isinstance(value, list | tuple):
                inside = value
            hidden = [
                type(item).__name__
                for item in inside
                if isinstance(item, nn.Module)
                and item not in set(case.model.modules())
                and any(True for _ in item.parameters())
            ]
            if hidden:
                where = f"{owner}.{name}" if owner else name
                return Finding(
                    "Layers in a plain list",
                    f"`{where}` holds {len(hidden)} layers ({', '.join(hidden[:3])}) "
                    f"in a {type(value).__name__}.",
                    "The model does not know their parameters: the optimizer never "
                    "trains them, `model.to(device)` leaves them behind, and "
                    "`state_dict()` does not save them.",
                    f"`self.{name} = nn.ModuleList([...])` or `nn.Sequential(...)`",
                )
    return None


def returns_logits(case: Case) -> Answer:
    """Find a softmax, sigmoid or ReLU at the end of the model."""
    logits = case.logits
    if is_probabilities(logits):
        total = float(logits.sum(1).mean())
        return Finding(
            "Softmax before cross-entropy",
            f"every output lies between 0 and 1, and each row sums to {total:.3f}.",
            "Cross-entropy applies the softmax itself. Twice, it cannot tell sure from "
            "unsure: gradients shrink, and the loss stays above "
            f"{_floor(logits.shape[1]):.2f} even if every image is right.",
            "return the last layer's output: remove `softmax` from the model, and write"
            " `logits.softmax(dim=1)` where you want to read probabilities",
        )
    low, high = float(logits.min()), float(logits.max())
    if low < 0 or len(logits) < 16:
        return None
    # an untrained bias may well be positive: only an end that clips is a finding
    clipped = high <= 1 or float((logits == 0).float().mean()) > 0.05
    if not clipped or not _negative_before_the_end(case):
        return None
    return Finding(
        "Activation after the last layer",
        f"no output of {logits.numel():,} is negative; they lie from {low:.3f} to "
        f"{high:.3f}.",
        "Logits must be free to be negative: a class that is cut off at 0 can never be "
        "ruled out, and gets no gradient there.",
        "return the last `nn.Linear`'s output, without ReLU or sigmoid after it",
    )


def _floor(classes: int) -> float:
    """Return the least cross-entropy of probabilities taken for logits."""
    sure = torch.zeros(1, classes)
    sure[0, 0] = 1
    return float(F.cross_entropy(sure, torch.tensor([0])))


def _negative_before_the_end(case: Case) -> bool:
    """Tell whether the last layer with weights gives negative values."""
    calls = called_layers(case.model, case.images[:64])
    return bool(calls) and bool((calls[-1][1] < 0).any())


def images_apart(case: Case) -> Answer:
    """Find outputs that depend on the other images of the batch."""
    model = copied(case.model).eval()
    few = case.images[:8]
    if len(few) < 2:
        return Skipped("one image alone cannot be mixed")
    with torch.no_grad():
        seeded()
        together = model(few).float()
        alone = []
        for image in few:
            seeded()
            alone.append(model(image[None]).float())
        again = _repeats(model, few)
    if not again:
        return Skipped("the model is not steady in evaluation mode")
    shapes = {tuple(row.shape) for row in alone}
    if shapes != {(1, together.shape[1])}:
        return None  # the loud kind: forward raises elsewhere
    gap = float((torch.cat(alone) - together).abs().max())
    if gap <= 1e-3 * (1 + float(together.abs().max())):
        return None
    return Finding(
        "Images mixed with each other",
        f"logits of an image alone and within a batch differ by up to {gap:.3g}.",
        "Values of different images end up in one row, so that the answer for one "
        "image depends on its neighbours.",
        "`x.flatten(start_dim=1)`: never reshape over the first axis, N",
    )


def steady(case: Case) -> Answer:
    """Find chance that stays on in evaluation mode."""
    model = copied(case.model).eval()
    few = case.images[:64]
    if _repeats(model, few):
        return None
    with torch.no_grad():
        gap = float((model(few) - model(few)).abs().max())
    return Finding(
        "Chance in evaluation mode",
        f"in evaluation mode, the same {len(few)} images twice give logits that differ "
        f"by up to {gap:.3g}.",
        "`F.dropout` does not know the model's mode: units are dropped while "
        "evaluating too, and the accuracy is too low and never the same.",
        "`self.dropout = nn.Dropout(p)` in `__init__`, or "
        "`F.dropout(x, p, training=self.training)`",
    )


def _repeats(model: nn.Module, images: Tensor) -> bool:
    with torch.no_grad():
        return torch.allclose(model(images), model(images), atol=1e-6, equal_nan=True)


def relus_alive(case: Case) -> Answer:
    """Find layers whose ReLUs are silent for every image."""
    shares = dead_shares(case.model, case.images)
    if not shares:
        return Skipped("the model has no ReLU")
    worst = max(shares, key=lambda name: shares[name])
    if shares[worst] < _DEAD:
        return None
    table = ", ".join(f"{name}: {share:.0%}" for name, share in shares.items())
    return Finding(
        "Dead ReLUs",
        f"share of units that are 0 for all {len(case.images):,} images: {table}.",
        "A unit that is never active has no gradient, and so never comes back.",
        "make the model anew and train it with a smaller learning rate (a step that "
        "was too large has pushed the biases down); `nn.BatchNorm2d` before the ReLU, "
        "or `nn.LeakyReLU`, keeps units alive",
    )


def dead_shares(model: nn.Module, images: Tensor) -> dict[str, float]:
    """Return for each ReLU which share of its units is 0 for every image.

    Args:
        model: Any model; a copy of it runs in evaluation mode.
        images: (N, C, H, W). A unit is a channel, or a feature after flattening.
    """
    model = copied(model).eval()
    active: dict[str, Tensor] = {}
    for part in torch.split(images, 256):
        with torch.no_grad(), _Relus(model) as seen:
            model(part)
        for name, units in seen.active.items():
            active[name] = units | active.get(name, torch.zeros_like(units))
    return {name: float((~units).float().mean()) for name, units in active.items()}


class _Relus(TorchFunctionMode, AbstractContextManager[Any]):
    """Sees every ReLU, be it a module or a function, and which units it lets pass."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.active: dict[str, Tensor] = {}
        self.last = "input"
        for name, module in model.named_modules():
            module._forward_hooks.clear()
            if not list(module.children()) and list(module.parameters()):
                module.register_forward_hook(self._note(name))

    def _note(self, name: str) -> Callable[..., None]:
        def note(*_: object) -> None:
            self.last = name

        return note

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in _RELUS and isinstance(result, Tensor) and result.ndim > 1:
            name = f"after {self.last}"
            while name in self.active:
                name += " again"
            axes = [axis for axis in range(result.ndim) if axis != 1]
            self.active[name] = (result > 0).sum(axes) > 0
        return result


def several_classes(case: Case) -> Answer:
    """Find a model that answers the same class whatever the image."""
    classes = len(torch.unique(case.labels))
    predictions = case.logits.argmax(1)
    if classes < 2 or len(torch.unique(predictions)) > 1 or len(predictions) < 32:
        return None
    spread = float(case.logits.std(0).max())
    sure = float(case.logits.softmax(1).max(1).values.mean())
    constant = spread < 1e-4 * (1 + float(case.logits.abs().max()))
    # a fresh network answers one class too, but is not sure of it
    if not constant and sure < 0.5 and not _trained(case):
        return None
    return Finding(
        "All predictions are one class",
        f"class {int(predictions[0])} for all {len(predictions):,} images of {classes} "
        f"classes; logits vary by {spread:.2g} between images.",
        "The network has stopped looking at its input: most often after steps that "
        "were too large, or because one class is far more frequent than the others.",
        "make the model anew and train it with a tenth of the learning rate; look at "
        "`labels.bincount()`",
    )


def _trained(case: Case) -> bool:
    return case.optimizer is not None and bool(case.optimizer.state)
