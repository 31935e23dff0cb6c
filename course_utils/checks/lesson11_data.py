"""Stage 1 of the lab: images cut in training and validation, and normalised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Labelled = tuple[Tensor, Tensor]
Prepared = tuple[Labelled, Labelled, Tensor]
Prepare = Callable[[Tensor, Tensor, Tensor, int, int], Prepared]
Statistics = tuple[Tensor, Tensor]

_CLASSES = 4
_SIDE = 6


def _photos(count: int, seed: int) -> Tensor:
    """Bytes, (count, 3, 6, 6): each image of its own brightness, and numbered.

    Pixel 0 is black and pixel 1 white, so that any scaling can be undone; pixel 2 is
    the image's number.
    """
    generator = torch.Generator().manual_seed(seed)
    light = torch.randint(20, 200, (count, 1, 1, 1), generator=generator)
    tint = torch.randint(0, 60, (1, 3, 1, 1), generator=generator)
    noise = torch.randint(-20, 20, (count, 3, _SIDE, _SIDE), generator=generator)
    images = (light + tint + noise).clamp(0, 255).to(torch.uint8)
    images[:, :, 0, 0], images[:, :, 0, 1] = 0, 255
    images[:, :, 0, 2] = torch.arange(count, dtype=torch.uint8)[:, None]
    return images


def _scales(images: Tensor) -> Tensor:
    """How each image and channel was scaled, (N, 3, 2): its black and its white."""
    return images[:, :, 0, :2].double()


def _numbers(images: Tensor) -> list[int]:
    """Which images these are, however they were normalised."""
    black, white, number = images[:, 0, 0, :3].double().unbind(1)
    share = (number - black) / (white - black).clamp(min=1e-9)
    return (255 * share).round().long().tolist()


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 3) + 0.0 for value in values.tolist()]  # no −0.0


def _properties(
    answer: Prepare, count: int, test_count: int, validation_size: int
) -> dict[str, Any]:
    """Say of the prepared images what matters, whichever way they were cut."""
    images, test_images = _photos(count, seed=1), _photos(test_count, seed=2) // 2 + 127
    test_images[:, :, 0] = _photos(test_count, seed=2)[:, :, 0]
    labels = torch.arange(count) * _CLASSES // count  # sorted by class, as in folders
    given = (images, labels, test_images, validation_size)
    (train, train_labels), (val, val_labels), test = answer(
        images.clone(), labels.clone(), test_images.clone(), validation_size, 0
    )
    parts = {"training": train, "validation": val, "test": test}
    found: dict[str, Any] = {
        f"shape of the {name} images": tuple(part.shape) for name, part in parts.items()
    }
    found |= {
        f"dtype of the {name} images": str(part.dtype) for name, part in parts.items()
    }
    if not all(part.shape[1:] == images.shape[1:] for part in (train, val)):
        return found
    numbers, val_numbers = _numbers(train), _numbers(val)
    again, other = (_numbers(answer(*given, seed)[1][0]) for seed in (0, 1))
    right = [labels[torch.tensor(n) % count].tolist() for n in (numbers, val_numbers)]
    dims = (0, 2, 3)
    return found | {
        "images in training and in validation": len(set(numbers) & set(val_numbers)),
        "images in neither": count - len(set(numbers) | set(val_numbers)),
        "classes in the validation set": len(set(right[1])),
        "each image has its own label": right
        == [train_labels.tolist(), val_labels.tolist()],
        "the same seed cuts the same": again == val_numbers,
        "another seed cuts in another way": other != val_numbers,
        "mean of the training images": _rounded(train.double().mean(dims)),
        "standard deviation of the training images": _rounded(train.double().std(dims)),
        "validation is scaled as training": _alike(train, val),
        "test is scaled as training": _alike(train, test),
        "the test images are in their order": _numbers(test) == list(range(test_count)),
    }


def _alike(train: Tensor, others: Tensor) -> bool:
    if others.ndim != 4 or others.shape[1:] != train.shape[1:]:
        return False
    scales = torch.cat([_scales(train), _scales(others)])
    return bool((scales - scales[0]).abs().max() < 1e-4)


def _statistics(images: Tensor) -> Statistics:
    dims = (0, 2, 3)
    pixels = images.double() / 255
    return pixels.mean(dims, keepdim=True), pixels.std(dims, keepdim=True)


def _normalised(images: Tensor, statistics: Statistics) -> Tensor:
    mean, std = statistics
    return ((images.double() / 255 - mean) / std).float()


def _cut(count: int, size: int, seed: int) -> tuple[Tensor, Tensor]:
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return order[size:], order[:size]


def _unchanged(images: Tensor, statistics: Statistics) -> Tensor:
    return images.float() / 255


def _prepare(
    statistics_of: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda t, v, e: t,
    cut: Callable[[int, int, int], tuple[Tensor, Tensor]] = _cut,
    statistics: Callable[[Tensor], Statistics] = _statistics,
    own_statistics: bool = False,
    labels_follow: bool = True,
    to_test: Callable[[Tensor, Statistics], Tensor] = _normalised,
    finish: Callable[[Tensor, Statistics], Tensor] = _normalised,
) -> Prepare:
    """Return a preparation with one of its choices made otherwise."""

    def prepare(
        images: Tensor,
        labels: Tensor,
        test_images: Tensor,
        validation_size: int,
        seed: int,
    ) -> Prepared:
        train, val = cut(len(images), validation_size, seed)
        used = statistics(statistics_of(images[train], images[val], test_images))
        for_val = statistics(images[val]) if own_statistics else used
        for_test = statistics(test_images) if own_statistics else used
        train_labels = labels[train] if labels_follow else labels[: len(train)]
        val_labels = labels[val] if labels_follow else labels[len(train) :]
        return (
            (finish(images[train], used), train_labels),
            (finish(images[val], for_val), val_labels),
            (finish if to_test is _normalised else to_test)(test_images, for_test),
        )

    return prepare


def _of_all_channels(images: Tensor) -> Statistics:
    pixels = images.double() / 255
    return pixels.mean(), pixels.std()


def _of_pixels(images: Tensor) -> Statistics:
    pixels = images.double() / 255
    return pixels.mean(0), pixels.std(0).clamp(min=1e-3)


check_prepare = Exercise(
    title="11.1 · Data: cut and normalise",
    reference=_prepare(),
    use=_properties,
    cases=(
        Case("80 images, 20 of them for validation", (80, 12, 20)),
        Case("120 images, 60 of them for validation", (120, 5, 60)),
    ),
    mistakes=(
        Mistake(
            "statistics_of_training_and_validation",
            _prepare(lambda train, val, test: torch.cat([train, val])),
            "Your mean and standard deviation are those of training and validation "
            "together. Cut first, then take them from the training images alone.",
        ),
        Mistake(
            "statistics_of_everything",
            _prepare(lambda train, val, test: torch.cat([train, val, test])),
            "The test images took part in your mean and standard deviation. They stand "
            "for images that nobody has seen: leave them out of every decision.",
        ),
        Mistake(
            "each_by_its_own",
            _prepare(own_statistics=True),
            "You normalised validation and test images by their own statistics. The "
            "network must see all three in the same way: use the training images' "
            "mean and standard deviation for all.",
        ),
        Mistake(
            "one_mean_for_all_channels",
            _prepare(statistics=_of_all_channels),
            "You took one mean and one standard deviation for the three channels "
            'together. Each has its own: `dim=(0, 2, 3)` is "all but C".',
        ),
        Mistake(
            "per_pixel",
            _prepare(statistics=_of_pixels),
            "You took a mean for every pixel, `dim=0`. One for each channel is wanted: "
            "`dim=(0, 2, 3)`.",
        ),
        Mistake(
            "scaled_only",
            _prepare(finish=_unchanged),
            "You scaled to 0 … 1 and stopped there. Subtract the mean of each channel "
            "and divide by its standard deviation.",
        ),
        Mistake(
            "test_left_as_it_was",
            _prepare(to_test=lambda images, _: images),
            "The test images are still bytes. A network trained on normalised images "
            "would see nothing it knows.",
        ),
        Mistake(
            "trained_on_validation",
            _prepare(cut=lambda n, k, seed: (torch.arange(n), _cut(n, k, seed)[1])),
            "You cut a validation set and kept its images for training as well: the "
            "network will have seen what it is judged by.",
        ),
        Mistake(
            "not_shuffled",
            _prepare(cut=lambda n, k, _: (torch.arange(k, n), torch.arange(k))),
            "You took the first images for validation, and here they are sorted by "
            "class: whole classes are missing from training. Shuffle first.",
        ),
        Mistake(
            "labels_left_behind",
            _prepare(labels_follow=False),
            "You shuffled the images and left the labels in their order. Index both "
            "with the same numbers.",
        ),
        Mistake(
            "seed_fixed",
            _prepare(cut=lambda n, k, _: _cut(n, k, 0)),
            "The argument `seed` changes nothing. Give it to a generator: "
            "`torch.Generator().manual_seed(seed)`.",
        ),
        Mistake(
            "double_precision",
            _prepare(finish=lambda i, s: _normalised(i, s).double()),
            "Your images are float64. A network's weights are float32, and the two do "
            "not mix: `images.float()`.",
        ),
    ),
    praise="Cut first, measured on training alone, and all three seen with the same "
    "eyes.",
)
