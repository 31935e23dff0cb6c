"""Stage 4 of the lab: accuracy and confusion counts, without touching the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Batch = tuple[Tensor, Tensor]
Evaluate = Callable[[nn.Module, Iterable[Batch]], tuple[float, Tensor]]

_CLASSES = 4


class _Watched(nn.Module):
    """A network with dropout and batch norm that notes how it is run."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(12, _CLASSES)
        self.with_gradients: list[bool] = []
        generator = torch.Generator().manual_seed(3)
        for parameter in self.head.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Note whether gradients are recorded, and return logits, (N, 4)."""
        self.with_gradients.append(torch.is_grad_enabled())
        logits: Tensor = self.head(self.dropout(self.norm(x).flatten(1)))
        return logits


def _batches(sizes: tuple[int, ...], classes: int) -> list[Batch]:
    """Batches of which the network gets about two thirds right."""
    teacher = _Watched().eval()
    generator = torch.Generator().manual_seed(sum(sizes))
    batches = []
    for size in sizes:
        images = 2 + torch.randn(size, 3, 2, 2, generator=generator)
        with torch.no_grad():
            labels = teacher(images).argmax(dim=1)
        labels[::3] = (labels[::3] + 1) % _CLASSES
        batches.append((images, labels.clamp(max=classes - 1)))
    return batches


def _properties(
    answer: Evaluate, sizes: tuple[int, ...], classes: int
) -> dict[str, Any]:
    """Evaluate a network that was left in training mode."""
    torch.manual_seed(0)
    model = _Watched()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    accuracy, confusion = answer(model, _batches(sizes, classes))
    after = model.state_dict()
    return {
        "accuracy": accuracy,
        "confusion": confusion,
        "the model was changed": any(
            not torch.equal(value, after[name]) for name, value in before.items()
        ),
        "gradients were recorded": any(model.with_gradients),
    }


def _confusion(labels: Tensor, guesses: Tensor, classes: int = _CLASSES) -> Tensor:
    counts = torch.zeros(classes, classes, dtype=torch.int64)
    for label, guess in zip(labels.tolist(), guesses.tolist(), strict=True):
        counts[label, guess] += 1
    return counts


def _share(labels: Tensor, guesses: Tensor) -> float:
    return (labels == guesses).double().mean().item()


def _evaluate(
    mode: bool = False,
    gradients: bool = False,
    accuracy: str = "per image",
    counts: Callable[[Tensor, Tensor], Tensor] = _confusion,
    full_batches_only: bool = False,
    best: Callable[[Tensor], Tensor] = lambda logits: logits.argmax(dim=1),
) -> Evaluate:
    """Return an evaluation with something done otherwise."""

    def evaluate(model: nn.Module, batches: Iterable[Batch]) -> tuple[float, Tensor]:
        model.train(mode)
        with torch.set_grad_enabled(gradients):
            pairs = [(labels, best(model(images))) for images, labels in batches]
        if full_batches_only:
            pairs = [pair for pair in pairs if len(pair[0]) == len(pairs[0][0])]
        labels, guesses = (torch.cat(part) for part in zip(*pairs, strict=True))
        means = [_share(*pair) for pair in pairs]
        value = {
            "per image": _share(labels, guesses),
            "batch means": sum(means) / len(means),
            "per cent": 100 * _share(labels, guesses),
        }[accuracy]
        return value, counts(labels, guesses)

    return evaluate


def _as_large_as_the_labels(labels: Tensor, guesses: Tensor) -> Tensor:
    known = int(labels.max()) + 1
    return _confusion(labels, guesses)[:known, :known]


def _shares(labels: Tensor, guesses: Tensor) -> Tensor:
    counts = _confusion(labels, guesses).float()
    return counts / counts.sum(dim=1, keepdim=True).clamp(min=1)


check_evaluate = Exercise(
    title="11.4 · Evaluation: accuracy and confusions",
    reference=_evaluate(),
    use=_properties,
    cases=(
        Case("batches of 30 and 4 images", ((30, 4), _CLASSES)),
        Case("images of three of the four classes only", ((20, 20), 3)),
        Case("a single batch of 12", ((12,), _CLASSES)),
    ),
    mistakes=(
        Mistake(
            "training_mode_and_gradients",
            _evaluate(mode=True, gradients=True),
            "You evaluated in training mode, with gradients: dropout still drops, and "
            "batch norm learns from the images it is judged by. `model.eval()` ends "
            "the one, `with torch.inference_mode():` the other.",
        ),
        Mistake(
            "training_mode",
            _evaluate(mode=True),
            "The network was in training mode: dropout drops half of it, and batch "
            "norm learns from the images it is judged by. `torch.inference_mode()` "
            "does not change that: call `model.eval()`.",
        ),
        Mistake(
            "gradients_recorded",
            _evaluate(gradients=True),
            "The numbers are right, but every layer kept its inputs for gradients that "
            "nobody asks for: `with torch.inference_mode():` keeps none.",
        ),
        Mistake(
            "rows_and_columns_swapped",
            _evaluate(counts=lambda labels, guesses: _confusion(guesses, labels)),
            "Your confusion matrix is transposed: rows are the *true* classes, columns "
            "the predicted ones.",
        ),
        Mistake(
            "mean_of_batch_means",
            _evaluate(accuracy="batch means"),
            "You averaged the batches' accuracies, so each image of the smaller last "
            "batch counts for more. Count, and divide once.",
        ),
        Mistake(
            "last_batch_dropped",
            _evaluate(full_batches_only=True),
            "You left out the smaller batch at the end. In a test every image counts.",
        ),
        Mistake(
            "per_cent",
            _evaluate(accuracy="per cent"),
            "Your accuracy is in per cent. A share from 0 to 1 is wanted.",
        ),
        Mistake(
            "as_large_as_the_labels",
            _evaluate(counts=_as_large_as_the_labels),
            "Your matrix is as large as the labels that happened to come. It has one "
            "row and one column for each *logit*: `logits.shape[1]`.",
        ),
        Mistake(
            "shares_instead_of_counts",
            _evaluate(counts=_shares),
            "Your rows are shares. Keep the counts, as int64: whoever wants shares can "
            "divide, and nobody can turn shares back into counts.",
        ),
        Mistake(
            "smallest_logit",
            _evaluate(best=lambda logits: logits.argmin(dim=1)),
            "You predicted the class with the *smallest* logit.",
        ),
    ),
    praise="Every image counted once, the model exactly as it was, and it is known "
    "what was taken for what.",
)
