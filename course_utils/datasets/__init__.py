"""Images in memory, whatever their source, and the loader that feeds them.

>>> from course_utils.datasets import load_cifar10
>>> data = load_cifar10()  # the best at hand, without the network  # doctest: +SKIP
"""

from __future__ import annotations

from course_utils.datasets.augment import Augment, cutout, flip, shifted_crop
from course_utils.datasets.cifar10 import load_cifar10, my_images
from course_utils.datasets.data import ImageData
from course_utils.datasets.folders import load_folder
from course_utils.datasets.loader import ImageLoader, normalisation, normalise
from course_utils.datasets.split import select_per_class

__all__ = [
    "Augment",
    "ImageData",
    "ImageLoader",
    "cutout",
    "flip",
    "load_cifar10",
    "load_folder",
    "my_images",
    "normalisation",
    "normalise",
    "select_per_class",
    "shifted_crop",
]
