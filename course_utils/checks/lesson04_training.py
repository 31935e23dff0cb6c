"""Exercises 4.7 and 4.8: cross-entropy from logits, and one step of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake


class _Momentum:
    """SGD with momentum 0.9, with the methods of an optimizer that a step calls.

    PyTorch's own imports its compiler when it is first used: seconds that the check
    would take for the student's.
    """

    def __init__(self, model: nn.Module) -> None:
        self.parameters = list(model.parameters())
        self.velocities = [torch.zeros_like(p) for p in self.parameters]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.zero_()

    @torch.no_grad()
    def step(self) -> None:
        """Move the parameters that have a gradient."""
        for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(0.9).add_(parameter.grad)
                parameter.sub_(0.1 * velocity)


Step = Callable[[nn.Module, Tensor, Tensor, _Momentum], float]


def _picked(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    return -log_probabilities[torch.arange(len(labels)), labels]


check_cross_entropy = Exercise(
    title="4.7 · Cross-entropy from logits",
    reference=lambda logits, labels: F.cross_entropy(logits, labels),
    cases=(
        Case(
            "one image, three classes",
            (torch.tensor([[2.0, 1.0, -1.0]]), torch.tensor([1])),
        ),
        Case(
            "two images, three classes",
            (torch.tensor([[2.0, 1.0, -1.0], [0.0, 3.0, 0.5]]), torch.tensor([1, 1])),
        ),
        Case("undecided: ten equal logits", (torch.zeros(4, 10), torch.arange(4))),
        Case(
            "very sure and wrong: a logit of −1000",
            (torch.tensor([[0.0, -1000.0]]), torch.tensor([1])),
        ),
    ),
    mistakes=(
        Mistake(
            "softmax_twice",
            lambda logits, labels: F.cross_entropy(logits.softmax(1), labels),
            "You took the softmax twice: `F.cross_entropy` and `log_softmax` want "
            "logits, not probabilities. Your loss can never come near 0.",
        ),
        Mistake(
            "sum",
            lambda logits, labels: F.cross_entropy(logits, labels, reduction="sum"),
            "You added the images' losses up. The mean is wanted, so that the loss "
            "does not grow with the batch.",
        ),
        Mistake(
            "wrong_axis",
            lambda logits, labels: _picked(logits.log_softmax(0), labels).mean(),
            "Your softmax runs down the batch (`dim=0`), so that images compete with "
            "each other. Classes compete: `dim=1`.",
        ),
        Mistake(
            "wrong_sign",
            lambda logits, labels: -F.cross_entropy(logits, labels),
            "The minus is missing: the logarithm of a probability is negative, and the "
            "loss is its opposite.",
        ),
        Mistake(
            "best_class",
            lambda logits, _: -logits.log_softmax(1).amax(1).mean(),
            "You took the class that the network likes best. The loss asks for the "
            "*true* class, the one in `labels`.",
        ),
        Mistake(
            "all_pairs",
            lambda logits, labels: -logits.log_softmax(1)[:, labels].mean(),
            "`log_probabilities[:, labels]` takes every label's column for every "
            "image, N × N values. Pair them: "
            "`log_probabilities[torch.arange(N), labels]`.",
        ),
        Mistake(
            "all_classes",
            lambda logits, _: -logits.log_softmax(1).mean(),
            "You averaged over all classes. Only the true class of each image counts.",
        ),
        Mistake(
            "no_logarithm",
            lambda logits, labels: _picked(logits.softmax(1), labels).mean(),
            "The logarithm is missing: you averaged the probabilities themselves.",
        ),
        Mistake(
            "no_softmax",
            lambda logits, labels: _picked(logits, labels).mean(),
            "You took the logit of the true class as it is. Its *log-probability* is "
            "wanted: `log_softmax` first.",
        ),
        Mistake(
            "log_of_softmax",
            lambda logits, labels: _picked(logits.softmax(1).log(), labels).mean(),
            "Right, until the network is very sure and wrong: exp(−1000) is rounded to "
            "0, and log(0) is −∞. `log_softmax` never forms the small number: use it, "
            "or `torch.logsumexp`.",
        ),
    ),
    draw=lambda generator: (
        3 * torch.randn(6, 10, generator=generator),
        torch.randint(0, 10, (6,), generator=generator),
    ),
    praise="Log-softmax, the true class, a minus, the mean.",
)


def _train_step(
    model: nn.Module, images: Tensor, labels: Tensor, optimizer: _Momentum
) -> float:
    loss = F.cross_entropy(model(images), labels)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()
    return loss.item()


def _step(
    loss_of: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    order: str = "zbs",
    new_optimizer: bool = False,
    loss_after: bool = False,
) -> Step:
    """Return a step with another loss, or its calls in another order.

    Args:
        loss_of: Loss of logits and labels.
        order: z for zero_grad, b for backward, s for step; a letter may be missing.
        new_optimizer: Whether each step makes its own optimizer.
        loss_after: Whether the loss is computed again once the step is done.
    """

    def step(
        model: nn.Module, images: Tensor, labels: Tensor, optimizer: _Momentum
    ) -> float:
        if new_optimizer:
            optimizer = _Momentum(model)
        loss = loss_of(model(images), labels)
        actions: dict[str, Callable[[], Any]] = {
            "z": optimizer.zero_grad,
            "b": loss.backward,
            "s": optimizer.step,
        }
        for letter in order:
            actions[letter]()
        return loss_of(model(images), labels).item() if loss_after else loss.item()

    return step


def _three_steps(answer: Step, count: int) -> dict[str, Any]:
    """Take three steps on three batches; return the losses and the parameters."""
    generator = torch.Generator().manual_seed(count)
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 4))
    for parameter in model.parameters():
        parameter.data = 0.5 * torch.randn(parameter.shape, generator=generator)
    optimizer = _Momentum(model)
    losses = []
    for _ in range(3):
        images = torch.randn(count, 3, 2, 2, generator=generator)
        labels = torch.randint(0, 4, (count,), generator=generator)
        losses.append(answer(model, images, labels, optimizer))
    weights = torch.cat([p.detach().flatten() for p in model.parameters()])
    return {"the losses of three steps": losses, "the parameters afterwards": weights}


check_train_step = Exercise(
    title="4.8 · One step of training",
    reference=_train_step,
    use=_three_steps,
    cases=(
        Case("three steps with eight images each", (8,)),
        Case("three steps with a single image each", (1,)),
    ),
    mistakes=(
        Mistake(
            "no_zero_grad",
            _step(order="bs"),
            "`zero_grad` is missing. `backward` *adds* to what is in `.grad`, so your "
            "second step follows the first gradient as well, and the third all three.",
        ),
        Mistake(
            "no_step",
            _step(order="zb"),
            "No parameter changed: either `optimizer.step()` is missing, or the "
            "gradients were set to zero between `backward` and `step`.",
        ),
        Mistake(
            "step_before_backward",
            _step(order="szb"),
            "Your `step` comes before `backward`. The first one finds no gradient and "
            "does nothing; the second changes the parameters between prediction and "
            "gradient, and PyTorch notices: “modified by an inplace operation”.",
        ),
        Mistake(
            "loss_on_probabilities",
            _step(lambda logits, labels: F.cross_entropy(logits.softmax(1), labels)),
            "You gave the loss probabilities. `F.cross_entropy` takes logits and does "
            "the softmax itself; twice makes the gradient faint.",
        ),
        Mistake(
            "sum",
            _step(lambda a, b: F.cross_entropy(a, b, reduction="sum")),
            "You added the images' losses up. The mean is wanted: otherwise a larger "
            "batch takes larger steps.",
        ),
        Mistake(
            "uphill",
            _step(lambda logits, labels: -F.cross_entropy(logits, labels)),
            "You went uphill: the sign of the loss is turned, and the optimizer "
            "makes it worse with every step.",
        ),
        Mistake(
            "new_optimizer_each_time",
            _step(new_optimizer=True),
            "You made a new optimizer within the step, so its momentum is forgotten "
            "each time. Use the one that was handed in.",
        ),
        Mistake(
            "two_steps",
            _step(order="zbss"),
            "You called `step` twice for one gradient.",
        ),
        Mistake(
            "loss_after_the_step",
            _step(loss_after=True),
            "The parameters are right. The loss to return is the one that you computed "
            "before the update; another pass through the network costs time.",
        ),
    ),
    praise="Predict, loss, gradient, update: the four steps, in this order.",
)
