"""Exercise 5.3: the mean loss of an epoch, read from the device once."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from course_utils.checks.engine import Case, Exercise, Mistake

Batch = tuple[Tensor, Tensor]
Step = Callable[[Tensor, Tensor], Tensor]
MeanLoss = Callable[[Step, Iterable[Batch]], Any]

_FETCHING = (Tensor.tolist, Tensor.numpy, Tensor.cpu)
_MOST_GRAPHS = 2  # the last batch's loss may still have a name when the next one comes


class _Reads(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the numbers that are fetched with `item`, `float`, `print`, `if`, …"""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


class _Fetches(TorchFunctionMode):
    """Counts the tensors that are fetched whole."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        self.count += func in _FETCHING
        return func(*args, **(kwargs or {}))


class _Mark:
    """Lives as long as the graph that holds it."""


class _Marked(torch.autograd.Function):
    """The identity, with a mark in its graph."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mark: _Mark) -> Tensor:
        """Return a copy of ``x``."""
        ctx.mark = mark
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Return the gradient as it is."""
        return gradients[0], None


class _Steps:
    """Gives a loss for each batch, and watches what becomes of it."""

    def __init__(self) -> None:
        self.weight = torch.tensor(2.0, requires_grad=True)
        self.marks: list[weakref.ref[_Mark]] = []
        self.graphs = 0
        self.reads, self.fetches = _Reads(), _Fetches()
        self.read_before = 0

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the batch's mean loss, with its graph."""
        self.read_before = self.reads.count + self.fetches.count
        alive = sum(mark() is not None for mark in self.marks)
        self.graphs = max(self.graphs, alive)
        mark = _Mark()
        self.marks.append(weakref.ref(mark))
        loss: Tensor = _Marked.apply(self.weight * images.mean(), mark)
        return loss


def _watched(answer: MeanLoss, sizes: tuple[int, ...], seed: int) -> dict[str, Any]:
    """Run an epoch on batches of these sizes; return its result and its manners."""
    generator = torch.Generator().manual_seed(seed)
    batches = [
        (torch.rand(n, 3, 2, 2, generator=generator) + k, torch.zeros(n).long())
        for k, n in enumerate(sizes)
    ]
    steps = _Steps()
    with steps.reads, steps.fetches:
        value = answer(steps, _stream(batches))
    return {
        "steps taken": len(steps.marks),
        "mean loss per image": value,
        "kind of the value returned": type(value).__name__,
        "numbers fetched before the last step": steps.read_before,
        "graphs of earlier batches pile up": steps.graphs > _MOST_GRAPHS,
    }


def _stream(batches: list[Batch]) -> Iterator[Batch]:
    yield from batches


def _reference(step: Step, batches: Iterable[Batch]) -> float:
    losses, counts = [], []
    for images, labels in batches:
        losses.append(step(images, labels).detach())
        counts.append(len(labels))
    weights = torch.tensor(counts) / sum(counts)
    return float(torch.stack(losses) @ weights)


def _mean_loss(
    take: Callable[[Tensor], Any] = Tensor.detach,
    weigh: bool = True,
    divide_by: str = "images",
    finish: Callable[[Any], Any] = float,
) -> MeanLoss:
    """Return an epoch that keeps, weighs or divides its losses otherwise."""

    def mean_loss(step: Step, batches: Iterable[Batch]) -> Any:
        total: Any = 0
        images_seen = batches_seen = 0
        for images, labels in batches:
            total = total + take(step(images, labels)) * (len(labels) if weigh else 1)
            images_seen += len(labels)
            batches_seen += 1
        by = {"images": images_seen, "batches": batches_seen, "nothing": 1}
        return finish(total / by[divide_by])

    return mean_loss


def _last(step: Step, batches: Iterable[Batch]) -> float:
    loss = torch.tensor(torch.nan)
    for images, labels in batches:
        loss = step(images, labels)
    return loss.item()


def _draw(generator: torch.Generator) -> tuple[tuple[int, ...], int]:
    *sizes, seed = torch.randint(1, 9, (7,), generator=generator).tolist()
    return tuple(sizes), seed


check_mean_loss = Exercise(
    title="5.3 · The loss of an epoch, read once",
    reference=_reference,
    use=_watched,
    cases=(
        Case("five batches of four images", ((4, 4, 4, 4, 4), 0)),
        Case("a smaller last batch: 4, 4, 4, 4 and 1 image", ((4, 4, 4, 4, 1), 1)),
        Case("a single batch", ((6,), 2)),
    ),
    draw=_draw,
    mistakes=(
        Mistake(
            "item_each_step",
            _mean_loss(take=Tensor.item),
            "The mean is right, but `.item()` in the loop (or `.cpu()`, `float`, "
            "`print`, `if`) fetches a number after every step, and the host waits for "
            "the device each time. Add up tensors; fetch once, behind the loop.",
        ),
        Mistake(
            "graph_kept",
            _mean_loss(take=lambda loss: loss, finish=lambda total: total.item()),
            "You added up losses that still hold their graphs, and the sum keeps them "
            "all alive: memory grows with every batch. `loss.detach()` first.",
        ),
        Mistake(
            "mean_of_batches",
            _mean_loss(weigh=False, divide_by="batches"),
            "You averaged the batches. In 4, 4, 4, 4 and 1 image, the single one then "
            "counts as much as four others. Weigh each loss by its images.",
        ),
        Mistake(
            "sum_of_batches",
            _mean_loss(weigh=False, divide_by="nothing"),
            "You added the losses up and did not divide.",
        ),
        Mistake(
            "sum_over_images",
            _mean_loss(divide_by="nothing"),
            "You weighed each loss by its images, which is right, and did not divide "
            "by the number of all images.",
        ),
        Mistake(
            "means_divided_by_images",
            _mean_loss(weigh=False),
            "You added the *means* of the batches and divided by the number of images. "
            "Multiply each mean by its batch's size before you add.",
        ),
        Mistake(
            "weighed_divided_by_batches",
            _mean_loss(divide_by="batches"),
            "You weighed each loss by its images and divided by the number of "
            "*batches*.",
        ),
        Mistake(
            "last_loss",
            _last,
            "You returned the loss of the last batch alone.",
        ),
        Mistake(
            "tensor_returned",
            _mean_loss(finish=lambda mean: mean),
            "You returned a tensor. The epoch is over: now is the time to fetch the "
            "number, `.item()`.",
        ),
    ),
    praise="Every image counts the same, no graph stays, and the host waits only once.",
)
