"""Our own small Faster R-CNN and Mask R-CNN, in torchvision's classes.

The body is SqueezeNet 1.1; three of its feature maps are merged into one of stride 4,
so that every stage of the detector can be drawn over the picture. The network with
masks is trained by `tools/train_detector.py`; without its mask branch it *is* the
Faster R-CNN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import squeezenet1_1
from torchvision.models.detection import FasterRCNN, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from course_utils.drawn import CLASS_NAMES

if TYPE_CHECKING:
    from typing import Any

    from course_utils.drawn import Scene

DETECTOR_CLASSES = ("background", *CLASS_NAMES)
SCENE_SIZE = (96, 128)
_CHANNELS = 96
_STAGES = (slice(0, 5), slice(5, 8), slice(8, 13))  # strides 4, 8 and 16
_STAGE_CHANNELS = (128, 256, 512)
_MASK_CHANNELS = 64


class SqueezeBody(nn.Module):
    """SqueezeNet 1.1 without its classifier, as one feature map of stride 4.

    Shape:
        - Input: (N, 3, H, W)
        - Output: (N, 96, H/4, W/4), rounded up

    The coarser maps know what a thing is, the finer ones where it ends: each is brought
    to 96 channels by a 1×1 convolution, enlarged and added (a feature pyramid,
    arXiv:1612.03144, of which only the finest level is kept).
    """

    out_channels = _CHANNELS

    def __init__(self) -> None:
        super().__init__()
        features = squeezenet1_1(weights=None).features
        _centre(features)
        self.features = features
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, _CHANNELS, 1) for channels in _STAGE_CHANNELS
        )
        self.smooth = nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        maps = []
        for stage in _STAGES:
            images = self.features[stage](images)
            maps.append(images)
        merged = self.lateral[-1](maps[-1])
        for lateral, finer in zip(self.lateral[-2::-1], maps[-2::-1], strict=True):
            merged = lateral(finer) + F.interpolate(merged, size=finer.shape[-2:])
        return F.relu(self.smooth(merged))


def _centre(features: nn.Sequential) -> None:
    """Pad the strided layers, so that position i looks at pixel stride·i.

    Without padding the maps would be shifted by half a stride at every such layer, and
    anchors and RoI align assume that they are not.
    """
    for layer in features:
        if isinstance(layer, nn.Conv2d):
            layer.padding = (1, 1)
        elif isinstance(layer, nn.MaxPool2d):
            layer.padding, layer.ceil_mode = 1, False


def build_detector(masks: bool) -> FasterRCNN:
    """Build the network with random weights, in training mode.

    Args:
        masks: A Mask R-CNN; else the same network without its mask branch, a
            Faster R-CNN.

    Returns:
        A torchvision detector: give it a list of (3, H, W) pictures in [0, 1]; its
        labels are indices into `DETECTOR_CLASSES`.
    """
    settings = _settings()
    if not masks:
        return FasterRCNN(SqueezeBody(), **settings)
    return MaskRCNN(
        SqueezeBody(),
        mask_roi_pool=MultiScaleRoIAlign(["0"], output_size=14, sampling_ratio=1),
        mask_head=MaskRCNNHeads(_CHANNELS, (_MASK_CHANNELS, _MASK_CHANNELS), 1),
        mask_predictor=MaskRCNNPredictor(
            _MASK_CHANNELS, _MASK_CHANNELS, len(DETECTOR_CLASSES)
        ),
        **settings,
    )


def as_target(scene: Scene) -> dict[str, Tensor]:
    """Return what torchvision's detectors are trained with, for one scene.

    Returns:
        boxes (K, 4) in pixels, left, top, right, bottom; labels (K,), indices into
        `DETECTOR_CLASSES`; masks (K, H, W), uint8, 0 or 1.
    """
    height, width = scene.semantic.shape
    return {  # one scene in a thousand is without objects, its tensors without shape
        "boxes": scene.boxes.reshape(-1, 4),
        "labels": scene.labels.long() + 1,
        "masks": scene.masks.byte().reshape(-1, height, width),
    }


def _settings() -> dict[str, Any]:
    """Return what both networks share: few proposals, since scenes hold few things."""
    height, width = SCENE_SIZE
    return {
        "min_size": height,
        "max_size": width,
        "rpn_anchor_generator": AnchorGenerator(((20, 32, 48),), ((0.4, 0.65, 1.1),)),
        "rpn_pre_nms_top_n_train": 400,
        "rpn_post_nms_top_n_train": 100,
        "rpn_pre_nms_top_n_test": 200,
        "rpn_post_nms_top_n_test": 40,
        "box_roi_pool": MultiScaleRoIAlign(["0"], output_size=7, sampling_ratio=2),
        "box_head": TwoMLPHead(_CHANNELS * 7 * 7, 256),
        "box_predictor": FastRCNNPredictor(256, len(DETECTOR_CLASSES)),
        "box_batch_size_per_image": 32,
        "box_positive_fraction": 0.5,
        "box_detections_per_img": 20,
    }
