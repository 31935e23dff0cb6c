"""A loader for images that lie in memory: whole batches, no workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from course_utils.datasets.augment import Augment, cutout, flip, shifted_crop

_NO_AUGMENT: Final = Augment()


def normalisation(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, of pixel values scaled to [0, 1].

    Take them from the training images only: the validation and test images stand for
    images nobody has seen.

    Args:
        images: uint8 (N, C, H, W).

    Returns:
        Two float32 tensors (C,).
    """
    _require_bytes(images)
    levels = torch.arange(256, dtype=torch.float64)
    # counted exactly: a float copy of all images would take four times their memory
    channels = images.cpu().unbind(1)
    counts = torch.stack([c.flatten().bincount(minlength=256) for c in channels])
    shares = counts.double() / counts.sum(1, keepdim=True)  # (C, 256)
    mean = shares @ levels
    variance = shares @ levels.square() - mean.square()
    return (mean / 255).float(), (variance.clamp(min=0).sqrt() / 255).float()


def normalise(
    images: Tensor, mean: Sequence[float] | Tensor, std: Sequence[float] | Tensor
) -> Tensor:
    """Turn bytes into what a network takes: ``(images / 255 - mean) / std``.

    Shape:
        - images: (N, C, H, W), uint8
        - Output: (N, C, H, W), float32
    """
    scale, offset = _scale_and_offset(mean, std, images.shape[1], images.device)
    return images.float().mul_(scale).add_(offset)


class ImageLoader:
    """Batches of normalised images, with the interface of a ``DataLoader``.

    Images stay as bytes on the device; each batch is taken out, varied and normalised
    by a few operations on all its images at once. The stored images never change.

    Each epoch has its own shuffle and its own variations; the same seed gives the same
    epochs again. The order of the images depends on the seed alone, so that two runs
    with other variations see them in the same order.

    Args:
        images: uint8 (N, C, H, W).
        labels: int64 (N,).
        batch_size: Images in a batch; the last batch holds what is left.
        shuffle: Another order in every epoch; for training only.
        mean: Of each channel, as `normalisation` gives it.
        std: Of each channel.
        augment: Variations, for training only.
        device: Where images are kept and batches come out: the model's.
        drop_last: Leave out a last batch that is smaller than the others.
        seed: Which shuffles and variations.
        channels_last: Give batches in the memory format that makes convolutions
            faster, for a model in ``torch.channels_last`` too.

    Attributes:
        dataset: The stored images and labels.
        generator: Where the random choices come from; its state is all that must be
            kept to continue with the same epochs.

    Raises:
        TypeError: If images are not bytes or labels not int64.
        ValueError: If shapes or sizes do not fit.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        batch_size: int,
        *,
        shuffle: bool,
        mean: Sequence[float] | Tensor,
        std: Sequence[float] | Tensor,
        augment: Augment = _NO_AUGMENT,
        device: torch.device | str = "cpu",
        drop_last: bool = False,
        seed: int = 0,
        channels_last: bool = False,
    ) -> None:
        _require_bytes(images)
        _require_labels(images, labels)
        _require_batches(len(images), batch_size, drop_last)
        self.dataset = TensorDataset(images.to(device), labels.to(device))
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.augment = augment
        self.drop_last = drop_last
        self.generator = torch.Generator().manual_seed(seed)
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        channels = images.shape[1]
        self._scale, self._offset = _scale_and_offset(
            mean, std, channels, torch.device(device)
        )

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        count = len(self.dataset)
        if self.drop_last:
            return count // self.batch_size
        return -(-count // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Go through one epoch.

        Shape:
            - images: (N, C, H, W), float32, normalised
            - labels: (N,), int64
        """
        choices = self._choices()
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            part = slice(start, start + self.batch_size)
            yield self._batch(*(choice[part] for choice in choices))

    def __repr__(self) -> str:
        return (
            f"ImageLoader({len(self.dataset):,} images in {len(self):,} batches of "
            f"{self.batch_size}, shuffle={self.shuffle}, {self.augment})"
        )

    def _choices(self) -> list[Tensor]:
        """All random choices of an epoch, drawn at once and on the CPU.

        So a seed means the same on every device, and an epoch that is left early
        changes nothing in the next.
        """
        images = self.dataset.tensors[0]
        N, _, H, W = images.shape
        source, shift = self.generator, self.augment.shift
        order = torch.randperm(N, generator=source)
        flipped = torch.rand(N, generator=source) < 0.5
        corners = torch.randint(2 * shift + 1, (N, 2), generator=source)
        places = torch.rand((N, 2), generator=source)
        centres = (places * torch.tensor([H, W])).long()
        if not self.shuffle:
            order = torch.arange(N)
        return [c.to(images.device) for c in (order, flipped, corners, centres)]

    def _batch(
        self, chosen: Tensor, flipped: Tensor, corners: Tensor, centres: Tensor
    ) -> tuple[Tensor, Tensor]:
        images, labels = self.dataset.tensors
        augment = self.augment
        batch = images.index_select(0, chosen)  # far faster than images[chosen]
        # on bytes as long as possible: a quarter of the memory traffic
        if augment.shift:
            batch = shifted_crop(batch, corners, augment.shift)
        if augment.flip:
            batch = flip(batch, flipped)
        batch = batch.float().mul_(self._scale).add_(self._offset)
        if augment.cutout:
            batch = cutout(batch, centres, augment.cutout)
        return batch.contiguous(memory_format=self._format), labels[chosen]


def _scale_and_offset(
    mean: Sequence[float] | Tensor,
    std: Sequence[float] | Tensor,
    channels: int,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Normalise bytes by one product and one sum; both (C, 1, 1), float32."""
    values = {}
    for name, given in (("mean", mean), ("std", std)):
        value = torch.as_tensor(given, dtype=torch.float64, device="cpu").flatten()
        if len(value) != channels or not bool(value.isfinite().all()):
            raise ValueError(
                f"{name} is {value.tolist()}; expected {channels} finite numbers, one "
                "for each channel, as normalisation(train_images) gives them"
            )
        values[name] = value
    if not bool((values["std"] > 0).all()):
        raise ValueError(
            f"std is {values['std'].tolist()}; a channel without any contrast cannot "
            "be normalised: give 1 for it"
        )
    scale = 1 / (255 * values["std"])
    offset = -values["mean"] / values["std"]
    scale, offset = (v.float().reshape(-1, 1, 1).to(device) for v in (scale, offset))
    return scale, offset


def _require_bytes(images: Tensor) -> None:
    if images.dtype != torch.uint8:
        raise TypeError(
            f"images are {images.dtype}, expected torch.uint8 (bytes from 0 to 255): "
            "give the images as load_cifar10 returns them"
        )
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(
            f"images have shape {tuple(images.shape)}, expected (N, C, H, W) with at "
            "least one image"
        )


def _require_labels(images: Tensor, labels: Tensor) -> None:
    if labels.dtype != torch.int64:
        raise TypeError(f"labels are {labels.dtype}, expected torch.int64")
    if labels.shape != (len(images),):
        raise ValueError(
            f"labels have shape {tuple(labels.shape)}, expected ({len(images)},): one "
            "for each image"
        )


def _require_batches(count: int, batch_size: int, drop_last: bool) -> None:
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; expected 1 or more")
    if drop_last and batch_size > count:
        raise ValueError(
            f"batch_size is {batch_size}, but there are only {count} images: with "
            "drop_last=True no batch is left"
        )
