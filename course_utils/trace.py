"""Follow an input through a model, layer by layer, with each size formula filled in."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from html import escape
from math import prod
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from course_utils.layer_words import Shape, flattened, formula, obstacle

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADINGS: Final = ("Layer", "Type", "Output shape", "Parameters", "How the size comes")
_CANNOT: Final = "✗ cannot work"
# how PyTorch, NumPy and careful authors word that a shape does not fit
_ABOUT_SHAPES: Final = re.compile(
    r"shape|size|dimension|\bdim|channels|must match|expand", re.IGNORECASE
)


@dataclass(frozen=True)
class LayerRow:
    """One layer, as the input met it; ``problem`` says why it could not work."""

    name: str
    kind: str
    output_shape: Shape | None
    parameters: int
    formula: str = ""
    problem: str = ""

    def cells(self) -> tuple[str, ...]:
        """Return the row's texts, in the order of the table's headings."""
        shape = _CANNOT if self.output_shape is None else str(self.output_shape)
        return (self.name, self.kind, shape, f"{self.parameters:,}", self.formula)


@dataclass(frozen=True)
class ShapeTrace:
    """The way of an input through a model; shown as a table.

    Attributes:
        model: Class name of the model.
        input_shape: Shape of the input, batch first.
        rows: The layers in the order in which the input met them. If one could not
            work it is the last, its ``output_shape`` is ``None`` and its ``problem``
            says why.
        output_shape: Shape of the model's output; ``None`` if it was not reached.
        parameters: Number of weights and biases of the whole model.
    """

    model: str
    input_shape: Shape
    rows: tuple[LayerRow, ...]
    output_shape: Shape | None
    parameters: int

    @property
    def problem(self) -> str:
        """Why the model cannot take this input, in a sentence; empty if it can."""
        last = self.rows[-1] if self.rows else None
        if last is None or not last.problem:
            return ""
        return f"✗ Stopped at {last.name} ({last.kind}): {last.problem}."

    def _heading(self) -> str:
        return f"{self.model} with input {self.input_shape}"

    def _summary(self) -> str:
        parameters = f"{self.parameters:,} parameters in the whole model"
        if self.problem:
            return f"{self.problem} {parameters.capitalize()}."
        return f"Output {self.output_shape}; {parameters}."

    def __repr__(self) -> str:
        table = [_HEADINGS, *(row.cells() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(
                cell.rjust(width) if column == 3 else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ).rstrip()
            for cells in table
        ]
        return "\n".join([self._heading(), "", *lines, "", self._summary()])

    def _repr_html_(self) -> str:
        heads = "".join(
            f'<th scope="col"{_align(column)}>{head}</th>'
            for column, head in enumerate(_HEADINGS)
        )
        caption = escape(self._heading())
        return (
            f'<table><caption style="text-align: left">{caption}</caption>'
            f"<thead><tr>{heads}</tr></thead>"
            f"<tbody>{''.join(map(_html_row, self.rows))}</tbody></table>"
            f"<p>{escape(self._summary())}</p>"
        )


def trace_shapes(model: nn.Module, input_shape: Sequence[int]) -> ShapeTrace:
    """Follow an input through a model, layer by layer.

    A copy of the model runs once on zeros, in evaluation mode and without gradients;
    the model itself is not touched.

    Args:
        model: Any module. Its layers are the modules without children, in the order in
            which ``forward`` calls them.
        input_shape: Shape of the input, batch first, such as ``(1, 3, 32, 32)``.

    Returns:
        The table. Where a shape does not fit, the table ends there and says what the
        layer got, what it needed and what to write.

    Raises:
        ValueError: If ``input_shape`` holds no lengths or lacks the batch axis.
        Exception: What the model raises for another reason than a shape.
    """
    shape = _checked_shape(model, input_shape)
    recorder = _Recorder(_copied(model))
    output_shape = recorder.run(shape)
    return ShapeTrace(
        type(model).__name__,
        shape,
        tuple(recorder.rows),
        output_shape,
        _count(recorder.model),
    )


class _Recorder:
    """Runs a model and writes one row a layer."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model.eval()
        self.rows: list[LayerRow] = []
        self.shape: Shape | None = None  # of the last output
        self.met: set[nn.Module] = set()
        self.running: tuple[str, nn.Module, Shape | None] | None = None
        self.names = {
            module: name or "(model)"
            for name, module in model.named_modules()
            # attention calls no child of its own but does all the work itself
            if isinstance(module, nn.MultiheadAttention) or not list(module.children())
        }
        for module in self.names:
            module.register_forward_pre_hook(self._before)
            module.register_forward_hook(self._after)

    def run(self, shape: Shape) -> Shape | None:
        """Send zeros through; return the output's shape if it was reached."""
        self.shape = shape
        floats = (p for p in self.model.parameters() if p.is_floating_point())
        like = next(floats, torch.empty(0))
        image = torch.zeros(shape, dtype=like.dtype, device=like.device)
        try:
            # dropout called as a function would else use up random numbers
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                return _shape_of(self.model(image))
        except NotImplementedError:  # a RuntimeError, but of a forward not yet written
            raise
        except (RuntimeError, ValueError, IndexError) as error:
            row = self._failed(error)
            if row is None:
                raise
            self.rows.append(row)
            return None

    def _before(self, layer: nn.Module, arguments: tuple[Any, ...]) -> None:
        before = _shape_of(arguments)
        if before and self.shape and _is_flattened(self.shape, before):
            how = flattened(self.shape, before, 1)
            self.rows.append(LayerRow("(in forward)", "flatten", before, 0, how))
        self.running = (self.names[layer], layer, before)

    def _after(self, layer: nn.Module, _: tuple[Any, ...], output: Any) -> None:
        assert self.running is not None  # the hook before the layer has set it
        name, _layer, before = self.running
        self.running = None
        self.shape = _shape_of(output)
        how = formula(layer, before, self.shape) if before and self.shape else ""
        again = layer in self.met and _count(layer) > 0
        kind = type(layer).__name__ + (" (again)" if again else "")
        count = 0 if again else _count(layer)
        self.met.add(layer)
        self.rows.append(LayerRow(name, kind, self.shape or (), count, how))

    def _failed(self, error: Exception) -> LayerRow | None:
        """Return the row of what failed; ``None`` if no shape was the reason."""
        words = str(error).strip().splitlines() or [""]
        about_shapes = bool(_ABOUT_SHAPES.search(words[0]))
        said = f"PyTorch says “{words[0].rstrip('.')}”"
        if self.running is None:
            kind = type(self.model).__name__
            reason = f"with shape {self.shape} after the rows above, {said}"
            row = LayerRow("(in forward)", kind, None, 0, problem=reason)
            return row if about_shapes else None
        name, layer, before = self.running
        known = obstacle(layer, before) if before is not None else None
        if known is None and not about_shapes:
            return None
        problem = known or f"got shape {before}; {said}"
        kind = type(layer).__name__
        return LayerRow(name, kind, None, _count(layer), problem=problem)


