"""Exercises 3.7 to 3.9: ReLU, flattening, and the width of the layer that follows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

check_relu = Exercise(
    title="3.7 · ReLU without `nn.ReLU`",
    reference=F.relu,
    cases=(
        Case("−2, −0.5, 0, 0.5, 2", (torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0]),)),
        Case("a matrix", (torch.tensor([[3.0, -4.0], [-0.25, 0.75]]),)),
        Case("negative numbers only", (torch.tensor([-1.0, -7.0]),)),
    ),
    mistakes=(
        Mistake(
            "absolute_value",
            torch.abs,
            "You turned −2 into 2: that is the absolute value. ReLU turns every "
            "negative number into 0.",
        ),
        Mistake(
            "capped_at_1",
            lambda x: x.clamp(0, 1),
            "You cut off at 1 as well: 2 became 1. ReLU has no upper limit: "
            "`clamp(min=0)`.",
        ),
        Mistake(
            "step",
            lambda x: (x > 0).to(x.dtype),
            "You return 1 wherever x is positive: that is ReLU's *slope*. ReLU "
            "itself returns x there.",
        ),
        Mistake(
            "sign_turned",
            lambda x: x.clamp(max=0),
            "You kept the negative numbers and removed the positive ones, as "
            "`clamp(max=0)` does. ReLU is max(0, x): `clamp(min=0)`.",
        ),
        Mistake(
            "leaky",
            lambda x: F.leaky_relu(x),
            "−2 became −0.02: this is the leaky ReLU, which lets a hundredth of the "
            "negative side through. The plain one lets nothing through.",
        ),
        Mistake(
            "values_dropped",
            lambda x: x[x > 0],
            "You kept the positive values only and lost the places of the others. "
            "The result has the shape of the input, with zeros in it.",
        ),
        Mistake(
            "one_maximum_for_all",
            lambda x: x.max().clamp(min=0),
            "`x.max()` is the largest value of the whole tensor, one number. ReLU "
            "compares each value with 0 by itself.",
        ),
    ),
    draw=lambda generator: (torch.randn(2, 3, 4, generator=generator),),
    praise="max(0, x), value by value, and the input is left as it was.",
)


def _numbered(*shape: int) -> Tensor:
    return torch.arange(float(math.prod(shape))).reshape(shape)


check_flatten_images = Exercise(
    title="3.8 · One row an image",
    reference=lambda images: torch.flatten(images, start_dim=1),
    cases=(
        Case("32 images of (1, 5, 5)", (_numbered(32, 1, 5, 5),)),
        Case("2 images of (3, 4, 5)", (_numbered(2, 3, 4, 5),)),
        Case("a single image of (6, 8, 8)", (_numbered(1, 6, 8, 8),)),
        Case(
            "a batch that was permuted from (N, H, W, C)",
            (_numbered(2, 4, 5, 3).permute(0, 3, 1, 2),),
        ),
    ),
    mistakes=(
        Mistake(
            "batch_flattened_too",
            lambda images: images.flatten(),
            "All images ended in one long row: the batch is gone. Leave the first "
            "axis alone: `start_dim=1`.",
        ),
        Mistake(
            "channels_kept",
            lambda images: images.flatten(start_dim=2),
            "You flattened height and width only, so each image still has its channels "
            "as an axis. Everything after N becomes one axis: `start_dim=1`.",
        ),
        Mistake(
            "images_mixed",
            lambda images: images.reshape(-1, images.shape[0]).T,
            "The shape is right and the values are not: each of your rows mixes all "
            "images. `reshape` deals the numbers out in their order; it does not "
            "transpose. Keep N first: `reshape(N, -1)`.",
        ),
        Mistake(
            "channels_last",
            lambda images: images.permute(0, 2, 3, 1).flatten(start_dim=1),
            "Each row holds the right values in another order: the channels of a "
            "pixel stand side by side. PyTorch's order is (C, H, W): all of channel "
            "0, row by row, then all of channel 1.",
        ),
        Mistake(
            "fixed_25",
            lambda images: images.reshape(-1, 25),
            "25 is right for images of (1, 5, 5) only. On others it either fails or, "
            "worse, cuts an image into several rows. Fix N and let −1 stand for the "
            "rest: `reshape(images.shape[0], -1)`.",
        ),
        Mistake(
            "view_of_permuted",
            lambda images: images.view(images.shape[0], -1),
            "`view` never copies, so it refuses a tensor whose values do not lie in "
            "order in memory, such as a permuted one. `reshape` and `flatten` copy "
            "when they must.",
        ),
        Mistake(
            "rows_and_columns_swapped",
            lambda images: images.transpose(2, 3).flatten(start_dim=1),
            "Your rows run down the columns of the image. In PyTorch's order the last "
            "axis, W, moves fastest: along a row first.",
        ),
    ),
    draw=lambda generator: (torch.randn(3, 2, 4, 3, generator=generator),),
    praise="N stays, everything else becomes one axis, in the order C, H, W.",
)

Layer = tuple[int, int, int]
Sizes = Callable[[int, int, int, int], int]


def _in_features(image_size: int, channels: int, layers: Sequence[Layer]) -> int:
    """Cut windows from a line of zeros, layer by layer, and count them."""
    line = torch.zeros(image_size)
    for kernel_size, stride, padding in layers:
        windows = F.pad(line, (padding, padding)).unfold(0, kernel_size, stride)
        line = windows.sum(dim=1)
    return channels * line.numel() ** 2


def _size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel_size) // stride + 1


def _features_by(
    size: Sizes = _size,
    total: Callable[[int, int], int] = lambda channels, side: channels * side**2,
    kept: slice = slice(None),
) -> Callable[..., int]:
    """Return a count with another size formula, another total, or layers left out."""

    def wrong(image_size: int, channels: int, layers: Sequence[Layer]) -> int:
        side = image_size
        for layer in layers[kept]:
            side = size(side, *layer)
        return total(channels, side)

    return wrong


_CONV: Final = (3, 1, 1)  # (kernel_size, stride, padding)
_POOL: Final = (2, 2, 0)
_LECTURE_NETWORK: Final = (_CONV, _POOL, _CONV, _POOL)
_LENET: Final = ((5, 1, 0), _POOL, (5, 1, 0), _POOL)


def _draw_network(generator: torch.Generator) -> tuple[Any, ...]:
    pick = torch.randint(0, 4, (3,), generator=generator).tolist()
    kinds = (_CONV, _POOL, (5, 1, 0), (3, 2, 1))
    size, channels = torch.randint(20, 64, (2,), generator=generator).tolist()
    return size, channels, tuple(kinds[i] for i in pick)


check_in_features = Exercise(
    title="3.9 · The next layer's in_features",
    reference=_in_features,
    cases=(
        Case("lecture I's network on 32 × 32", (32, 6, _LECTURE_NETWORK)),
        Case("LeNet's convolutions and poolings on 32 × 32", (32, 16, _LENET)),
        Case("the lecture's network on 28 × 28", (28, 6, _LECTURE_NETWORK)),
        Case("a pooling that leaves a rest", (33, 4, (_POOL, (3, 2, 1)))),
    ),
    mistakes=(
        Mistake(
            "channels_forgotten",
            _features_by(total=lambda _, side: side**2),
            "The channels are missing. After lecture I's layers each image is "
            "(6, 8, 8): six maps of 64 values, 6 · 8 · 8 = 384.",
        ),
        Mistake(
            "side_not_squared",
            _features_by(total=lambda channels, side: channels * side),
            "You counted one row of each map. A map has height times width values: "
            "6 · 8 · 8, not 6 · 8.",
        ),
        Mistake(
            "input_size_used",
            _features_by(kept=slice(0, 0)),
            "You took the size of the input image. Each pooling halves it on the "
            "way: 32 → 16 → 8.",
        ),
        Mistake(
            "last_layer_forgotten",
            _features_by(kept=slice(None, -1)),
            "The last layer is missing. Flattening comes after all of them: with "
            "the second pooling, 16 becomes 8.",
        ),
        Mistake(
            "padding_forgotten",
            _features_by(lambda size, k, stride, _: _size(size, k, stride, 0)),
            "You left the padding out. A 3 × 3 convolution with padding 1 keeps 32 "
            "at 32; without it 30 would be left.",
        ),
        Mistake(
            "padding_on_one_side",
            _features_by(lambda size, k, stride, p: (size + p - k) // stride + 1),
            "You added the padding once. It stands on each side: size + 2 · padding.",
        ),
        Mistake(
            "stride_forgotten",
            _features_by(lambda size, k, _, padding: _size(size, k, 1, padding)),
            "You left the stride out. A pooling with stride 2 makes 16 of 32, not 31.",
        ),
        Mistake(
            "rounded_up",
            _features_by(
                lambda size, k, stride, p: math.ceil((size + 2 * p - k) / stride) + 1
            ),
            "You rounded up where the window does not fit evenly. Convolution and "
            "pooling both round down, layer by layer.",
        ),
        Mistake(
            "every_layer_halves",
            _features_by(lambda size, *_: size // 2),
            "You halved at every layer. Only the poolings halve here: a 3 × 3 "
            "convolution with padding 1 and stride 1 keeps the size.",
        ),
    ),
    draw=_draw_network,
    praise="C · H · W: you will never again have to guess this number.",
)
