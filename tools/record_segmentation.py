"""Record what a real segmentation network says about real photographs.

    python -m tools.record_segmentation FOLDER

FOLDER holds ``deeplabv3_mobilenet_v2_voc.pth``: DeepLabV3 on MobileNetV2, trained for
Pascal VOC's classes, converted to torchvision's modules from
``deeplabv3_mnv2_pascal_quant.tflite`` of https://github.com/google-coral/test_data
(Apache License 2.0). The weights stay where they are; only the classes of the pixels
are written, one small PNG a photograph, and how they came about.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import platform
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import Tensor, nn
from torchvision.models import MobileNetV2
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation import DeepLabV3, DeepLabV3_ResNet50_Weights
from torchvision.models.segmentation.deeplabv3 import ASPP

from course_utils.overlays import class_style
from course_utils.photos import PHOTOS
from course_utils.pretrained import Network
from course_utils.pretrained.files import load_strictly, read_state
from course_utils.recorded_masks import masks_folder
from course_utils.segmentation import fit_photo, predict_labels

WEIGHTS: Final = "deeplabv3_mobilenet_v2_voc.pth"
LICENCE: Final = "Apache License 2.0"
SOURCE: Final = (
    "https://github.com/google-coral/test_data, deeplabv3_mnv2_pascal_quant.tflite"
)
# VOC has a class for most of what these show; for the last two it has none
NAMES: Final = ("astronaut", "chelsea", "grace_hopper", "camera", "coffee", "flower")
CLASSES: Final = list(DeepLabV3_ResNet50_Weights.DEFAULT.meta["categories"])
LONGER_SIDE: Final = 513  # pixels, as its authors trained and tested it


def build_network() -> DeepLabV3:
    """Build DeepLabV3 on MobileNetV2, output stride 16, with random weights."""
    body = MobileNetV2().features[:-1]
    for block in body[14:]:  # here the stride would become 32
        for layer in block.modules():
            if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3):
                # the convolution that loses its stride still works on whole steps
                rate = 1 if layer.stride == (2, 2) else 2
                layer.stride, layer.dilation, layer.padding = (
                    (1, 1),
                    (rate,) * 2,
                    (rate,) * 2,
                )
    # no atrous branches at all: a 1×1 convolution and the pooled picture
    head = nn.Sequential(ASPP(320, [], 256), nn.Conv2d(256, len(CLASSES), 1))
    return DeepLabV3(IntermediateLayerGetter(body, {"17": "out"}), head)


def read_network(folder: Path) -> Network:
    """Read the network from a folder.

    Raises:
        WeightsError: The file is missing, damaged, or another network's.
    """
    path = folder / WEIGHTS
    model = build_network()
    load_strictly(model, read_state(path), "DeepLabV3 on MobileNetV2", path)
    return Network(
        model=model.eval(),
        name="deeplabv3_mobilenet_v2",
        title="DeepLabV3 on MobileNetV2",
        source="official",
        origin=SOURCE,
        score="trained for Pascal VOC",
        top1=None,
        licence=LICENCE,
        bytes=path.stat().st_size,
        classes=CLASSES,
        input_size=LONGER_SIDE,
    )


def segment(network: Network, name: str) -> Tensor:
    """Return the classes of a photograph's pixels, (H, W)."""
    image = fit_photo(name, LONGER_SIDE)
    return predict_labels(network.model, network.prepare(image[None]))[0]


def write_mask(path: Path, labels: Tensor) -> None:
    """Write classes as a PNG whose palette has the colours of the overlays."""
    image = Image.fromarray(labels.byte().numpy(), mode="P")
    styles = [class_style(index)[0] for index in range(1, len(CLASSES))]
    colours = [bytes.fromhex(colour[1:]) for colour in styles]
    image.putpalette(bytes(3) + b"".join(colours))
    image.save(path, optimize=True)


def shares(labels: Tensor) -> dict[str, float]:
    """Return the share of the pixels that each class found has."""
    counts = torch.bincount(labels.flatten(), minlength=len(CLASSES)) / labels.numel()
    return {CLASSES[k]: round(float(counts[k]), 4) for k in counts.nonzero().flatten()}


def describe(name: str, labels: Tensor) -> dict[str, Any]:
    """Return what is to be known about one picture."""
    return {
        "photograph": f"{PHOTOS[name].author}, {PHOTOS[name].licence}; "
        f"{PHOTOS[name].source}",
        "size": list(labels.shape),
        "shares": shares(labels),
    }


def record(folder: Path, out: Path) -> None:
    """Segment the photographs; write the masks, and the facts beside their folder."""
    torch.set_num_threads(1)
    network = read_network(folder)
    out.mkdir(parents=True, exist_ok=True)
    pictures = {}
    for name in NAMES:
        labels = segment(network, name)
        write_mask(out / f"{name}.png", labels)
        pictures[name] = describe(name, labels)
        print(name, pictures[name]["shares"])
    facts = {
        "about": "Classes of the pixels of real photographs, by a real network; "
        "recorded by tools/record_segmentation.py",
        "network": network.title,
        "network_source": SOURCE,
        "network_licence": LICENCE,
        "weights_sha256": hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest(),
        "longer_side": LONGER_SIDE,
        "classes": CLASSES,
        "machine": f"{platform.machine()} processor, 1 thread",
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "torchvision": torchvision.__version__,
            "numpy": np.__version__,
        },
        "date": datetime.date.today().isoformat(),
        "pictures": pictures,
    }
    text = json.dumps(facts, indent=2, ensure_ascii=False)
    (out.parent / f"{out.name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help=f"the folder that holds {WEIGHTS}")
    record(parser.parse_args().folder, masks_folder())
