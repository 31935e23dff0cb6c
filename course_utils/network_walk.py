"""Follow one run of any network, step by step: its layers, and what joins them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

_ATEN: Final = torch.ops.aten
# operations that a forward may call itself, between its layers
_JOINING: Final = {
    _ATEN.add: "addition",
    _ATEN.add_: "addition",
    _ATEN.mul: "multiplication",
    _ATEN.mul_: "multiplication",
    _ATEN.cat: "concatenation",
}
_ALONE: Final = {
    _ATEN.convolution: "convolution",
    _ATEN.addmm: "linear",
    _ATEN.mm: "linear",
    _ATEN.bmm: "matrix product",
    **{
        getattr(_ATEN, f"{word}{in_place}"): word
        for word in ("relu", "hardtanh", "leaky_relu", "silu", "tanh", "sigmoid")
        for in_place in ("", "_")
    },
    _ATEN.gelu: "gelu",
    _ATEN._softmax: "softmax",
    _ATEN._log_softmax: "log_softmax",
    _ATEN.max_pool2d_with_indices: "max pooling",
    _ATEN.avg_pool2d: "average pooling",
    _ATEN._adaptive_avg_pool2d: "average pooling",
    _ATEN.mean: "average",
}


@dataclass(frozen=True)
class Step:
    """One call of a layer, or of a function in the ``forward`` of a block.

    Attributes:
        label: The layer's name; a second call has a number behind.
        owner: Name of the layer, or of the block whose ``forward`` calls the function.
        layer: The layer; ``None`` for a function.
        word: What a function does, such as ``"addition"``; empty for a layer.
        given: The tensors that came in.
        output: What came out, to be read at once: the next step may overwrite it.
    """

    label: str
    owner: str
    layer: nn.Module | None
    word: str
    given: tuple[Tensor, ...]
    output: Tensor


class Walk(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Runs a model and calls ``operation`` and ``step`` as it goes.

    Every tensor that depends on the input carries a note, which ``after`` makes from
    the notes of the tensors it was computed from.

    Args:
        model: Any module, in evaluation mode; it is the same afterwards.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.model = model
        self.names = {module: name for name, module in model.named_modules()}
        self.open: list[nn.Module] = []  # modules whose forward runs now
        self.times: Counter[str] = Counter()
        self.is_paused = False
        self.notes: Any = WeakTensorKeyDictionary()

    def operation(self, function: Any, arguments: Sequence[Any], output: Any) -> None:
        """Called for each of PyTorch's basic operations."""

    def after(
        self, function: Any, arguments: Sequence[Any], notes: list[Any], output: Tensor
    ) -> Any:
        """Return the note of an operation's output, given those of its inputs."""
        return True

    def step(self, step: Step) -> None:
        """Called for each layer and each joining function, after it has run."""

    def run(self, images: Tensor, note: Any = True) -> Any:
        """Return what the model gives for images that carry ``note``."""
        self.notes[images] = note
        hooks = []
        for module in self.names:
            hooks.append(module.register_forward_pre_hook(self._before))
            hooks.append(module.register_forward_hook(self._after))
        try:
            with torch.no_grad(), self:
                return self.model(images)
        finally:
            for hook in hooks:
                hook.remove()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run one basic operation and note it."""
        output = func(*args, **(kwargs or {}))
        if self.is_paused:
            return output
        self.operation(func, args, output)
        notes = [self.notes[given] for given in tensors(args) if given in self.notes]
        if notes:
            for result in tensors(output):
                self.notes[result] = self.after(func, args, notes, result)
        if not any(map(is_layer, self.open)):
            self._function(func.overloadpacket, args, output)
        return output

    def _function(self, packet: Any, args: Any, output: Any) -> None:
        result = first_tensor(output)
        given = tuple(tensor for tensor in tensors(args) if tensor in self.notes)
        if result is None or not given:
            return
        word = _ALONE.get(packet) or (len(given) > 1 and _JOINING.get(packet))
        if packet is _ATEN.view and given[0].ndim > 2 == result.ndim:
            word = "flatten"
        if not word:
            return
        owner = self.names[self.open[-1]] if self.open else ""
        label = self._numbered(f"{owner} ({word})".strip())
        self._report(Step(label, owner, None, word, given, result))

    def _before(self, module: nn.Module, _: Any) -> None:
        self.open.append(module)

    def _after(self, module: nn.Module, given: Any, output: Any) -> None:
        self.open.pop()
        result = first_tensor(output)
        inside = any(map(is_layer, self.open))
        if result is None or inside or not is_layer(module):
            return
        if result not in self.notes:
            return
        name = self.names[module]
        label = self._numbered(name or "(model)")
        self._report(Step(label, name, module, "", tuple(tensors(given)), result))

    def _report(self, step: Step) -> None:
        self.is_paused = True  # what a step computes is no part of the network
        try:
            self.step(step)
        finally:
            self.is_paused = False

    def _numbered(self, label: str) -> str:
        self.times[label] += 1
        again = self.times[label]
        return label if again == 1 else f"{label} ({again})"


def is_layer(module: nn.Module) -> bool:
    """Whether a module does its work itself and not through modules of its own."""
    # attention calls no child of its own but does all the work itself
    if isinstance(module, nn.MultiheadAttention):
        return True
    return next(module.children(), None) is None


def tensors(value: Any) -> list[Tensor]:
    """The tensors in a value, those in lists, tuples and dictionaries included."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors(item)]
    return []


def first_tensor(value: Any) -> Tensor | None:
    """The first tensor in a value."""
    return next(iter(tensors(value)), None)
