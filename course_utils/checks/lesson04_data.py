"""Exercises 4.1 and 4.2: cut a validation set, normalise by the training images."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Split = Callable[[int, int, int], tuple[Tensor, Tensor]]
Statistics = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def _shuffled(total: int, seed: int) -> Tensor:
    return torch.randperm(total, generator=torch.Generator().manual_seed(seed))


def _split(total: int, validation_size: int, seed: int) -> tuple[Tensor, Tensor]:
    order = _shuffled(total, seed)
    return order[validation_size:], order[:validation_size]


def _properties(
    answer: Split, total: int, validation_size: int
) -> dict[str, int | bool]:
    """Say of a split what matters, whichever way it was shuffled."""
    training, validation = (part.tolist() for part in answer(total, validation_size, 0))
    again, other = (answer(total, validation_size, seed)[1] for seed in (0, 1))
    both = set(training) | set(validation)
    return {
        "training images": len(training),
        "validation images": len(validation),
        "an image is in both sets": bool(set(training) & set(validation)),
        "an image is drawn twice": len(set(validation)) < len(validation),
        "an index is no training image's": any(i not in range(total) for i in both),
        "the validation images are shuffled": validation != sorted(validation),
        "the same seed gives the same split": again.tolist() == validation,
        "another seed gives another split": other.tolist() != validation,
    }


def _drawn_twice(total: int, validation_size: int, seed: int) -> tuple[Tensor, Tensor]:
    left = total - validation_size
    return _shuffled(total, seed)[:left], _shuffled(total, seed + 99)[:validation_size]


def _with_replacement(
    total: int, validation_size: int, seed: int
) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    picks = torch.randint(0, total, (total,), generator=generator)
    return picks[validation_size:], picks[:validation_size]


def _from_the_test_set(
    total: int, validation_size: int, seed: int
) -> tuple[Tensor, Tensor]:
    order = _shuffled(total + validation_size, seed)
    return order[order < total], order[order >= total]


def _seed_ignored(total: int, validation_size: int, _: int) -> tuple[Tensor, Tensor]:
    order = torch.randperm(total)
    return order[validation_size:], order[:validation_size]


def _seed_fixed(total: int, validation_size: int, _: int) -> tuple[Tensor, Tensor]:
    return _split(total, validation_size, 0)


check_split_indices = Exercise(
    title="4.1 · Cut the validation set",
    reference=_split,
    use=_properties,
    cases=(
        Case("1000 images, 100 of them for validation", (1000, 100)),
        Case("60 images, 50 of them for validation", (60, 50)),
        Case("5000 images, 2500 of them for validation", (5000, 2500)),
    ),
    mistakes=(
        Mistake(
            "all_for_training",
            lambda n, k, seed: (_shuffled(n, seed), _shuffled(n, seed)[:k]),
            "You cut a validation set and still train on every image, the validation "
            "images too. What was cut off must be missing from training.",
        ),
        Mistake(
            "shuffled_twice",
            _drawn_twice,
            "You shuffled once for training and once more for validation, so many "
            "images are in both. Shuffle once, then cut the one order in two.",
        ),
        Mistake(
            "drawn_with_replacement",
            _with_replacement,
            "You drew indices as with dice, so an image may come up twice and another "
            "never. `torch.randperm(total)` holds each index once.",
        ),
        Mistake(
            "not_shuffled",
            lambda n, k, _: (torch.arange(k, n), torch.arange(k)),
            "You cut a piece off as the images lie. Files are often sorted by class or "
            "by date, and then validation sees another world: shuffle first.",
        ),
        Mistake(
            "from_the_test_set",
            _from_the_test_set,
            "Your validation indices begin at `total`, where the training images end: "
            "these are test images. Whatever you choose by them, the test can no "
            "longer judge.",
        ),
        Mistake(
            "sizes_swapped",
            lambda n, k, seed: _split(n, n - k, seed),
            "The parts are swapped: the small one, `validation_size`, comes second.",
        ),
        Mistake(
            "seed_ignored",
            _seed_ignored,
            "Each call cuts anew, so after a restart some validation images have been "
            "trained on. Give `randperm` a generator seeded with `seed`.",
        ),
        Mistake(
            "seed_fixed",
            _seed_fixed,
            "Your generator is seeded with a number of your own, so `seed` changes "
            "nothing. Use the argument.",
        ),
    ),
    praise="Each image is in exactly one of the sets, and the same seed cuts again "
    "where it cut before.",
)


def _normalised(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return (images.float() - mean) / std


def _by(
    statistics: Statistics, of: Callable[[Tensor, Tensor], Tensor]
) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return a normalisation of both sets by the statistics of some images."""

    def normalise(training: Tensor, validation: Tensor) -> tuple[Tensor, Tensor]:
        mean, std = statistics(of(training, validation).float(), training)
        return _normalised(training, mean, std), _normalised(validation, mean, std)

    return normalise


