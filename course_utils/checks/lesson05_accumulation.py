"""Exercise 5.7: one step of the optimiser from several small batches."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Step = Callable[[nn.Module, "PlainSGD", Tensor, Tensor, int], None]

_RATE = 0.5


class PlainSGD:
    """Weights minus the learning rate times the gradient; it has what a step needs."""

    def __init__(self, model: nn.Module) -> None:
        self.weights = list(model.parameters())

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for weight in self.weights:
            weight.grad = None

    def step(self) -> None:
        """Take a step downhill."""
        with torch.no_grad():
            for weight in self.weights:
                if weight.grad is not None:
                    weight.sub_(_RATE * weight.grad)


def _joint(
    model: nn.Module, optimizer: PlainSGD, images: Tensor, labels: Tensor, size: int
) -> None:
    """The whole batch at once: what small batches must add up to."""
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _pieces(images: Tensor, labels: Tensor, size: int) -> list[tuple[Tensor, Tensor]]:
    """Cut a batch into pieces of ``size`` images; the last may be smaller."""
    starts = range(0, len(labels), size)
    return [(images[k : k + size], labels[k : k + size]) for k in starts]


def _wrong(mistake: str) -> Step:
    """Accumulate with one thing wrong."""

    def accumulated_step(
        model: nn.Module, optimizer: PlainSGD, images: Tensor, labels: Tensor, size: int
    ) -> None:
        if mistake != "nothing_forgotten":
            optimizer.zero_grad()
        pieces = _pieces(images, labels, size)
        for some, answers in pieces:
            if mistake == "zero_every_piece":
                optimizer.zero_grad()
            share = {
                "not_divided": 1.0,
                "mean_of_means": 1 / len(pieces),
                "divided_by_micro_batch": 1 / size,
            }.get(mistake, len(answers) / len(labels))
            loss = share * F.cross_entropy(model(some), answers)
            loss.backward()  # type: ignore[no-untyped-call]
            if mistake == "step_every_piece":
                optimizer.step()
            if mistake == "first_piece_only":
                break
        if mistake not in ("step_every_piece", "no_step"):
            optimizer.step()

    return accumulated_step


def _step_every_piece_alone(
    model: nn.Module, optimizer: PlainSGD, images: Tensor, labels: Tensor, size: int
) -> None:
    """Plain training with smaller batches."""
    for some, answers in _pieces(images, labels, size):
        _joint(model, optimizer, some, answers, size)


def _weights_after(
    step: Step, count: int, size: int, seed: int = 0, left_over: bool = False
) -> dict[str, Tensor]:
    """Take one step with a small linear network; return its weights."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Linear(3, 4)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
    images = torch.randn(count, 3, generator=generator)
    labels = torch.randint(4, (count,), generator=generator)
    optimizer = PlainSGD(model)
    if left_over:
        F.cross_entropy(model(images + 1), labels).backward()  # type: ignore[no-untyped-call]
    step(model, optimizer, images, labels, size)
    return {name: value.detach() for name, value in model.named_parameters()}


def _draw(generator: torch.Generator) -> tuple[int, int, int]:
    count, size, seed = (
        int(torch.randint(low, high, (), generator=generator))
        for low, high in ((5, 12), (2, 5), (1, 99))
    )
    return count, size, seed


check_accumulated_step = Exercise(
    title="5.7 · One step from small batches",
    reference=_joint,
    use=_weights_after,
    cases=(
        Case("eight images, four at a time", (8, 4)),
        Case("seven images, three at a time: the last piece has one", (7, 3)),
        Case("fewer images than a piece holds", (3, 8)),
        Case("gradients left over from before", (8, 4, 1, True)),
    ),
    mistakes=(
        Mistake(
            "not_divided",
            _wrong("not_divided"),
            "Your gradients add up to several times the joint batch's: each piece's "
            "loss is a mean already, and means must not be added up. Weigh each with "
            "its share of the images, `len(piece) / len(images)`.",
        ),
        Mistake(
            "mean_of_means",
            _wrong("mean_of_means"),
            "You give each piece the same weight. That is right for pieces of one "
            "size; of seven images in threes the last piece is a single image, and "
            "counts as much as three. Weigh with `len(piece) / len(images)`.",
        ),
        Mistake(
            "divided_by_micro_batch",
            _wrong("divided_by_micro_batch"),
            "You divide by the size of a piece, but the loss of a piece is divided by "
            "that already. Weigh with the piece's share, `len(piece) / len(images)`.",
        ),
        Mistake(
            "zero_every_piece",
            _wrong("zero_every_piece"),
            "`zero_grad` inside the loop throws away what was accumulated: only the "
            "last piece is left. Once, before the loop.",
        ),
        Mistake(
            "step_every_piece",
            _wrong("step_every_piece"),
            "You take a step after every piece, while the gradients of the pieces "
            "before are still in the sum. One step, after the loop.",
        ),
        Mistake(
            "plain_small_batches",
            _step_every_piece_alone,
            "That is ordinary training with smaller batches: forget, backward, step "
            "for each piece. Here the pieces share one step: forget before the loop, "
            "step after it.",
        ),
        Mistake(
            "nothing_forgotten",
            _wrong("nothing_forgotten"),
            "The gradients that lay there from before are in your step as well. "
            "`optimizer.zero_grad()` comes first.",
        ),
        Mistake(
            "no_step",
            _wrong("no_step"),
            "The gradients are there, but the weights are as before: "
            "`optimizer.step()` after the loop.",
        ),
        Mistake(
            "first_piece_only",
            _wrong("first_piece_only"),
            "Only the first piece is in your step. Does the loop end early?",
        ),
    ),
    draw=_draw,
    praise="The same step, with the memory of a small batch (batch norm excepted).",
)
