"""Our own segmenter: torchvision's DeepLabV3 on SqueezeNet 1.1, for the drawn world.

It is trained by `tools.train_segmenter` and shipped in ``data/weights``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from torch import nn
    from torchvision.models.segmentation import DeepLabV3

RATES: Final = (2, 4, 6)  # dilations of the pyramid, in steps of 8 pixels
WIDTH: Final = 64  # channels of the pyramid
DROPOUT: Final = 0.1  # torchvision's half is too much for so narrow a pyramid


def build_segmenter(num_classes: int = 11) -> DeepLabV3:
    """Build DeepLabV3 on the convolutions of SqueezeNet 1.1, with random weights.

    The body divides height and width by 8, not by 16: the last pooling keeps its
    window and loses its stride, and the 3×3 convolutions after it are dilated by 2, so
    that each still meets the pixels that it was trained on (Chen et al., 2017,
    section 3.1). Two paddings centre the cells of the feature maps on the pixels that
    the final upsampling takes them for.

    Args:
        num_classes: Number of classes, background included.

    Shape:
        - Input: (N, 3, H, W), normalised like ImageNet.
        - Output: ``{"out": logits}``, logits (N, num_classes, H, W).
    """
    from torch import nn
    from torchvision.models import squeezenet1_1
    from torchvision.models._utils import IntermediateLayerGetter
    from torchvision.models.segmentation import DeepLabV3
    from torchvision.models.segmentation.deeplabv3 import ASPP

    body = squeezenet1_1(weights=None).features
    _halve_the_stride(body)
    pyramid = ASPP(512, list(RATES), WIDTH)
    pyramid.project[3].p = DROPOUT
    head = nn.Sequential(
        pyramid,
        nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False),
        nn.BatchNorm2d(WIDTH),
        nn.ReLU(inplace=True),
        nn.Conv2d(WIDTH, num_classes, 1),
    )
    return DeepLabV3(IntermediateLayerGetter(body, {"12": "out"}), head)


def _halve_the_stride(body: nn.Module) -> None:
    """Change SqueezeNet's features in place from output stride 16 to 8."""
    layers: dict[str, Any] = dict(body.named_children())
    layers["0"].padding = (1, 1)
    layers["2"].padding, layers["2"].ceil_mode = 1, False
    layers["8"].stride, layers["8"].padding, layers["8"].ceil_mode = 1, 1, False
    for name in ("9", "10", "11", "12"):
        wide = layers[name].expand3x3
        wide.dilation, wide.padding = (2, 2), (2, 2)