def _per_channel(images: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
    dims = (0, 2, 3)
    return images.mean(dims, keepdim=True), images.std(dims, keepdim=True)


def _of_training(training: Tensor, _: Tensor) -> Tensor:
    return training


def _of_both(training: Tensor, validation: Tensor) -> Tensor:
    return torch.cat([training, validation])


def _each_by_itself(training: Tensor, validation: Tensor) -> tuple[Tensor, Tensor]:
    normalise = _by(_per_channel, _of_training)
    return normalise(training, training)[0], normalise(validation, validation)[0]


def _training_only(training: Tensor, validation: Tensor) -> tuple[Tensor, Tensor]:
    return _by(_per_channel, _of_training)(training, validation)[0], validation / 255


def _photos(generator: torch.Generator, brightness: int = 0) -> Tensor:
    # 8 · 32 · 32 values a channel: with or without Bessel's correction is the same
    tint = torch.randint(0, 120, (1, 3, 1, 1), generator=generator)
    noise = torch.randint(0, 80, (8, 3, 32, 32), generator=generator)
    return (noise + tint + brightness).clamp(max=255).to(torch.uint8)


_CAMERA = torch.Generator().manual_seed(4)

check_normalise = Exercise(
    title="4.2 · Normalise by the training images",
    reference=_by(_per_channel, _of_training),
    cases=(
        Case(
            "validation images brighter by 50",
            (_photos(_CAMERA), _photos(_CAMERA, brightness=50)),
        ),
        Case("a single validation image", (_photos(_CAMERA), _photos(_CAMERA)[:1])),
    ),
    mistakes=(
        Mistake(
            "each_by_its_own",
            _each_by_itself,
            "You normalised the validation images by their own mean, so brighter "
            "images look as bright as the others. The network meets them one by one: "
            "use the training images' statistics for both.",
        ),
        Mistake(
            "statistics_of_both",
            _by(_per_channel, _of_both),
            "Your mean and standard deviation are those of both sets together. What "
            "is used to judge must not take part in training: training images only.",
        ),
        Mistake(
            "one_mean_for_all_channels",
            _by(lambda images, _: (images.mean(), images.std()), _of_training),
            "You took one mean and one standard deviation for all three channels. Each "
            'channel has its own: `dim=(0, 2, 3)` is "all but C".',
        ),
        Mistake(
            "per_image",
            lambda a, b: (
                _normalised(a, *_of_each_image(a)),
                _normalised(b, *_of_each_image(b)),
            ),
            "You normalised each image by itself, with `dim=(2, 3)`. The mean is taken "
            "over the images as well: `dim=(0, 2, 3)`.",
        ),
        Mistake(
            "per_pixel",
            _by(lambda images, _: (images.mean(0), images.std(0)), _of_training),
            "You took a mean for each pixel, `dim=0`. One for each channel is wanted: "
            "`dim=(0, 2, 3)`.",
        ),
        Mistake(
            "variance",
            _by(
                lambda images, _: (_per_channel(images, _)[0], _variance(images)),
                _of_training,
            ),
            "You divided by the variance. The standard deviation is its square root, "
            "`std` instead of `var`.",
        ),
        Mistake(
            "not_divided",
            _by(
                lambda images, _: (_per_channel(images, _)[0], torch.ones(1)),
                _of_training,
            ),
            "You subtracted the mean and stopped there. Divide by the standard "
            "deviation too.",
        ),
        Mistake(
            "scaled_only",
            lambda training, validation: (training / 255, validation / 255),
            "You scaled to 0 … 1 and stopped there. Subtract the mean of each channel, "
            "then divide by its standard deviation.",
        ),
        Mistake(
            "training_only",
            _training_only,
            "The training images are right; the validation images were only divided by "
            "255. The network must see both in the same way.",
        ),
    ),
    draw=lambda generator: (_photos(generator), _photos(generator, brightness=20)),
    praise="Three means and three deviations, taken once, from the training images, "
    "and used for all.",
)


def _variance(images: Tensor) -> Tensor:
    return images.var((0, 2, 3), keepdim=True)


def _of_each_image(images: Tensor) -> tuple[Tensor, Tensor]:
    pixels = images.float()
    return pixels.mean((2, 3), keepdim=True), pixels.std((2, 3), keepdim=True)
