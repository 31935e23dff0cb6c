"""A class for every pixel: scenes to learn from, predictions, intersection over union.

Labels are int64, (N, H, W); scores and images have their channels second.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import torch
from torch.nn import functional as F

from course_utils.drawn import CLASS_NAMES, draw_scene
from course_utils.photos import photo
from course_utils.training.metrics import confusion_matrix

if TYPE_CHECKING:
    from torch import Tensor, nn

SCENE_CLASSES: Final = ("background", *CLASS_NAMES)
IGNORE: Final = 255  # the label of pixels that do not count, as in Pascal VOC


def draw_scenes(
    indices: Iterable[int], split: str = "train", size: tuple[int, int] = (96, 128)
) -> tuple[Tensor, Tensor]:
    """Draw scenes and the class of each of their pixels.

    Args:
        indices: Which scenes of the split.
        split: ``"train"``, ``"validation"`` or ``"test"``; they share no scene.
        size: Height and width, in pixels.

    Returns:
        Images, uint8 (N, 3, H, W), and labels, int64 (N, H, W): indices into
        `SCENE_CLASSES`.

    Raises:
        ValueError: If there are no indices.
    """
    scenes = [draw_scene(index, split=split, size=size) for index in indices]
    if not scenes:
        raise ValueError("indices is empty; give at least one, such as range(8)")
    images = torch.stack([scene.image for scene in scenes])
    return images, torch.stack([scene.semantic for scene in scenes])


def fit_photo(name: str, longer_side: int = 513, step: int = 16) -> Tensor:
    """Return a photograph at the size that a segmentation network works well at.

    Args:
        name: As for `course_utils.photos.photo`.
        longer_side: In pixels, such as the 513 of DeepLab's authors.
        step: Both sides become a multiple of this plus 1, so that the corners of the
            feature map, ``step`` pixels apart, meet the corners of the picture.

    Returns:
        Floats in [0, 1], (3, H, W); a grey photograph gets three equal channels. The
        ratio of the sides changes by half a step at most.
    """
    image = photo(name)
    height, width = image.shape[-2:]
    scale = (longer_side - 1) / max(height, width)
    size = [round(side * scale / step) * step + 1 for side in (height, width)]
    image = F.interpolate(
        image.expand(3, -1, -1)[None], size, mode="bilinear", antialias=True
    )
    return image[0].clamp(0, 1)


def predict_labels(model: nn.Module, images: Tensor, batch_size: int = 20) -> Tensor:
    """Return the likeliest class of each pixel.

    Args:
        model: Returns ``{"out": logits}``, logits (N, C, H, W), as torchvision's
            segmentation models do. It is used in evaluation mode and left as it was.
        images: As the model wants them: (N, 3, H, W), normalised.
        batch_size: How many images go through at a time.

    Returns:
        Classes, int64, (N, H, W).
    """
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            parts = torch.split(images, batch_size)
            labels = [model(part)["out"].argmax(1) for part in parts]
    finally:
        model.train(was_training)
    return torch.cat(labels).clone()  # the clone is an ordinary tensor again


def pixel_confusion(
    labels: Tensor, predicted: Tensor, num_classes: int, ignore_index: int = IGNORE
) -> Tensor:
    """Count how often pixels of each class were taken for each class.

    Args:
        labels: True classes, whole numbers, any shape.
        predicted: Predicted classes, of the same shape.
        num_classes: Number of classes, C, background included.
        ignore_index: Pixels with this label are left out, whatever was predicted.

    Returns:
        Counts, int64, (C, C): row = true class, column = predicted class.

    Raises:
        ValueError: If the shapes differ, or a class is out of range.
    """
    if labels.shape != predicted.shape:
        raise ValueError(
            f"labels have shape {tuple(labels.shape)} and predictions "
            f"{tuple(predicted.shape)}; both must be the same, one class a pixel. "
            "Predictions come from logits (N, C, H, W) by logits.argmax(dim=1)"
        )
    counted = labels != ignore_index
    return confusion_matrix(labels[counted], predicted[counted], num_classes)


def class_iou(confusion: Tensor) -> Tensor:
    """Return the intersection over union of each class.

    Args:
        confusion: Counts, (C, C), rows true, as `pixel_confusion` returns them. Add up
            those of several batches first: a mean of means is another number.

    Returns:
        From 0 to 1, float64, (C,); ``nan`` for a class that is neither there nor
        predicted.
    """
    both = confusion.diagonal().double()
    return both / (confusion.sum(dim=0) + confusion.sum(dim=1) - both)


def mean_iou(confusion: Tensor) -> float:
    """Return the mean of `class_iou` over the classes that are there or predicted."""
    return float(class_iou(confusion).nanmean())
