"""What each layer of a network is, costs and sees, without computing a single value.

The network runs once on PyTorch's "meta" device, which knows shapes only: even large
networks take no memory and little time.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils.flop_counter import flop_registry

from course_utils.layer_words import Shape, flattened, formula
from course_utils.network_fields import Field, input_field
from course_utils.network_rules import field_after
from course_utils.network_walk import Step, Walk, tensors
from course_utils.trace import trace_shapes

_EXAMPLE: Final = "(1, 3, 224, 224)"


class Box(NamedTuple):
    """A rectangle of pixels; parts of it may lie outside the image."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True)
class LayerFacts:
    """One layer, as the input met it.

    Attributes:
        name: Its name in the model; a second call of the same layer has a number
            behind, a function in the ``forward`` of a block has its word.
        kind: Class of the layer, such as ``"Conv2d"``, or the function's word.
        module: The layer in PyTorch's words.
        owner: Name of the layer or of the block whose ``forward`` calls the function.
        input_shapes: Shapes of what came in, (N, C, H, W) or (N, features); several
            where branches meet.
        output_shape: Shape of what came out.
        formula: How the output shape follows, numbers filled in.
        parameters: Weights and biases first used here.
        parameters_so_far: The same, of this layer and all before it.
        multiply_adds: Of convolutions and linear layers, for one image.
        multiply_adds_so_far: The same, of this layer and all before it.
        field: Which pixels each position depends on.
    """

    name: str
    kind: str
    module: str
    owner: str
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    formula: str
    parameters: int
    parameters_so_far: int
    multiply_adds: int
    multiply_adds_so_far: int
    field: Field = field(repr=False, compare=False)

    @property
    def gives_maps(self) -> bool:
        """Whether the output is feature maps, (N, C, H, W)."""
        return len(self.output_shape) == 4

    @property
    def receptive_field(self) -> tuple[int, int] | None:
        """Height and width of what one output depends on, in pixels of the input.

        Padding counts; where branches meet it is the largest over the branches.
        ``None`` after an operation that cannot be followed: ``field.lost_at``.
        """
        if self.field.axes is None:
            return None
        height, width = self.field.axes
        return height.size, width.size

    @property
    def jump(self) -> tuple[float, float] | None:
        """Pixels of the input between two neighbouring outputs, down and across."""
        if self.field.axes is None:
            return None
        height, width = self.field.axes
        return _tidy(height.jump), _tidy(width.jump)

    def box(self, row: int, col: int) -> Box:
        """The pixels that the output at a position depends on, padding included.

        Raises:
            ValueError: If there is no such position, or the receptive field is unknown.
        """
        if self.field.axes is None:
            raise ValueError(
                f"the receptive field of {self.name} is not known: "
                f"{self.field.lost_at} cannot be followed"
            )
        rows, cols = self.field.axes
        require_inside((row, col), (len(rows.first), len(cols.first)))
        top, left = int(rows.first[row]), int(cols.first[col])
        height, width = int(rows.last[row]) - top, int(cols.last[col]) - left
        return Box(top, left, height + 1, width + 1)


def require_inside(position: tuple[int, int], size: tuple[int, int]) -> None:
    """Refuse a position outside an output.

    Raises:
        ValueError: If row or column is too small or too large.
    """
    if not all(0 <= at < count for at, count in zip(position, size, strict=True)):
        raise ValueError(
            f"position is {position}, outside the output of {size[0]}x{size[1]}; "
            f"choose row 0 to {size[0] - 1} and column 0 to {size[1] - 1}"
        )


