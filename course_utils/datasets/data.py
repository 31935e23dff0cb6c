"""What every source of images gives: uint8 tensors and one line that says what it is."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


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
            f"{pixels(self.train_images)} in {len(self.class_names)} classes)"
        )


def pixels(images: Tensor) -> str:
    """The size of the images in words, such as ``32×32 pixels``."""
    return f"{images.shape[-2]}×{images.shape[-1]} pixels"


def describe(
    what: str,
    train: Tensor,
    validation: Tensor,
    test: Tensor,
    class_names: tuple[str, ...],
    seed: int,
) -> str:
    """Write the line that stands in `ImageData.description`."""
    return (
        f"{what}: {len(train):,} training, {len(validation):,} validation and "
        f"{len(test):,} test images of {pixels(train)} in {len(class_names)} classes, "
        f"split with seed {seed}."
    )
