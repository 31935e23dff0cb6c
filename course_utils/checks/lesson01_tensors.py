"""Lesson 01, first half: where a pixel lies, in which order, and how bright it is."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.redrawn import redraw_brightest

check_brightest = Exercise(
    title="1.1 · Find the brightest pixel",
    reference=(1, 0),
    redraw=redraw_brightest,
    mistakes=(
        Mistake(
            "column_first",
            (0, 1),
            "You wrote the column first. A tensor is indexed `[row, column]`: first "
            "down, then to the right. `patch[0, 1]` is 202.",
        ),
        Mistake(
            "counted_from_one",
            (2, 1),
            "You counted from 1. Rows and columns are counted from 0, so the second "
            "row is row 1 and the first column is column 0.",
        ),
        Mistake(
            "value",
            209,
            "209 is how bright the pixel is. Asked is where it lies: row and column.",
        ),
        Mistake(
            "flat_index",
            8,
            "8 is its place when all rows are laid end to end, which is what "
            "`patch.argmax()` returns. Eight places make one row: 8 = 1 · 8 + 0.",
        ),
        Mistake(
            "first_row_only",
            (0, 0),
            "`patch[0, 0]` is 203, the brightest of the first row. There is a brighter "
            "one further down.",
        ),
        Mistake(
            "darkest",
            (4, 1),
            "`patch[4, 1]` is 19: you found the darkest pixel. Large numbers are "
            "bright.",
        ),
    ),
    praise="Row first, then column; the y axis comes before the x axis, and it points "
    "down.",
)


def _nchw(image: Tensor) -> Tensor:
    """Copy number by number: (H, W, 3), uint8 → (1, 3, H, W), float32."""
    height, width, channels = image.shape
    out = torch.zeros(1, channels, height, width)
    for row in range(height):
        for column in range(width):
            for channel in range(channels):
                out[0, channel, row, column] = image[row, column, channel] / 255
    return out


def _draw_image(generator: torch.Generator) -> tuple[Tensor]:
    height, width = torch.randint(2, 6, (2,), generator=generator).tolist()
    drawn = torch.randint(0, 256, (int(height), int(width), 3), generator=generator)
    return (drawn.to(torch.uint8),)


_red = torch.tensor([[[255, 0, 0]]], dtype=torch.uint8)
_wide = torch.arange(0, 180, 10).reshape(2, 3, 3).to(torch.uint8)
_square = torch.arange(0, 240, 5).reshape(4, 4, 3).to(torch.uint8)

check_to_nchw = Exercise(
    title="1.2 · From a picture file to a batch",
    reference=_nchw,
    cases=(
        Case("a picture of 2 × 3 pixels", (_wide,)),
        Case("a square picture of 4 × 4 pixels", (_square,)),
        Case("one red pixel", (_red,)),
    ),
    draw=_draw_image,
    mistakes=(
        Mistake(
            "reshape",
            lambda image: image.reshape(1, 3, *image.shape[:2]).float() / 255,
            "The shape is right and the picture is scrambled: `reshape` and `view` "
            "deal the numbers out again in their old order. To move an axis, use "
            "`permute(2, 0, 1)`.",
        ),
        Mistake(
            "rows_and_columns_swapped",
            lambda image: image.permute(2, 1, 0)[None].float() / 255,
            "Your picture lies on its side: `permute(2, 1, 0)` also swaps rows and "
            "columns. Height is axis 0 and stays before width: `permute(2, 0, 1)`.",
        ),
        Mistake(
            "no_batch_axis",
            lambda image: image.permute(2, 0, 1).float() / 255,
            "That is (C, H, W), one picture. A network expects a batch, even of one: "
            "add an axis of length 1 in front with `[None]` or `unsqueeze(0)`.",
        ),
        Mistake(
            "channels_still_last",
            lambda image: image[None].float() / 255,
            "That is (N, H, W, C): the channels still stand last. PyTorch wants them "
            "right after N.",
        ),
        Mistake(
            "batch_axis_last",
            lambda image: image.permute(2, 0, 1).unsqueeze(-1).float() / 255,
            "The batch axis stands at the end. N comes first: `unsqueeze(0)`.",
        ),
        Mistake(
            "not_scaled",
            lambda image: image.permute(2, 0, 1)[None].float(),
            "The numbers still run from 0 to 255. Converting the dtype does not scale "
            "them: divide by 255.",
        ),
        Mistake(
            "still_bytes",
            lambda image: image.permute(2, 0, 1)[None],
            "The axes are right; the numbers are still bytes from 0 to 255. Convert "
            "with `.float()`, then divide by 255.",
        ),
        Mistake(
            "whole_number_division",
            lambda image: image.permute(2, 0, 1)[None].float() // 255,
            "`//` drops the fraction, so everything below 255 becomes 0. Divide with "
            "`/`.",
        ),
        Mistake(
            "divided_by_256",
            lambda image: image.permute(2, 0, 1)[None].float() / 256,
            "You divided by 256. There are 256 values but the largest is 255, and "
            "white has to become exactly 1.",
        ),
        Mistake(
            "channels_reversed",
            lambda image: image.flip(2).permute(2, 0, 1)[None].float() / 255,
            "Red and blue are swapped: your order is BGR, as OpenCV has it. PyTorch's "
            "models expect red, green, blue.",
        ),
    ),
    praise="Three lines in one: move the axis, scale the numbers, add the batch.",
)

_WEIGHTS = (0.299, 0.587, 0.114)


def _gray(image: Tensor) -> Tensor:
    """Weigh pixel by pixel: (3, H, W) → (1, H, W)."""
    _, height, width = image.shape
    out = torch.zeros(1, height, width)
    for row in range(height):
        for column in range(width):
            pixel = image[:, row, column].tolist()
            out[0, row, column] = sum(
                weight * value for weight, value in zip(_WEIGHTS, pixel, strict=True)
            )
    return out


def _weigh(image: Tensor, *weights: float) -> Tensor:
    return (image * torch.tensor(weights)[:, None, None]).sum(0, keepdim=True)


def _draw_planes(generator: torch.Generator) -> tuple[Tensor]:
    height, width = torch.randint(2, 6, (2,), generator=generator).tolist()
    return (torch.rand(3, int(height), int(width), generator=generator),)


_primaries = torch.eye(3).reshape(3, 1, 3)  # one row: a red, a green, a blue pixel
_column = torch.tensor([[1.0, 0.0], [0.5, 0.0], [0.0, 1.0]]).reshape(3, 2, 1)

check_to_gray = Exercise(
    title="1.3 · From colour to grey",
    reference=_gray,
    cases=(
        Case("a red, a green and a blue pixel", (_primaries,)),
        Case("an orange pixel above a blue one", (_column,)),
        Case("a white picture", (torch.ones(3, 2, 2),)),
    ),
    draw=_draw_planes,
    mistakes=(
        Mistake(
            "plain_mean",
            lambda image: image.mean(0, keepdim=True),
            "You took the plain mean: one third each. To the eye green is much "
            "brighter than blue, hence the weights 0.299, 0.587, 0.114.",
        ),
        Mistake(
            "sum_without_weights",
            lambda image: image.sum(0, keepdim=True),
            "You added the planes up without weights: white became 3. Weighted, it "
            "stays 1, since the three weights add up to 1.",
        ),
        Mistake(
            "weights_reversed",
            lambda image: _weigh(image, *_WEIGHTS[::-1]),
            "Red got blue's weight and blue got red's. The planes stand in the order "
            "red, green, blue.",
        ),
        Mistake(
            "mean_of_weighted",
            lambda image: _weigh(image, *_WEIGHTS) / 3,
            "You weighted and then took the mean: everything is three times too dark. "
            "The weights add up to 1 already, so add up.",
        ),
        Mistake(
            "no_channel_axis",
            lambda image: _weigh(image, *_WEIGHTS)[0],
            "The values are right, but the channel axis is gone. A grey picture has "
            "one channel, (1, H, W): `sum(0, keepdim=True)` keeps the axis.",
        ),
        Mistake(
            "weights_along_width",
            lambda image: (image * torch.tensor(_WEIGHTS)).sum(0, keepdim=True),
            "Shape (3,) lines up with the last axis, the width: the columns were "
            "weighted. Give the weights shape (3, 1, 1) to line up with the channels. "
            "(On a picture 3 pixels wide there is not even an error.)",
        ),
        Mistake(
            "brightest_channel",
            lambda image: image.amax(0, keepdim=True),
            "You took the largest of the three channels: pure blue became as bright as "
            "white. Weigh and add instead.",
        ),
        Mistake(
            "one_channel",
            lambda image: image[1:2],
            "You took the green plane. That is a fair guess at brightness, but red and "
            "blue count as well.",
        ),
        Mistake(
            "rounded_weight",
            lambda image: _weigh(image, 0.2989, 0.587, 0.114),
            "Very close: torchvision's `rgb_to_grayscale` rounds red's weight to "
            "0.2989. Here it is 0.299.",
        ),
    ),
    praise="These weights are from the age of colour television, and picture libraries "
    "still use them.",
)