def _checked_shape(model: nn.Module, input_shape: Sequence[int]) -> Shape:
    shape = tuple(input_shape)
    if not shape or any(not isinstance(n, int) or n < 1 for n in shape):
        raise ValueError(
            f"input_shape is {shape}; expected positive lengths, batch first, such as "
            "(1, 3, 32, 32)"
        )
    flat = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
    if len(shape) == 3 and any(isinstance(module, flat) for module in model.modules()):
        raise ValueError(
            f"input_shape is {shape}; the batch comes first: write {(1, *shape)}"
        )
    return shape


def _copied(model: nn.Module) -> nn.Module:
    # a forward may have kept an output, whose gradients make it refuse to be copied
    kept = [value for module in model.modules() for value in vars(module).values()]
    computed = [v for v in kept if isinstance(v, Tensor) and not v.is_leaf]
    copied = copy.deepcopy(model, {id(value): value.detach() for value in computed})
    for module in copied.modules():
        module._forward_hooks.clear()  # of others: they may store what they see
    return copied


def _shape_of(output: Any) -> Shape | None:
    """Return the shape of a tensor or of the first tensor in a tuple or list."""
    if isinstance(output, Tensor):
        return tuple(output.shape)
    if isinstance(output, (tuple, list)) and output:
        return _shape_of(output[0])
    return None


def _is_flattened(before: Shape, after: Shape) -> bool:
    one_image = before[:1] == after[:1] and prod(before) == prod(after)
    return one_image and len(after) == 2 < len(before)


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if not is_lazy(p))


def _align(column: int) -> str:
    return f' style="text-align: {"right" if column == 3 else "left"}"'


def _html_row(row: LayerRow) -> str:
    name, *rest = map(escape, row.cells())
    cells = "".join(
        f"<td{_align(column)}>{cell}</td>" for column, cell in enumerate(rest, start=1)
    )
    return f'<tr><th scope="row"{_align(0)}>{name}</th>{cells}</tr>'
