"""What is said of each kind of layer: the formula filled in, or why it cannot work."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from course_utils.arithmetic import trace_shapes


def how(layer: nn.Module, *shape: int) -> str:
    """Return the formula of a layer that stands alone."""
    return trace_shapes(layer, shape).rows[-1].formula


def why(model: nn.Module, *shape: int) -> str:
    """Return why a model cannot take a shape."""
    return trace_shapes(model, shape).problem


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (
            nn.Conv2d(3, 6, 3, padding=1),
            (1, 3, 32, 32),
            "⌊(32 + 2·1 − 1·(3−1) − 1)/1⌋ + 1 = 32",
        ),
        (
            nn.Conv2d(3, 6, (3, 5), stride=(1, 2), dilation=(2, 1)),
            (1, 3, 9, 8),
            "height ⌊(9 + 2·0 − 2·(3−1) − 1)/1⌋ + 1 = 5; "
            "width ⌊(8 + 2·0 − 1·(5−1) − 1)/2⌋ + 1 = 2",
        ),
        (nn.Conv2d(3, 6, 3, padding="same"), (1, 3, 7, 7), 'padding="same" keeps 7'),
        (
            nn.Conv2d(3, 6, 3, padding="valid"),
            (1, 3, 7, 7),
            "⌊(7 + 2·0 − 1·(3−1) − 1)/1⌋ + 1 = 5",
        ),
        (nn.Conv1d(1, 1, 3), (1, 1, 7), "⌊(7 + 2·0 − 1·(3−1) − 1)/1⌋ + 1 = 5"),
        (
            nn.MaxPool2d(2),
            (1, 6, 17, 17),
            "⌊(17 + 2·0 − 1·(2−1) − 1)/2⌋ + 1 = 8",
        ),
        (
            nn.AvgPool2d(2, ceil_mode=True),
            (1, 6, 17, 17),
            "⌈(17 + 2·0 − 1·(2−1) − 1)/2⌉ + 1 = 9",
        ),
        (
            nn.MaxPool2d(2, stride=3, padding=1, ceil_mode=True),
            (1, 1, 5, 5),
            "⌈(5 + 2·1 − 1·(2−1) − 1)/3⌉ = 2 "
            "(one more window would start in the padding)",
        ),
        (
            nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1),
            (1, 1, 16, 16),
            "(16−1)·2 − 2·1 + 1·(4−1) + 0 + 1 = 32",
        ),
        (nn.AdaptiveAvgPool2d(1), (1, 6, 8, 5), "set by output_size: 1"),
        (
            nn.AdaptiveMaxPool2d((None, 2)),
            (1, 6, 8, 5),
            "height size kept: 8; width set by output_size: 2",
        ),
        (nn.Flatten(), (1, 6, 8, 8), "6·8·8 = 384"),
        (nn.Flatten(start_dim=-2), (1, 6, 8, 9), "8·9 = 72"),
        (nn.Linear(84, 10), (1, 84), "84 features → 10"),
        (nn.BatchNorm2d(6), (1, 6, 8, 8), "same shape"),
        (nn.PixelShuffle(2), (1, 4, 8, 8), ""),
    ],
)
def test_formula_is_filled_in(
    layer: nn.Module, shape: tuple[int, ...], expected: str
) -> None:
    assert how(layer, *shape) == expected


def test_no_formula_where_a_layer_does_more_than_its_class() -> None:
    class Twice(nn.Conv2d):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(super().forward(x))

    assert how(Twice(1, 1, 3), 1, 1, 9, 9) == ""


@pytest.mark.parametrize(
    ("model", "shape", "sentence"),
    [
        (
            nn.Sequential(nn.Flatten(), nn.Linear(256, 10)),
            (1, 1152),
            "✗ Stopped at 1 (Linear): got 1152 features but in_features is 256; "
            "in_features must be 1152: write nn.Linear(1152, 10).",
        ),
        (
            nn.Linear(256, 10),
            (1, 2, 6, 6),
            "whose last axis has 6 values, but in_features is 256; in_features must be "
            "the length of the last axis: put nn.Flatten() before it and write "
            "nn.Linear(72, 10).",
        ),
        (nn.Linear(72, 10), (1, 2, 6, 6), "put nn.Flatten() before it."),
        (
            nn.Conv2d(3, 6, 5),
            (1, 1, 28, 28),
            "got 1 channel, shape (1, 1, 28, 28), but in_channels is 3; in_channels "
            "must be 1: write nn.Conv2d(1, 6, kernel_size=5, …).",
        ),
        (
            nn.BatchNorm2d(6),
            (1, 16, 8, 8),
            "num_features must be 16: write nn.BatchNorm2d(16).",
        ),
        (
            nn.Conv2d(3, 6, 5),
            (1, 3, 32, 4),
            "along the width, kernel spans 5 pixels but the padded input has only 4; "
            "lower kernel_size or dilation, or raise padding.",
        ),
        (
            nn.MaxPool2d(4),
            (1, 6, 2, 8),
            "along the height, kernel spans 4 pixels but the padded input has only 2",
        ),
        (
            nn.Sequential(nn.Flatten(), nn.Conv2d(3, 6, 3)),
            (1, 3, 8, 8),
            "got 2 axes, shape (1, 192), but Conv2d needs 4, (N, C, H, W): put it "
            "where the image still has its height and width",
        ),
        (
            nn.Conv2d(1, 1, 3, padding=4, padding_mode="reflect"),
            (1, 1, 4, 4),
            "got shape (1, 1, 4, 4); PyTorch says “",
        ),
    ],
)
def test_impossible_layer_is_explained(
    model: nn.Module, shape: tuple[int, ...], sentence: str
) -> None:
    assert sentence in why(model, *shape)
