"""Record what a detector that was trained on photographs finds on photographs.

    python -m tools.record_detection FOLDER

FOLDER holds the weights of SSD300-MobileNetV1, `ssd_mobilenet.FILE`. Stored are boxes,
labels and scores on the photographs that come with the packages: a few kilobytes.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torchvision.models.detection import SSD300_VGG16_Weights
from torchvision.models.detection.ssd import SSD

from course_utils.assets.checksums import file_digests
from course_utils.photos import PHOTOS, credit, photo
from tools import ssd_mobilenet

RECORDING: Final = (
    Path(__file__).parents[1] / "data" / "recorded" / "lesson08_detections.json"
)
CATEGORIES: Final[list[str]] = SSD300_VGG16_Weights.COCO_V1.meta["categories"]
_ABOUT: Final = {
    "network": "SSD300 with MobileNetV1 (width 0.75)",
    "trained_on": "COCO: photographs with boxes of 80 classes",
    "source": "weights of the package flutter_tflite, converted from TensorFlow Lite",
    "licence": "MIT (the training data have their own terms)",
}


def in_colour(name: str) -> Tensor:
    """Return a photograph as three channels, (3, H, W)."""
    return photo(name).expand(3, -1, -1)


@torch.no_grad()
def detections(model: SSD, name: str) -> dict[str, Any]:
    """Return what the network finds on a photograph, rounded."""
    image = in_colour(name)
    found = model([image])[0]
    return {
        "height": image.shape[1],
        "width": image.shape[2],
        "boxes": [[round(edge, 1) for edge in box] for box in found["boxes"].tolist()],
        "labels": [CATEGORIES[label] for label in found["labels"].tolist()],
        "scores": [round(score, 3) for score in found["scores"].tolist()],
        "credit": credit(name),
    }


def record(folder: Path) -> dict[str, Any]:
    """Run the network on every photograph; return what is to be stored."""
    torch.set_num_threads(1)
    model = ssd_mobilenet.load_ssd(folder)
    digest = file_digests(folder / ssd_mobilenet.FILE, {"sha256": None})["sha256"]
    return {
        **_ABOUT,
        "sha256": digest,
        "script": "tools/record_detection.py",
        "score_threshold": model.score_thresh,
        "machine": f"{platform.machine()} processor, 1 thread",
        "date": datetime.date.today().isoformat(),
        "torch": str(torch.__version__),
        "photos": {name: detections(model, name) for name in PHOTOS},
    }


def main() -> None:
    """Record, and say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help=f"holds {ssd_mobilenet.FILE}")
    run = record(parser.parse_args().folder)
    RECORDING.write_text(json.dumps(run, indent=1) + "\n", "utf-8")
    print(f"wrote {RECORDING.name}: {len(run['photos'])} photographs")


if __name__ == "__main__":
    main()
