"""Look at what a model returns, and put PyTorch's errors into a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from course_utils.trace import trace_shapes


def is_probabilities(outputs: Tensor) -> bool:
    """Tell whether every row holds probabilities: none negative, summing to 1."""
    if outputs.ndim != 2 or outputs.shape[1] < 2 or not outputs.numel():
        return False
    rows = outputs.detach().float()
    off = (rows.sum(dim=1) - 1).abs().max()
    return bool(rows.min() >= 0) and float(off) < 1e-3


def require_logits(outputs: object, labels: Tensor) -> None:
    """Refuse outputs that are no logits for these labels.

    Args:
        outputs: What the model returned; expected (N, C).
        labels: True classes, (N,).

    Raises:
        TypeError: If the outputs are no floating-point tensor.
        ValueError: If their shape is wrong, a label has no logit, or they are
            probabilities.
    """
    if not isinstance(outputs, Tensor) or not outputs.is_floating_point():
        found = outputs.dtype if isinstance(outputs, Tensor) else type(outputs).__name__
        raise TypeError(
            f"the model returned {found}; expected logits, floats (N, C): does forward "
            "return the last layer's output?"
        )
    require_shape(outputs, labels)
    if is_probabilities(outputs):
        raise ValueError(
            "the model returned probabilities (every row sums to 1), but cross-entropy "
            "takes logits and applies the softmax itself: remove the softmax from the "
            "end of the model, and write logits.softmax(dim=1) where you want to read "
            "probabilities"
        )


def require_shape(outputs: Tensor, labels: Tensor) -> None:
    """Refuse outputs that are not one row of logits an image, one for each label."""
    shape, count = tuple(outputs.shape), len(labels)
    if outputs.ndim != 2:
        raise ValueError(
            f"the model returned shape {shape}; expected (N, C), one row of logits an "
            "image: put nn.Flatten() before the last nn.Linear"
        )
    if shape[0] != count:
        raise ValueError(
            f"the model made {shape[0]} rows of {count} images, so that values of "
            "different images got mixed: flatten with x.flatten(start_dim=1), never "
            "with a view that guesses the number of images"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= shape[1]:
        raise ValueError(_out_of_range(low, high, shape[1]))


@contextmanager
def explained(model: nn.Module, images: Tensor, labels: Tensor) -> Iterator[None]:
    """Put what forward or the loss raises into a sentence, where the cause is known.

    Args:
        model: The model that is called within.
        images: The images that it is called with.
        labels: The labels that the loss is computed with.
    """
    try:
        yield
    except NotImplementedError:  # a forward not yet written
        raise
    except (RuntimeError, ValueError, IndexError) as error:
        text = _cause(error, model, images, labels)
        if text is None:
            raise
        raise ValueError(text) from error


def _cause(
    error: Exception, model: nn.Module, images: Tensor, labels: Tensor
) -> str | None:
    said = str(error)
    if "out of bounds" in said and "Target" in said:
        low, high = int(labels.min()), int(labels.max())
        return _out_of_range(low, high, None)
    if "device-side assert" in said:
        return (
            "the GPU stopped, most often because a label is out of range; restart the "
            "kernel and run on the CPU once: there the message names the label"
        )
    if "more than 1 value per channel" in said:
        return (
            f"batch normalisation cannot train on {len(images)} image with one value a "
            "channel: pass drop_last=True to the training loader, or choose another "
            "batch_size"
        )
    if isinstance(error, torch.OutOfMemoryError) or "not enough memory" in said:
        return (
            f"{images.device} has not enough memory for a batch of {len(images)} "
            "images: halve batch_size"
        )
    return _shape_problem(model, tuple(images.shape))


def _shape_problem(model: nn.Module, shape: tuple[int, ...]) -> str | None:
    """Return at which layer and why this shape cannot pass; None if it can."""
    try:
        problem = trace_shapes(model, shape).problem
    except Exception:  # it failed for another reason, which the caller raises
        return None
    if not problem:
        return None
    return f"the model cannot take images of shape {shape}. {problem}"


def _out_of_range(low: int, high: int, classes: int | None) -> str:
    logits = "fewer" if classes is None else f"{classes}"
    top = "C - 1" if classes is None else f"{classes - 1}"
    return (
        f"the labels run from {low} to {high}, but the model returns {logits} logits "
        f"an image; labels must lie from 0 to {top}: give the last nn.Linear "
        f"out_features={high + 1}, or write labels - 1 if they count from 1"
    )
