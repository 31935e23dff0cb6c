"""A network, its optimiser and its batches, put together from a setup."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.climb.judging import autocast_dtype, logits
from course_utils.climb.loading import training_batches
from course_utils.climb.networks import build_network
from course_utils.climb.setup import Setup
from course_utils.datasets import ImageData
from course_utils.devices.timing import synchronize
from course_utils.training import set_seed

Clock = Literal["wall", "work"]

# Python runs ahead of an accelerator: after so many steps it waits, to read the clock
WAIT_EVERY: Final = 16


class Trainer:
    """Trains as a setup says, one mini-batch at a time.

    The first pass through the network is done while this is made, and undone: it costs
    more than the later ones (much more with ``torch.compile``), and would be counted
    as training.

    Args:
        setup: The recipe.
        data: The training images.
        seed: Of the weights and the order of the images.
        device: Where to train.

    Attributes:
        model: The network; returns logits.
        first_call: Seconds of the first pass, forward and backward.
        images_seen: How many images have been trained on so far.
    """

    def __init__(
        self,
        setup: Setup,
        data: ImageData,
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        self.setup, self.device = setup, torch.device(device)
        set_seed(seed)
        self.model = build_network(setup.network, len(data.class_names)).to(self.device)
        if setup.channels_last:
            self.model.to(memory_format=torch.channels_last)
        # what is compiled shares its weights with the network as it was written
        self._forward = torch.compile(self.model) if setup.compiled else self.model
        self._optimizer = torch.optim.SGD(
            self.model.parameters(), lr=setup.learning_rate, momentum=setup.momentum
        )
        scaled = autocast_dtype(setup, self.device) == torch.float16
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=scaled)
        self._batches = self._endless(data, seed)
        self.images_seen = 0
        self.first_call = self._warm_up(data)

    def step(self, progress: float = 0.0) -> Tensor:
        """Train on the next mini-batch.

        Args:
            progress: Share of the training that is done, 0 to 1, for the schedule.

        Returns:
            The mean loss of the mini-batch, still on the device.
        """
        images, labels = next(self._batches)
        for group in self._optimizer.param_groups:
            group["lr"] = self.setup.learning_rate_at(progress)
        self._optimizer.zero_grad()
        loss = self._loss(images, labels)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.images_seen += len(labels)
        return loss.detach()

    def _loss(self, images: Tensor, labels: Tensor) -> Tensor:
        found = logits(self._forward, images, self.setup)
        smoothing = self.setup.label_smoothing
        return F.cross_entropy(found, labels, label_smoothing=smoothing)

    def _endless(self, data: ImageData, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        batches = training_batches(self.setup, data, self.device, seed)
        kind = (
            torch.channels_last if self.setup.channels_last else torch.preserve_format
        )
        while True:
            for images, labels in batches:
                yield (
                    images.to(self.device, non_blocking=True, memory_format=kind),
                    labels.to(self.device, non_blocking=True),
                )

    def _warm_up(self, data: ImageData) -> float:
        count, size = self.setup.batch_size, data.train_images.shape[1:]
        blank = torch.zeros(count, *size, device=self.device)
        if self.setup.channels_last:
            blank = blank.contiguous(memory_format=torch.channels_last)
        labels = torch.zeros(count, dtype=torch.int64, device=self.device)
        before = {k: v.clone() for k, v in self.model.state_dict().items()}
        synchronize(self.device)
        start = time.perf_counter()
        self._loss(blank, labels).backward()  # type: ignore[no-untyped-call]
        synchronize(self.device)
        seconds = time.perf_counter() - start
        self.model.load_state_dict(before)  # batch norms have counted the blank images
        self._optimizer.zero_grad()
        return seconds


def clock_of(clock: Clock, setup: Setup, device: torch.device) -> Callable[[], float]:
    """Return the function that tells the seconds.

    Args:
        clock: ``"wall"`` for the time that passes; ``"work"`` for the time that the
            training's thread is at work, which other programs cannot lengthen. That
            thread leads every computation of a processor; where others do the work,
            on an accelerator or in a loader's workers, the time that passes is taken.
        setup: What is trained.
        device: Where.
    """
    alone = device.type == "cpu" and setup.loader != "pil_workers"
    return time.thread_time if clock == "work" and alone else time.perf_counter
