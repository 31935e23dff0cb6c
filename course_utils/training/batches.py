"""Look at batches before they reach the model, and say what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Protocol

import torch
from torch import Tensor, nn

Device = torch.device | str | None


class Loader(Protocol):
    """Anything that can be read again and again and knows its number of batches."""

    def __iter__(self) -> Iterator[Any]:
        """Start over and yield ``(images, labels)``."""

    def __len__(self) -> int:
        """Return the number of batches."""


_CONVOLUTIONS = {
    nn.Conv1d: (3, "(N, C, L)"),
    nn.Conv2d: (4, "(N, C, H, W)"),
    nn.Conv3d: (5, "(N, C, D, H, W)"),
}


def batches(
    loader: Loader, model: nn.Module, device: Device = None, name: str = "loader"
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the loader's batches, on ``device``, each looked at first.

    Args:
        loader: Yields ``(images, labels)``.
        model: The model that will see the images.
        device: Where to move images and labels; ``None`` leaves them where they are.
        name: What to call the loader in a message.

    Raises:
        TypeError: If the loader or a batch is of the wrong kind or dtype.
        ValueError: If a batch has the wrong shape, or the loader has no batch.
    """
    require_loader(loader, name)
    empty = True
    for batch in loader:
        empty = False
        images, labels = pair(batch, name)
        require_images(images, model)
        _require_labels(images, labels)
        if device is not None:
            images, labels = images.to(device), labels.to(device)
        _require_one_device(model, images, labels, device)
        yield images, labels
    if empty:
        raise ValueError(
            f"{name} gave no batch: is the dataset empty, or drop_last=True with fewer "
            "images than one batch?"
        )


def require_loader(loader: object, name: str) -> None:
    """Refuse what cannot be read again and again."""
    # not iter(loader): a DataLoader draws a random number whenever it starts over
    if not hasattr(loader, "__iter__") or hasattr(loader, "__next__"):
        raise TypeError(
            f"{name} is a {type(loader).__name__}; it must be readable again for every "
            "epoch: pass the DataLoader itself (or a list of batches), not iter(...) "
            "and not a generator"
        )
    if not hasattr(loader, "__len__"):
        raise TypeError(
            f"{name} is a {type(loader).__name__} without a length; give it a "
            "__len__ that returns the number of batches"
        )


def pair(batch: Any, name: str) -> tuple[Tensor, Tensor]:
    """Return images and labels of a batch, which must be tensors."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        raise TypeError(
            f"{name} gave a {type(batch).__name__}; each batch must be a pair "
            "(images, labels)"
        )
    images, labels = batch
    if not isinstance(images, Tensor):
        raise TypeError(
            f"the images are a {type(images).__name__}; expected a tensor (N, C, H, W):"
            " add v2.ToImage() and v2.ToDtype(torch.float32, scale=True) to the "
            "transforms"
        )
    if not isinstance(labels, Tensor):
        raise TypeError(
            f"the labels are {labels!r} ({type(labels).__name__}); expected a tensor "
            f"(N,). Is {name} a dataset? It gives one image at a time: write "
            "DataLoader(dataset, batch_size=64)"
        )
    return images, labels


def require_images(images: Tensor, model: nn.Module) -> None:
    """Refuse images of a shape or dtype that the model's first layers cannot take."""
    if not images.is_floating_point():
        raise TypeError(
            f"the images are {images.dtype}; the model computes with floats: write "
            "images.float() / 255 (for pixels 0 to 255), then normalise"
        )
    first = _first_convolution(model)
    if first is not None:
        _require_axes(images, first)
    parameter = next(model.parameters(), None)
    mixed = torch.is_autocast_enabled(images.device.type)
    if parameter is not None and not mixed and images.dtype != parameter.dtype:
        short = str(parameter.dtype).removeprefix("torch.")
        raise TypeError(
            f"the images are {images.dtype} and the model's weights {parameter.dtype}: "
            f"write images.to(torch.{short})"
        )


def _require_axes(images: Tensor, first: nn.Module) -> None:
    axes, letters = next(v for k, v in _CONVOLUTIONS.items() if isinstance(first, k))
    shape = tuple(images.shape)
    if images.ndim == axes - 1:
        raise ValueError(
            f"the images have shape {shape}, {images.ndim} axes; expected {axes}, "
            f"{letters}. If this is one image, the batch axis is missing: write "
            "images.unsqueeze(0); if these are gray images, the channel axis is: write "
            "images.unsqueeze(1)"
        )
    if images.ndim != axes:
        raise ValueError(
            f"the images have shape {shape}, {images.ndim} axes; expected {axes}, "
            f"{letters}: put nothing before the model that flattens or adds axes"
        )
    channels = getattr(first, "in_channels", 0)
    if channels not in (0, shape[1]) and shape[-1] == channels:
        order = ", ".join(map(str, (0, axes - 1, *range(1, axes - 1))))
        raise ValueError(
            f"the images have shape {shape}: the channels come last. PyTorch wants "
            f"them second, {letters}: write images.permute({order})"
        )
    if channels not in (0, shape[1]):
        raise ValueError(
            f"the images have shape {shape}, {shape[1]} channels, but the first "
            f"convolution has in_channels={channels}: write in_channels={shape[1]}, or "
            "load images with as many channels"
        )


def _require_labels(images: Tensor, labels: Tensor) -> None:
    if labels.dtype != torch.int64:
        known = "labels.argmax(dim=1) if they are one-hot, else labels.long()"
        raise TypeError(
            f"the labels are {labels.dtype}, shape {tuple(labels.shape)}; expected "
            f"torch.int64, (N,), one class number an image: write {known}"
        )
    if labels.ndim != 1 or not len(labels):
        raise ValueError(
            f"the labels have shape {tuple(labels.shape)}; expected (N,), one class "
            "number an image: write labels.flatten() if it is (N, 1)"
        )
    if len(images) != len(labels):
        raise ValueError(
            f"{len(images)} images came with {len(labels)} labels; each image needs "
            "one: were images and labels cut at the same places?"
        )


def _require_one_device(
    model: nn.Module, images: Tensor, labels: Tensor, device: Device
) -> None:
    tensors = chain(model.parameters(), model.buffers())
    homes = sorted({str(tensor.device) for tensor in tensors})
    if len(homes) > 1:
        raise ValueError(
            f"the model's weights lie on several devices, {' and '.join(homes)}: write "
            f"model.to({homes[-1]!r}) before you make the optimizer"
        )
    if homes and str(images.device) != homes[0]:
        remedy = (
            f"pass device={homes[0]!r}, or write images.to({homes[0]!r})"
            if device is None
            else f"write model.to({str(images.device)!r}) before you make the optimizer"
        )
        raise ValueError(
            f"the model is on {homes[0]} and the images are on {images.device}; both "
            f"must be on the same device: {remedy}"
        )
    if labels.device != images.device:
        raise ValueError(
            f"the images are on {images.device} and the labels on {labels.device}; "
            "move the labels too: labels = labels.to(images.device)"
        )


def _first_convolution(model: nn.Module) -> nn.Module | None:
    kinds = tuple(_CONVOLUTIONS)
    return next((m for m in model.modules() if isinstance(m, kinds)), None)
