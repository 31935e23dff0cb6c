"""Exercises 4.9 and 4.10: accuracy over batches, and evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import starmap
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Batches = Sequence[tuple[Tensor, Tensor]]
Evaluate = Callable[[nn.Module, Batches], float]


def _right(logits: Tensor, labels: Tensor, dim: int = 1) -> int:
    return int((logits.argmax(dim) == labels).sum())


def _accuracy(batches: Batches) -> float:
    hits = [
        max(range(len(row)), key=row.__getitem__) == label
        for logits, labels in batches
        for row, label in zip(logits.tolist(), labels.tolist(), strict=True)
    ]
    return hits.count(True) / len(hits)


def _mean_of_batch_means(batches: Batches) -> float:
    return sum(_right(*batch) / len(batch[1]) for batch in batches) / len(batches)


def _batches(*sizes: int, seed: int = 0) -> Batches:
    generator = torch.Generator().manual_seed(seed)
    batches = []
    for size in sizes:
        labels = torch.randint(0, 10, (size,), generator=generator)
        logits = torch.randn(size, 10, generator=generator)
        # a network that has learnt something, and more on the smaller batches
        logits[torch.arange(size), labels] += 8 / size + 1
        batches.append((logits, labels))
    return batches


check_accuracy = Exercise(
    title="4.9 · Accuracy over many batches",
    reference=_accuracy,
    cases=(
        Case("one batch, ten images of ten classes", (_batches(10),)),
        Case("batches of 20 and 4", (_batches(20, 4),)),
        Case("batches of 12, 12 and 3", (_batches(12, 12, 3, seed=5),)),
    ),
    mistakes=(
        Mistake(
            "argmax_down_the_batch",
            lambda batches: (
                sum(starmap(lambda a, b: _right(a, b, dim=0), batches))
                / sum(len(labels) for _, labels in batches)
            ),
            "Your `argmax` runs down the batch (`dim=0`): it asks which image suits a "
            "class best. Which class suits the image best is `dim=1`. With as many "
            "images as classes PyTorch cannot notice.",
        ),
        Mistake(
            "mean_of_batch_means",
            _mean_of_batch_means,
            "You averaged the batches' accuracies. The last batch is smaller, and each "
            "of its images then counts for more. Count right images and images, and "
            "divide once.",
        ),
        Mistake(
            "last_batch_dropped",
            lambda batches: _accuracy(
                [b for b in batches if len(b[1]) == len(batches[0][1])]
            ),
            "You left out the smaller batch at the end. In a test every image counts.",
        ),
        Mistake(
            "full_batches_assumed",
            lambda batches: (
                sum(starmap(_right, batches)) / (len(batches) * len(batches[0][1]))
            ),
            "You divided by the number of batches times the first batch's size. The "
            "last batch is smaller: count its images.",
        ),
        Mistake(
            "not_divided",
            lambda batches: sum(starmap(_right, batches)),
            "You counted the right images and did not divide by the number of images.",
        ),
        Mistake(
            "per_cent",
            lambda batches: 100 * _accuracy(batches),
            "That is per cent. A share from 0 to 1 is wanted.",
        ),
        Mistake(
            "last_batch_only",
            lambda batches: _accuracy(batches[-1:]),
            "That is the last batch alone: is the count set back to 0 in the loop?",
        ),
        Mistake(
            "errors_counted",
            lambda batches: 1 - _accuracy(batches),
            "That is the share of wrong answers.",
        ),
        Mistake(
            "argmin",
            lambda batches: _accuracy(
                [(-logits, labels) for logits, labels in batches]
            ),
            "You predicted the class with the *smallest* logit.",
        ),
    ),
    draw=lambda generator: (
        _batches(16, 16, 5, seed=int(torch.randint(99, (), generator=generator))),
    ),
    praise="Right images by images, counted over all batches, the last one too.",
)


class _Watched(nn.Module):
    """A network with dropout and batch norm that notes how it is run."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(12, 4)
        self.with_gradients: list[bool] = []
        generator = torch.Generator().manual_seed(3)
        for parameter in self.head.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Note whether gradients are recorded, and return logits."""
        self.with_gradients.append(torch.is_grad_enabled())
        logits: Tensor = self.head(self.dropout(self.norm(x).flatten(1)))
        return logits


def _examine(answer: Evaluate, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Evaluate a network left in training mode, on labels it mostly gets right."""
    torch.manual_seed(0)
    model, teacher = _Watched(), _Watched().eval()
    generator = torch.Generator().manual_seed(len(sizes))
    batches = []
    for size in sizes:
        images = 2 + torch.randn(size, 3, 2, 2, generator=generator)
        labels = teacher(images).argmax(dim=1)
        labels[::3] = (labels[::3] + 1) % 4  # a third of them cannot be right
        batches.append((images, labels))
    accuracy = answer(model, batches)
    statistics = model.norm.num_batches_tracked
    return {
        "accuracy": accuracy,
        "batch norm's statistics have moved": bool(statistics),
        "gradients were recorded": any(model.with_gradients),
    }


def _evaluate(
    mode: bool = False, gradients: bool = False, total: str = "images"
) -> Evaluate:
    """Return an evaluation; ``total`` says how the batches are put together."""

    def evaluate(model: nn.Module, batches: Batches) -> float:
        model.train(mode)
        with torch.set_grad_enabled(gradients):
            pairs = [(model(images), labels) for images, labels in batches]
        if total == "full batches":
            return _accuracy([p for p in pairs if len(p[1]) == len(pairs[0][1])])
        if total == "loss":
            losses = [nn.functional.cross_entropy(*pair).item() for pair in pairs]
            return sum(losses) / len(losses)
        return _mean_of_batch_means(pairs) if total == "means" else _accuracy(pairs)

    return evaluate


check_evaluate = Exercise(
    title="4.10 · Evaluate a network",
    reference=_evaluate(),
    use=_examine,
    cases=(
        Case("batches of 30 and 4 images", ((30, 4),)),
        Case("a single batch of 12", ((12,),)),
        Case("batches of 24, 24 and 2", ((24, 24, 2),)),
    ),
    mistakes=(
        Mistake(
            "training_mode_and_gradients",
            _evaluate(mode=True, gradients=True),
            "You evaluated in training mode, and recorded gradients: dropout still "
            "drops, batch norm looks at the batch and learns from it. `model.eval()` "
            "ends the one, `with torch.inference_mode():` the other.",
        ),
        Mistake(
            "training_mode",
            _evaluate(mode=True),
            "The network was still in training mode: dropout drops half of it, and "
            "batch norm learns from the images it is judged by. "
            "`torch.inference_mode()` does not change that: call `model.eval()`.",
        ),
        Mistake(
            "gradients_recorded",
            _evaluate(gradients=True),
            "The accuracy is right, but every layer kept its inputs for gradients that "
            "nobody asks for: that costs memory and time. "
            "`with torch.inference_mode():` keeps none.",
        ),
        Mistake(
            "mean_of_batch_means",
            _evaluate(total="means"),
            "You averaged the batches' accuracies, so each image of the smaller last "
            "batch counts for more. Count, and divide once.",
        ),
        Mistake(
            "last_batch_dropped",
            _evaluate(total="full batches"),
            "You left out the smaller batch at the end. In a test every image counts.",
        ),
        Mistake(
            "loss_returned",
            _evaluate(total="loss"),
            "You returned the loss. The share of right answers is wanted.",
        ),
    ),
    praise="Evaluation mode, no gradients, every image counted once.",
)