def anatomy(model: nn.Module, input_shape: Sequence[int]) -> list[LayerFacts]:
    """Return the layers of a network in the order in which an input meets them.

    Besides the layers, each addition, concatenation or other function that a
    ``forward`` calls itself has an entry, so that branches are followed exactly.

    Args:
        model: Any module; it is not touched. It may live on the "meta" device.
        input_shape: Shape of the input, (N, C, H, W).

    Raises:
        TypeError: If ``model`` is no module.
        ValueError: If ``input_shape`` is no shape of images, or the model cannot take
            it; the message says where and why.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model is {type(model).__name__}; expected an nn.Module")
    shape = _checked(input_shape)
    skeleton = _skeleton(model)
    walk = _Anatomy(skeleton)
    floats = (p.dtype for p in skeleton.parameters() if p.is_floating_point())
    image = torch.empty(shape, dtype=next(floats, None), device="meta")
    try:
        # a forward may make tensors of its own
        with torch.device("meta"), torch.random.fork_rng(devices=[]):
            walk.run(image, input_field(shape))
    except (RuntimeError, ValueError, IndexError) as error:
        reason = trace_shapes(skeleton, shape).problem or str(error)
        raise ValueError(
            f"model cannot take an input of shape {shape}: {reason}"
        ) from error
    return walk.rows


class _Anatomy(Walk):  # type: ignore[no-untyped-call]
    """Adds up, operation by operation, what the steps of a model are made of."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.rows: list[LayerFacts] = []
        self.used: set[int] = set()
        self.parameters = self.multiply_adds = 0

    def operation(self, function: Any, arguments: Sequence[Any], output: Any) -> None:
        given = tensors(arguments)
        for tensor in given:
            if isinstance(tensor, nn.Parameter) and id(tensor) not in self.used:
                self.used.add(id(tensor))
                self.parameters += tensor.numel()
        counter = flop_registry.get(function.overloadpacket)
        if counter is not None:  # two floating-point operations are one multiply-add
            self.multiply_adds += int(counter(*arguments, out_val=output)) // 2

    def after(
        self, function: Any, arguments: Sequence[Any], notes: list[Any], output: Tensor
    ) -> Field:
        return field_after(function, arguments, notes, output)

    def step(self, step: Step) -> None:
        last = self.rows[-1] if self.rows else None
        parameters_before = last.parameters_so_far if last else 0
        work = self.multiply_adds // step.output.shape[0]
        work_before = last.multiply_adds_so_far if last else 0
        given = tuple(tuple(tensor.shape) for tensor in step.given)
        kind, module = _in_words(step)
        self.rows.append(
            LayerFacts(
                step.label,
                kind,
                module,
                step.owner,
                given,
                tuple(step.output.shape),
                _formula(step),
                self.parameters - parameters_before,
                self.parameters,
                work - work_before,
                work,
                self.notes[step.output],
            )
        )


def _tidy(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def _in_words(step: Step) -> tuple[str, str]:
    if step.layer is not None:
        return type(step.layer).__name__, " ".join(repr(step.layer).split())
    if len(step.given) > 1:
        return step.word, f"{step.word} of {len(step.given)} tensors"
    return step.word, f"{step.word}, called as a function"


def _formula(step: Step) -> str:
    before = [tuple(tensor.shape) for tensor in step.given]
    after = tuple(step.output.shape)
    if step.layer is not None:
        return formula(step.layer, before[0], after) if before else ""
    if step.word == "concatenation" and len(after) > 1:
        channels = [shape[1] for shape in before]
        if sum(channels) == after[1]:
            return f"{' + '.join(map(str, channels))} = {after[1]} channels"
    if step.word == "flatten" and prod(before[0]) == prod(after):
        return flattened(before[0], after, 1)
    return "same shape" if before[0] == after else ""


def _checked(input_shape: Sequence[int]) -> Shape:
    shape = tuple(input_shape)
    if len(shape) != 4 or any(not isinstance(n, int) or n < 1 for n in shape):
        raise ValueError(
            f"input_shape is {shape}; expected (N, C, H, W), four lengths of at least "
            f"1, such as {_EXAMPLE}"
        )
    return shape


def _skeleton(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose tensors have shapes but no values."""
    hollow: dict[int, Any] = {}
    for module in model.modules():
        owned = [*module._parameters.values(), *module._buffers.values()]
        for tensor in [*owned, *vars(module).values()]:
            if is_lazy(tensor):
                raise ValueError(
                    f"model has a {type(module).__name__} whose size is not known yet; "
                    "call the model once on an image, then ask again"
                )
            if isinstance(tensor, nn.Parameter):
                empty = torch.empty_like(tensor, device="meta")
                hollow[id(tensor)] = nn.Parameter(empty, requires_grad=False)
            elif isinstance(tensor, Tensor):
                hollow[id(tensor)] = torch.empty_like(tensor, device="meta")
    copy = deepcopy(model, hollow).eval()
    for module in copy.modules():  # the reader's hooks would write into their lists
        module._forward_hooks.clear()
        module._forward_pre_hooks.clear()
    return copy
