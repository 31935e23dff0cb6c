"""Torchvision's own weights: found where torch keeps them, or fetched and verified."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from course_utils import assets
from course_utils.assets.checksums import Checksums, file_digests, first_problem
from course_utils.assets.errors import DownloadError, MirrorError, MissingAssetError
from course_utils.assets.manifest import Asset, Mirror
from course_utils.assets.store import Store
from course_utils.assets.transfer import Limits, announced_bytes
from course_utils.pretrained.files import built, load_strictly, read_state
from course_utils.pretrained.network import Channels, Network

if TYPE_CHECKING:
    from torch import nn
    from torchvision.models import WeightsEnum

CLASSIFIERS: Final = {
    "alexnet": "AlexNet",
    "vgg13": "VGG-13",
    "vgg16": "VGG-16",
    "vgg19": "VGG-19",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "resnet101": "ResNet-101",
    "resnet152": "ResNet-152",
    "squeezenet1_1": "SqueezeNet 1.1",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3_large": "MobileNetV3-Large",
    "efficientnet_b0": "EfficientNet-B0",
}
SEGMENTERS: Final = {"deeplabv3_resnet50": "DeepLabV3 with ResNet-50"}
DETECTORS: Final = {
    "fasterrcnn_resnet50_fpn": "Faster R-CNN with ResNet-50",
    "maskrcnn_resnet50_fpn": "Mask R-CNN with ResNet-50",
}
TITLES: Final = {**CLASSIFIERS, **SEGMENTERS, **DETECTORS}

_DETECTOR_SIDE: Final = 800  # the shorter side that torchvision's detectors resize to
_LICENCE: Final = "BSD-3-Clause (the training data have their own terms)"
_MIB: Final = 2**20  # the unit of torchvision's sizes, which have three decimals
# data set and metric in torchvision's metadata → in words
_SCORES: Final = {
    ("ImageNet-1K", "acc@1"): "{:.1f} % top-1 on ImageNet",
    ("COCO-val2017-VOC-labels", "miou"): "{:.1f} % mean IoU on COCO, classes of VOC",
    ("COCO-val2017", "box_map"): "box AP {:.1f} % on COCO",
    ("COCO-val2017", "mask_map"): "mask AP {:.1f} % on COCO",
}


def folders() -> tuple[Path, Path]:
    """Where weights are looked for: torch's own folder, and the workbook's cache."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints", assets.cache_folder()


def cached(name: str) -> bool:
    """Whether a file with the name of official weights lies on this computer."""
    return bool(_candidates(name))


def load_official(name: str, *, download: bool = False, quiet: bool = False) -> Network:
    """Return a torchvision network with its official weights.

    A file that has the official name and fits, but not the official checksum, is used
    with a loud reservation in the network's `note`.

    Args:
        name: As torchvision calls the network; a key of `TITLES`.
        download: Fetch the weights where they are not here.
        quiet: Print neither progress nor the reservation.

    Raises:
        MissingAssetError: They are not here and may not be downloaded.
        DownloadError: They could not be downloaded.
        WeightsError: The file is damaged, no state dict or of another network.
    """
    weights, path = _find(name, download, quiet)
    model = built(lambda: build(name))
    load_strictly(model, read_state(path), TITLES[name], path)
    note = _reservation(path)
    if note and not quiet:
        print(f"{TITLES[name]}: {note}")
    return _describe(name, weights, path, model.eval(), note)


def build(name: str) -> nn.Module:
    """Build a torchvision network as its official weights expect it, untrained."""
    from torchvision.models import get_model

    if name in DETECTORS:
        return _build_detector(name)
    extra = {"weights_backbone": None, "aux_loss": True} if name in SEGMENTERS else {}
    model: nn.Module = get_model(name, weights=None, **extra)
    return model


def _build_detector(name: str) -> nn.Module:
    """Build what torchvision builds when it is given the official weights.

    Without weights it takes trainable batch normalisation instead of the frozen one,
    and the official weights of 2020 expect an epsilon of 0 in that.
    """
    from torchvision.models.detection import FasterRCNN, MaskRCNN
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    from torchvision.ops import FrozenBatchNorm2d

    body = resnet_fpn_backbone(backbone_name="resnet50", weights=None)
    for module in body.modules():
        if isinstance(module, FrozenBatchNorm2d):
            module.eps = 0.0
    network = MaskRCNN if name.startswith("mask") else FasterRCNN
    model: nn.Module = network(body, num_classes=91)
    return model


def _enum(name: str) -> list[WeightsEnum]:
    """All official weights of a network, the recommended ones first."""
    from torchvision.models import get_model_weights

    known = get_model_weights(name)
    best: WeightsEnum = known.DEFAULT
    return [best, *(weights for weights in known if weights is not best)]


def _file(weights: WeightsEnum) -> str:
    return PurePosixPath(weights.url).name


def starts(file: str) -> str:
    """Return the first digits of the SHA-256, which official file names end in.

    Raises:
        ValueError: The name ends otherwise.
    """
    found = re.search(r"-([0-9a-f]{8,})\.\w+$", file)
    if found is None:
        raise ValueError(
            f"{file!r} does not end in '-', 8 digits of its SHA-256, '.pth'"
        )
    return found[1]


