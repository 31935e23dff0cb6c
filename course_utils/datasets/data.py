"""What every source gives: uint8 tensors and one line that says what they are."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

Labelled = tuple[Tensor, Tensor]  # images and their labels


@dataclass(frozen=True, eq=False, repr=False)
class ImageData:
    """A labelled set of images in memory, split in three.

    Training images are for learning, validation images for every decision, test
    images for one measurement at the end. Validation is cut from training, never from
    the test set.

    Attributes:
        train_images: uint8 (N, 3, H, W); likewise validation and test.
        train_labels: int64 (N,), indices into `class_names`; likewise the others.
        class_names: What the labels mean.
        source: ``"official"``, ``"drawn"`` or ``"folder"``.
        description: One line that says what it is.
    """

    train_images: Tensor
    train_labels: Tensor
    validation_images: Tensor
    validation_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    class_names: tuple[str, ...]
    source: str
    description: str

    def __repr__(self) -> str:
        sizes = (len(self.train_labels), len(self.validation_labels))
        return (
            f"ImageData({self.source}: {sizes[0]:,} training, {sizes[1]:,} validation "
            f"and {len(self.test_labels):,} test images of "
            f"{_pixels(self.train_images)} in {len(self.class_names)} classes)"
        )


def image_data(
    what: str,
    train: Labelled,
    validation: Labelled,
    test: Labelled,
    *,
    class_names: tuple[str, ...],
    source: str,
    seed: int,
) -> ImageData:
    """Put the three parts together; ``what`` begins the description."""
    description = (
        f"{what}: {len(train[1]):,} training, {len(validation[1]):,} validation and "
        f"{len(test[1]):,} test images of {_pixels(train[0])} in {len(class_names)} "
        f"classes, split with seed {seed}."
    )
    return ImageData(*train, *validation, *test, class_names, source, description)


def _pixels(images: Tensor) -> str:
    return f"{images.shape[-2]}×{images.shape[-1]} pixels"
