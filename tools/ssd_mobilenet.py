"""SSD300 with MobileNetV1 (width 0.75), to run weights that were trained on COCO.

Only for `record_detection`: no lesson opens this network. It is torchvision's `SSD`
with the body, the heads and the sigmoid scores of TensorFlow's network.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSD, SSDScoringHead
from torchvision.ops import clip_boxes_to_image, nms

SIZE: Final = 300
CLASSES: Final = 91  # background, and COCO's numbers 1 to 90
FILE: Final = "ssd300_mobilenet_v1_075_coco_from_tflite.pth"
_WIDTH: Final = 0.75
_ANCHORS: Final = (3, 6, 6, 6, 6, 6)  # at each place of the six maps
_COUNT: Final = 1917  # anchors in all
# out_channels at full width and stride of the depthwise convolution before
_FIRST: Final = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))
_BODY: Final = (*_FIRST, *((512, 1),) * 5)
_TOP: Final = ((1024, 2), (1024, 1))
_EXTRA: Final = ((256, 512), (128, 256), (128, 256), (64, 128))


def _narrow(channels: int) -> int:
    return int(channels * _WIDTH)


class _Stack:
    """Layers put on top of each other; knows channels and side of what comes out."""

    def __init__(self, channels: int, side: int) -> None:
        self.channels, self.side = channels, side

    def layer(
        self, out_channels: int, kernel_size: int, stride: int, groups: int = 1
    ) -> nn.Sequential:
        """Return a convolution and a ReLU6, padded as TensorFlow's "same" does."""
        side = -(-self.side // stride)
        missing = max((side - 1) * stride + kernel_size - self.side, 0)
        before, after = missing // 2, missing - missing // 2
        even = before == after
        padded = [] if even else [nn.ZeroPad2d((before, after, before, after))]
        conv = nn.Conv2d(
            self.channels,
            out_channels,
            kernel_size,
            stride,
            padding=before if even else 0,
            groups=groups,
        )
        self.channels, self.side = out_channels, side
        return nn.Sequential(*padded, conv, nn.ReLU6(inplace=True))

    def separable(self, out_channels: int, stride: int) -> list[nn.Module]:
        """Return a depthwise and a pointwise convolution."""
        depthwise = self.layer(self.channels, 3, stride, groups=self.channels)
        return [depthwise, self.layer(_narrow(out_channels), 1, 1)]


class _Backbone(nn.Module):
    """MobileNetV1 and four more reductions: six maps, from 19 × 19 to 1 × 1."""

    def __init__(self) -> None:
        super().__init__()
        stack = _Stack(3, SIZE)
        first = [stack.layer(_narrow(32), 3, 2)]
        body = [layer for spec in _BODY for layer in stack.separable(*spec)]
        self.body1 = nn.Sequential(*first, *body)
        channels = [stack.channels]
        self.body2 = nn.Sequential(
            *(layer for spec in _TOP for layer in stack.separable(*spec))
        )
        channels.append(stack.channels)
        self.extra = nn.ModuleList()
        for squeezed, wide in _EXTRA:
            squeeze = stack.layer(_narrow(squeezed), 1, 1)
            self.extra.append(nn.Sequential(squeeze, stack.layer(_narrow(wide), 3, 2)))
            channels.append(stack.channels)
        self.out_channels = channels

    def forward(self, images: Tensor) -> OrderedDict[str, Tensor]:
        maps = [self.body1(images)]
        for stage in (self.body2, *self.extra):
            maps.append(stage(maps[-1]))
        return OrderedDict((str(k), values) for k, values in enumerate(maps))


class _Head(nn.Module):
    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        self.box = self._scores(channels, 4)
        self.cls = self._scores(channels, CLASSES)

    @staticmethod
    def _scores(channels: list[int], columns: int) -> SSDScoringHead:
        convolutions = [
            nn.Conv2d(wide, columns * anchors, 1)
            for wide, anchors in zip(channels, _ANCHORS, strict=True)
        ]
        return SSDScoringHead(nn.ModuleList(convolutions), columns)

    def forward(self, maps: list[Tensor]) -> dict[str, Tensor]:
        return {"bbox_regression": self.box(maps), "cls_logits": self.cls(maps)}


class _StoredAnchors(nn.Module):
    """Anchors as they stand in the file: centre, height and width as shares."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("boxes", torch.zeros(_COUNT, 4))

    def forward(self, images: ImageList, maps: list[Tensor]) -> list[Tensor]:
        y, x, high, wide = self.boxes.unbind(1)  # type: ignore[operator]
        height, width = images.tensors.shape[-2:]
        left, right = (x - wide / 2) * width, (x + wide / 2) * width
        top, bottom = (y - high / 2) * height, (y + high / 2) * height
        return [torch.stack([left, top, right, bottom], 1) for _ in images.image_sizes]


class SigmoidSSD(SSD):  # type: ignore[misc]
    """An SSD whose classes have a sigmoid each; the best one names the box."""

    def postprocess_detections(
        self,
        head_outputs: dict[str, Tensor],
        image_anchors: list[Tensor],
        image_shapes: list[tuple[int, int]],
    ) -> list[dict[str, Tensor]]:
        """Return boxes, scores and labels after non-maximum suppression."""
        found = []
        for offsets, logits, anchors, shape in zip(
            head_outputs["bbox_regression"],
            head_outputs["cls_logits"],
            image_anchors,
            image_shapes,
            strict=True,
        ):
            boxes = self.box_coder.decode_single(offsets, anchors)
            scores, labels = logits.sigmoid()[:, 1:].max(dim=1)
            sure = scores > self.score_thresh
            boxes = clip_boxes_to_image(boxes[sure], shape)
            scores, labels = scores[sure], labels[sure] + 1
            keep = nms(boxes, scores, self.nms_thresh)[: self.detections_per_img]
            kept = {"boxes": boxes[keep], "scores": scores[keep]}
            found.append({**kept, "labels": labels[keep]})
        return found


def load_ssd(folder: Path) -> SSD:
    """Build the network and load its weights from a folder, strictly.

    Args:
        folder: Where `FILE` lies.

    Returns:
        The network in evaluation mode: give it a list of (3, H, W) pictures in [0, 1];
        its labels are COCO's numbers.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    path = folder / FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no {path}; give the folder that holds {FILE}"
        )
    backbone = _Backbone()
    model = SigmoidSSD(
        backbone,
        _StoredAnchors(),
        (SIZE, SIZE),
        CLASSES,
        image_mean=[128 / 255] * 3,
        image_std=[128 / 255] * 3,
        head=_Head(backbone.out_channels),
        score_thresh=0.4,
        nms_thresh=0.6,
        detections_per_img=50,
    )
    weights = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(weights, strict=True)
    return model.eval()
