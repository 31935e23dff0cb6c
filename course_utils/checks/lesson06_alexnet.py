"""Exercise 6.2: how large the last maps of AlexNet are."""

from __future__ import annotations

import torch
from torch import nn

from course_utils.checks.engine import Case, Exercise, Mistake


def _alexnet_side(
    image_size: int,
    padding: int = 0,
    pooling: tuple[int, int] = (3, 2),
    poolings: int = 3,
    inner_padding: int = 2,
) -> int:
    """Ask the layers themselves; the defaults are AlexNet's."""
    pool = nn.MaxPool2d(*pooling)
    layers: list[nn.Module] = [nn.Conv2d(1, 1, 11, stride=4, padding=padding), pool]
    layers += [nn.Conv2d(1, 1, 5, padding=inner_padding)]
    layers += [pool] * (poolings - 2)
    layers += [nn.Conv2d(1, 1, 3, padding=min(1, inner_padding))] * 3
    layers += [pool]
    network = nn.Sequential(*layers).to("meta")
    shape = (1, 1, image_size, image_size)
    return int(network(torch.empty(shape, device="meta")).shape[-1])


check_alexnet_side = Exercise(
    title="6.2 · The last maps of AlexNet",
    reference=_alexnet_side,
    cases=(
        Case("227 pixels, no padding", (227, 0)),
        Case("224 pixels, padding 2 (torchvision)", (224, 2)),
        Case("224 pixels, no padding (the paper's words)", (224, 0)),
        Case("256 pixels, no padding (the slide)", (256, 0)),
        Case("225 pixels, padding 2", (225, 2)),
        Case("300 pixels, no padding", (300, 0)),
    ),
    mistakes=(
        Mistake(
            "pooling_2x2",
            lambda size, padding: _alexnet_side(size, padding, pooling=(2, 2)),
            "Either you pooled 2 × 2, or you rounded up. AlexNet's windows overlap "
            "(kernel size 3, stride 2), and one that does not fit wholly is left out: "
            "62 becomes 30, not 31.",
        ),
        Mistake(
            "pooling_stride_3",
            lambda size, padding: _alexnet_side(size, padding, pooling=(3, 3)),
            "Your poolings move by 3, PyTorch's default for a window of 3. AlexNet's "
            "windows overlap: stride 2.",
        ),
        Mistake(
            "one_pooling_missing",
            lambda size, padding: _alexnet_side(size, padding, poolings=2),
            "One pooling is missing: there is one after the first, the second and the "
            "fifth convolution.",
        ),
        Mistake(
            "inner_padding_missing",
            lambda size, padding: _alexnet_side(size, padding, inner_padding=0),
            "The later convolutions are padded (2 for the 5 × 5, 1 for the 3 × 3) and "
            "keep the size. Yours lose pixels.",
        ),
        Mistake(
            "padding_ignored",
            lambda size, padding: _alexnet_side(size, 0),
            "You did not use `padding`: the first convolution has it on both sides.",
        ),
        Mistake(
            "padding_once",
            lambda size, padding: _alexnet_side(size + padding, 0),
            "You added the padding on one side only. It is per side: size + 2 · "
            "padding.",
        ),
    ),
    draw=lambda generator: (
        int(torch.randint(80, 400, (), generator=generator)),
        int(torch.randint(0, 4, (), generator=generator)),
    ),
    praise="227 and the padded 224 give 6; the paper's bare 224 gives 5; the slide's "
    "256 gives 6 again, by rounding. That the shapes fit proves nothing.",
)
