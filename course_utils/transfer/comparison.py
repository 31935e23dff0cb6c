"""Feature extraction, fine-tuning and training from zero, on the same pictures."""

from __future__ import annotations

import copy
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from course_utils.datasets import select_per_class
from course_utils.transfer.features import cached_features, train_head
from course_utils.transfer.fine_tuning import (
    Groups,
    discriminative,
    evaluate,
    fine_tune,
    stages,
    thaw,
    train_as_before,
)
from course_utils.transfer.networks import SmallCNN, Transfer

if TYPE_CHECKING:
    from course_utils.pretrained import Body

Labelled = tuple[Tensor, Tensor]

WAYS: Final = (
    "feature extraction",
    "fine-tuning",
    "from scratch",
    "as on the slides",
    "one rate for all",
    "gradual unfreezing",
)
HEAD_RATE: Final = 3e-3
BODY_FACTOR: Final = 0.1
SCRATCH_RATE: Final = 3e-3
# from zero there is more to learn: it sees each picture so many times as often
SCRATCH_PATIENCE: Final = 3


def epochs_for(per_class: int) -> int:
    """Return how often fine-tuning sees each picture: 20 times of 5 a class.

    Of a hundred times as many pictures each is seen a tenth as often, so the number of
    steps grows with the root of the number of pictures.
    """
    return max(1, round(20 * sqrt(5 / per_class)))


class Comparison:
    """Train on a few pictures of each class in several ways, and judge.

    A seed chooses the pictures, the first weights, the order and the mirror images. The
    pictures of fewer a class are always among those of more.

    Args:
        body: The pretrained network; copied for each run, never changed.
        train: uint8 (N, 3, H, W) and int64 (N,): what is chosen from.
        test: What all are judged by.
    """

    def __init__(self, body: Body, train: Labelled, test: Labelled) -> None:
        self.body = body
        self.train = train
        self.test = test
        self.num_classes = len(set(train[1].tolist()))

    @cached_property
    def features(self) -> tuple[Tensor, Tensor]:
        """Features of the training and of the test pictures; computed once."""
        kept = cached_features(self.body, self.train[0])
        return kept, cached_features(self.body, self.test[0])

    def accuracy(self, way: str, per_class: int, seed: int) -> float:
        """Return the share of test pictures got right.

        Args:
            way: One of `WAYS`. The head of fine-tuning learns ten times as fast as the
                body; "as on the slides" is SGD with one small rate, "one rate for all"
                gives the body the head's rate, and "gradual unfreezing" trains the head
                alone first, then the upper half of the body with it, then everything.
            per_class: How many pictures of each class to train on.
            seed: Which pictures, first weights, order and mirror images.

        Raises:
            ValueError: If there is no such way, or a class has too few pictures.
        """
        if way not in WAYS:
            raise ValueError(f"way is {way!r}; choose one of {', '.join(WAYS)}")
        if way == "feature extraction":
            return self._extracted(per_class, seed)
        images, labels = select_per_class(*self.train, per_class, seed=seed)
        epochs = epochs_for(per_class)
        model: Transfer | SmallCNN
        if way == "gradual unfreezing":
            model = self._unfrozen(images, labels, epochs, seed)
        elif way == "from scratch":
            model = self._from_scratch(images, labels, epochs, seed)
        elif way == "as on the slides":
            model = self._transfer(seed)
            train_as_before(model, images, labels, epochs=epochs, seed=seed)
        else:
            factor = BODY_FACTOR if way == "fine-tuning" else 1.0
            model = self._tuned(images, labels, epochs, seed, factor)
        return evaluate(model, *self.test)

    def _transfer(self, seed: int) -> Transfer:
        torch.manual_seed(seed)
        model = Transfer(copy.deepcopy(self.body), self.num_classes)
        return model.to(memory_format=torch.channels_last)

    def _extracted(self, per_class: int, seed: int) -> float:
        kept, asked = self.features
        features, labels = select_per_class(kept, self.train[1], per_class, seed=seed)
        head = train_head(features, labels, self.num_classes, seed=seed)
        with torch.no_grad():
            right = head(asked).argmax(dim=1) == self.test[1]
        return float(right.double().mean())

    def _tuned(
        self, images: Tensor, labels: Tensor, epochs: int, seed: int, factor: float
    ) -> Transfer:
        model = self._transfer(seed)
        groups = discriminative(model, HEAD_RATE, factor)
        fine_tune(model, images, labels, groups, epochs=epochs, seed=seed)
        return model

    def _unfrozen(
        self, images: Tensor, labels: Tensor, epochs: int, seed: int
    ) -> Transfer:
        model = self._transfer(seed)
        features = cached_features(self.body, images)
        model.head = train_head(features, labels, self.num_classes, seed=seed)
        whole = len(stages(model))
        # the two parts have the epochs of fine-tuning together
        for last, share in ((whole // 2, epochs // 2), (whole, epochs - epochs // 2)):
            thaw(model, last)
            groups = discriminative(model, HEAD_RATE, BODY_FACTOR)
            if share:
                fine_tune(model, images, labels, groups, epochs=share, seed=seed)
        return model

    def _from_scratch(
        self, images: Tensor, labels: Tensor, epochs: int, seed: int
    ) -> SmallCNN:
        torch.manual_seed(seed)
        model = SmallCNN(self.num_classes).to(memory_format=torch.channels_last)
        groups: Groups = [{"params": list(model.parameters()), "lr": SCRATCH_RATE}]
        epochs *= SCRATCH_PATIENCE
        fine_tune(model, images, labels, groups, epochs=epochs, seed=seed)
        return model