def _candidates(name: str) -> list[tuple[WeightsEnum, Path]]:
    return [
        (weights, folder / _file(weights))
        for weights in _enum(name)
        for folder in folders()
        if (folder / _file(weights)).is_file()
    ]


def _find(name: str, download: bool, quiet: bool) -> tuple[WeightsEnum, Path]:
    here = _candidates(name)
    if here:
        return min(here, key=lambda found: _problem(found[1]) is not None)
    weights = _enum(name)[0]
    if not download or assets.offline():
        raise MissingAssetError(_missing(name, weights))
    mib = float(weights.meta["_file_size"])
    return weights, fetch(weights.url, mib, assets.cache_folder(), quiet=quiet)


def _problem(path: Path) -> str | None:
    """What distinguishes a file from the official one; remembered while unchanged."""
    expected = {path.name: Checksums(None, sha256_starts=starts(path.name))}
    stamp = assets.cache_folder() / ".verified" / f"{path.name}.official.json"
    return first_problem(path.parent, expected, stamp)


def _reservation(path: Path) -> str:
    if _problem(path) is None:
        return ""
    begins = file_digests(path, {"sha256": None})["sha256"][:8]
    return (
        f"not the official file: its SHA-256 begins with {begins} instead of "
        f"{starts(path.name)}; the published accuracy does not apply"
    )


def fetch(
    url: str,
    mib: float,
    folder: Path,
    *,
    quiet: bool = False,
    limits: Limits | None = None,
) -> Path:
    """Download one official file: resumed, with progress, verified, then renamed.

    Args:
        url: Its name ends in the first digits of its SHA-256.
        mib: Its size as torchvision gives it, in units of 2**20 bytes.
        folder: Where it is put.
        quiet: Print nothing.
        limits: When to give up.

    Raises:
        DownloadError: The server does not deliver that file.
        CacheError: The folder cannot be written to, or is full.
    """
    file = PurePosixPath(url).name
    limits = limits or Limits()
    by_hand = f"Try again later, or put the file into {folder} by hand."
    try:
        size = announced_bytes(url, limits)
    except MirrorError as answer:
        raise DownloadError(f"{url} {answer}. {by_hand}") from answer
    if abs(size / _MIB - mib) > 0.001:
        raise DownloadError(
            f"{url} announces {size:,} bytes, but torchvision says {mib} MiB for this "
            f"file: something between here and there answers in its place. {by_hand}"
        )
    asset = Asset(
        name=file,
        file=file,
        checksums=Checksums(size, sha256_starts=starts(file)),
        checksum_source="the digits in its name, which torchvision publishes",
        licence=_LICENCE,
        purpose="official weights",
        mirrors=(Mirror("url", url),),
    )
    return Store({file: asset}, folder, limits).get(file, quiet=quiet)


def _missing(name: str, weights: WeightsEnum) -> str:
    file, (hub, cache) = _file(weights), folders()
    role = (
        "classifier" if name in CLASSIFIERS
        else "segmenter" if name in SEGMENTERS
        else "instance_segmenter" if name.startswith("mask") else "detector"
    )  # fmt: skip
    forbidden = "unset COURSE_OFFLINE, which forbids downloads, and " * assets.offline()
    return (
        f"the official weights of {TITLES[name]} are not on this computer: {file} is "
        f"neither in {hub} nor in {cache}.\nWhat to do:\n"
        f"  - {forbidden}fetch them ({weights.meta['_file_size']:.0f} MiB): "
        f"pretrained.{role}({name!r}, download=True); or\n"
        f"  - by hand: put {weights.url} into {cache}; or\n"
        f"  - take the network that is at hand: pretrained.{role}()"
    )


def _describe(
    name: str, weights: WeightsEnum, path: Path, model: nn.Module, note: str
) -> Network:
    how = weights.transforms()
    scores = _scores(weights)
    mean, std = (_channels(getattr(how, key, None)) for key in ("mean", "std"))
    sides = getattr(how, "crop_size", None) or getattr(how, "resize_size", None)
    top1 = weights.meta["_metrics"].get("ImageNet-1K", {}).get("acc@1")
    return Network(
        model=model,
        name=name,
        title=TITLES[name],
        source="official",
        origin="a file of that name" if note else f"torchvision's {weights.name}",
        score="accuracy unknown" if note else f"{scores} as published",
        top1=None if note else top1,
        licence=_LICENCE,
        bytes=path.stat().st_size,
        classes=list(weights.meta["categories"]),
        input_size=sides[0] if sides else _DETECTOR_SIDE,
        mean=mean,
        std=std,
        note=note,
    )


def _scores(weights: WeightsEnum) -> str:
    published: dict[str, dict[str, float]] = weights.meta["_metrics"]
    return ", ".join(
        _SCORES[data, metric].format(value)
        for data, metrics in published.items()
        for metric, value in metrics.items()
        if (data, metric) in _SCORES
    )


def _channels(values: Any) -> Channels | None:
    if values is None:
        return None
    red, green, blue = map(float, values)
    return red, green, blue
