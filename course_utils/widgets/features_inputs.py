"""What the feature-map explorer is given, checked: images, labels, mean and std."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

_MOST_IMAGES: Final = 200  # all of them travel to the browser
_MOST_PIXELS: Final = 64  # per side


def as_images(value: Any) -> Tensor:
    """Return uint8 images, (N, 1 or 3, H, W), on the CPU.

    Raises:
        ValueError: If it is something else, too large, or too many for a browser.
    """
    if not isinstance(value, Tensor) or value.dtype != torch.uint8:
        found = value.dtype if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(
            f"images is {found}; expected a uint8 tensor (N, 3, H, W) with values "
            "0 … 255, before normalisation: mean and std normalise it"
        )
    if value.ndim != 4 or value.shape[1] not in (1, 3) or value.numel() == 0:
        raise ValueError(
            f"images has shape {tuple(value.shape)}; expected (N, 3, H, W), or "
            "(N, 1, H, W) for grey images, with N at least 1"
        )
    if len(value) > _MOST_IMAGES:
        raise ValueError(
            f"images holds {len(value):,} images; the explorer takes at most "
            f"{_MOST_IMAGES}, so give a few: images[:24] and labels[:24]"
        )
    if max(value.shape[2:]) > _MOST_PIXELS:
        raise ValueError(
            f"images are {value.shape[2]}x{value.shape[3]} pixels; the explorer takes "
            f"at most {_MOST_PIXELS}x{_MOST_PIXELS}"
        )
    return value.detach().cpu().contiguous()


def as_labels(value: Any, count: int, class_names: Sequence[str]) -> list[int]:
    """Return ``count`` labels as whole numbers.

    Raises:
        ValueError: If there are more or fewer, or one is no index of ``class_names``.
    """
    labels = torch.as_tensor(value)
    if labels.shape != (count,) or labels.is_floating_point():
        raise ValueError(
            f"labels has shape {tuple(labels.shape)} and dtype {labels.dtype}; "
            f"expected one whole number for each of the {count} images"
        )
    numbers = [int(label) for label in labels]
    outside = [n for n in numbers if not 0 <= n < len(class_names)]
    if outside:
        raise ValueError(
            f"labels holds {outside[0]}, but class_names has {len(class_names)} names: "
            f"labels go from 0 to {len(class_names) - 1}"
        )
    return numbers


def as_channel_values(name: str, value: Any, channels: int) -> list[float]:
    """Return the mean or the std of each colour channel.

    Raises:
        ValueError: If they are not one finite number a channel, a std above 0.
    """
    numbers = torch.as_tensor(value, dtype=torch.float64).flatten()
    if len(numbers) != channels or not numbers.isfinite().all():
        raise ValueError(
            f"{name} is {numbers.tolist()}; expected {channels} numbers, one for each "
            "channel of the images, for pixels in 0 … 1"
        )
    if name == "std" and (numbers <= 0).any():
        raise ValueError(f"std is {numbers.tolist()}; expected numbers above 0")
    return [float(number) for number in numbers]


def normalised(images: Tensor, mean: list[float], std: list[float]) -> Tensor:
    """Images as the network takes them: ``(image / 255 − mean) / std``, float64."""
    columns = [torch.tensor(v, dtype=torch.float64)[:, None, None] for v in (mean, std)]
    return (images.double() / 255 - columns[0]) / columns[1]
