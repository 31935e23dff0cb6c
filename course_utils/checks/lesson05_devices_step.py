"""Exercise 5.1: a step of training that works wherever the model is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.devices.copies import CopyCounter

OTHER = "meta"  # the second device that every machine has
CLASSES = 4


class _Network(nn.Module):
    """A small network that notes where its images were."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(12, CLASSES))
        for parameter in self.parameters():
            parameter.data = 0.5 * torch.randn(parameter.shape, generator=generator)
        self.seen = "nowhere"

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (N, 4)."""
        self.seen = x.device.type
        logits: Tensor = self.layers(x)
        return logits


class _Descent:
    """Plain gradient descent; PyTorch's own takes seconds to be imported."""

    def __init__(self, model: nn.Module) -> None:
        self.parameters = list(model.parameters())

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move the parameters that have a gradient."""
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.sub_(0.1 * parameter.grad)


Step = Callable[[nn.Module, Tensor, Tensor, Tensor, _Descent], Tensor]
Move = Callable[[nn.Module, Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]


def _train_step(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    class_weights: Tensor,
    optimizer: _Descent,
) -> Tensor:
    device = next(model.parameters()).device
    logits = model(images.to(device))
    loss = F.cross_entropy(logits, labels.to(device), class_weights.to(device))
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()
    return loss.detach()


def _everything(
    model: nn.Module, images: Tensor, labels: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    device = next(model.parameters()).device
    return images.to(device), labels.to(device), weights.to(device)


def _not_assigned(
    model: nn.Module, images: Tensor, labels: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    for tensor in (images, labels, weights):
        tensor.to(next(model.parameters()).device)
    return images, labels, weights


def _only(*moved: int) -> Move:
    """Return a move of some of images (0), labels (1) and weights (2)."""

    def move(model: nn.Module, *tensors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        device = next(model.parameters()).device
        images, labels, weights = (
            tensor.to(device) if number in moved else tensor
            for number, tensor in enumerate(tensors)
        )
        return images, labels, weights

    return move


def _model_to_the_data(
    model: nn.Module, images: Tensor, labels: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    model.to(images.device)
    return images, labels, weights


def _to_cuda(
    model: nn.Module, images: Tensor, labels: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    model.to("cuda")
    return images.to("cuda"), labels.to("cuda"), weights.to("cuda")


def _step(
    move: Move = _everything,
    weighted: bool = True,
    result: Callable[[Tensor], Any] = Tensor.detach,
) -> Step:
    """Return a step that moves other things, or returns the loss in another form."""

    def step(
        model: nn.Module,
        images: Tensor,
        labels: Tensor,
        class_weights: Tensor,
        optimizer: _Descent,
    ) -> Any:
        images, labels, weights = move(model, images, labels, class_weights)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels, weights if weighted else None)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return result(loss)

    return step


def _one_step(
    answer: Step, model_on: str, batch_on: str, count: int, seed: int
) -> dict[str, Any]:
    """Take one step; return where everything was, and on the CPU also the numbers."""
    generator = torch.Generator().manual_seed(seed)
    model = _Network(generator).to(model_on)
    batch = (
        torch.randn(count, 3, 2, 2, generator=generator).to(batch_on),
        torch.randint(0, CLASSES, (count,), generator=generator).to(batch_on),
        torch.arange(1.0, CLASSES + 1).to(batch_on),
    )
    error, loss = "none", torch.tensor(torch.nan)
    with CopyCounter(OTHER) as counter:
        try:
            loss = answer(model, *batch, _Descent(model))
        except RuntimeError as problem:
            if OTHER not in str(problem):  # nothing to do with devices
                raise
            error = f"{problem} (copied there before: {counter.copies} tensors)"
    parameters = torch.cat([p.detach().flatten() for p in model.parameters()])
    on_cpu = isinstance(loss, Tensor) and loss.device == parameters.device
    has_numbers = on_cpu and model_on == "cpu"
    return {
        "error about devices": error,
        "device of the images in the network": model.seen,
        "device of the model afterwards": parameters.device.type,
        "kind of the value returned": type(loss).__name__,
        "device of the loss": loss.device.type if isinstance(loss, Tensor) else "none",
        "the loss still holds its graph": getattr(loss, "requires_grad", False),
        "loss": float(loss.detach()) if has_numbers else 0.0,
        "parameters afterwards": parameters if has_numbers else torch.zeros(0),
    }


def _draw(generator: torch.Generator) -> tuple[str, str, int, int]:
    apart, count, seed = torch.randint(1, 1000, (3,), generator=generator).tolist()
    return ("cpu", OTHER)[apart % 2], "cpu", 1 + count % 9, seed


check_step_anywhere = Exercise(
    title="5.1 · A step of training on any device",
    reference=_train_step,
    use=_one_step,
    cases=(
        Case("a model on another device, the batch on the CPU", (OTHER, "cpu", 8, 1)),
        Case("model and batch on the CPU", ("cpu", "cpu", 8, 2)),
        Case("model and batch both on another device", (OTHER, OTHER, 8, 3)),
    ),
    draw=_draw,
    seconds=30.0,  # the first tensor on the meta device loads its registry
    mistakes=(
        Mistake(
            "nothing_moved",
            _step(_only()),
            "The batch reached the model where it was, on the CPU. Ask the model where "
            "*it* is, `next(model.parameters()).device`, and move the batch there; a "
            "device that you choose yourself may be another one.",
        ),
        Mistake(
            "not_assigned",
            _step(_not_assigned),
            "You called `.to` and dropped what it returns. A tensor does not move: "
            "`images = images.to(device)`.",
        ),
        Mistake(
            "labels_left_behind",
            _step(_only(0, 2)),
            "The images were moved and the labels were not: they meet the logits in "
            "the loss.",
        ),
        Mistake(
            "images_alone",
            _step(_only(0)),
            "Only the images were moved. Labels and class weights meet the logits in "
            "the loss, and must be where they are.",
        ),
        Mistake(
            "weights_left_behind",
            _step(_only(0, 1)),
            "Images and labels were moved; the class weights were not. The loss has a "
            "tensor of its own, which is easily forgotten.",
        ),
        Mistake(
            "model_moved_to_the_batch",
            _step(_model_to_the_data),
            "You moved the model to the batch. It is the model that says where to "
            "compute: it was put there once, with its optimizer, and stays.",
        ),
        Mistake(
            "always_cuda",
            _step(_to_cuda),
            'You wrote "cuda" into the step. It fails on every laptop without one, '
            "and on the second card of a server. Ask the model for its device.",
        ),
        Mistake(
            "item_each_step",
            _step(result=Tensor.item),
            "`.item()` fetches the number, and the host waits until the device has "
            "finished the step. Return the loss as a tensor: `loss.detach()`.",
        ),
        Mistake(
            "loss_brought_home",
            _step(result=lambda loss: loss.detach().cpu()),
            "`.cpu()` fetches the loss, so that the host waits in every step. Leave "
            "it where it is: `loss.detach()`.",
        ),
        Mistake(
            "graph_kept",
            _step(result=lambda loss: loss),
            "Your loss still holds the graph that led to it. Whoever collects losses "
            "then collects graphs: return `loss.detach()`.",
        ),
        Mistake(
            "weights_ignored",
            _step(weighted=False),
            "The devices are right, the loss is not: `class_weights` is the third "
            "argument of `F.cross_entropy`.",
        ),
    ),
    praise="It asks the model where to compute, and so it never has to change.",
)
