"""The architectures that made history, built without weights and without memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn

from course_utils.network_anatomy import LayerFacts, anatomy

if TYPE_CHECKING:
    from course_utils.layer_words import Shape

_PHOTO: Final = (1, 3, 224, 224)


class LeNet5(nn.Module):
    """The network of LeCun et al. (1998), as it is built today.

    Poolings are plain averages, every map of the second convolution sees all six maps
    before it, and the last layer gives logits.

    Shape:
        - Input: (N, 1, 32, 32)
        - Output: (N, 10)

    Source: LeCun, Bottou, Bengio and Haffner (1998), "Gradient-Based Learning Applied
    to Document Recognition", section II.B.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, kernel_size=5),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(16, 120, kernel_size=5),
            nn.Tanh(),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a batch of images."""
        logits: Tensor = self.classifier(self.features(x))
        return logits


def _torchvision(name: str, **options: Any) -> nn.Module:
    from torchvision import models

    model: nn.Module = models.get_model(name, weights=None, **options)
    return model


def _efficientnet_lite0() -> nn.Module:
    from course_utils.pretrained.wheels import efficientnet_lite0

    return efficientnet_lite0()


@dataclass(frozen=True)
class Architecture:
    """A network by name.

    Attributes:
        title: Its name in prose.
        build: Builds it in the size of ImageNet, without weights that mean anything.
        input_shape: What it was designed for, (N, C, H, W).
    """

    title: str
    build: Callable[[], nn.Module]
    input_shape: Shape = _PHOTO


_TITLES: Final = {
    "alexnet": "AlexNet",
    "vgg13": "VGG-13",
    "vgg16": "VGG-16",
    "vgg19": "VGG-19",
    "googlenet": "GoogLeNet",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "resnet101": "ResNet-101",
    "resnet152": "ResNet-152",
    "densenet121": "DenseNet-121",
    "squeezenet1_1": "SqueezeNet 1.1",
}
# the heads that only training uses are left out
_OPTIONS: Final = {"googlenet": {"aux_logits": False, "init_weights": False}}

ARCHITECTURES: Final[dict[str, Architecture]] = {
    "lenet5": Architecture("LeNet-5", LeNet5, (1, 1, 32, 32)),
    **{
        name: Architecture(title, partial(_torchvision, name, **_OPTIONS.get(name, {})))
        for name, title in _TITLES.items()
    },
    "efficientnet_lite0": Architecture(
        "EfficientNet-Lite0", _efficientnet_lite0, (1, 3, 225, 225)
    ),
}


def architecture(name: str) -> Architecture:
    """Return an architecture by name.

    Raises:
        ValueError: If there is none of this name.
    """
    if name not in ARCHITECTURES:
        raise ValueError(
            f"architecture is {name!r}; choose one of {', '.join(ARCHITECTURES)}"
        )
    return ARCHITECTURES[name]


def skeleton(name: str) -> nn.Module:
    """Return a network on PyTorch's "meta" device: shapes without values or memory.

    Raises:
        ValueError: If there is none of this name.
    """
    with torch.device("meta"):
        return architecture(name).build().eval()


@cache
def named_anatomy(name: str) -> tuple[LayerFacts, ...]:
    """Return the layers of a network, computed once.

    Raises:
        ValueError: If there is none of this name.
    """
    return tuple(anatomy(skeleton(name), architecture(name).input_shape))
