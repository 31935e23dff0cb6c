"""Exercises 4.4 and 4.6: two whole networks, judged by what they compute."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.filled import logits_of
from course_utils.networks import LabCNN, LectureCNN


class _Variant(LectureCNN):
    """The lecture's network with something wrong in it."""

    def __init__(self, num_classes: int = 10, mistake: str = "") -> None:
        super().__init__(num_classes)
        self.mistake = mistake
        if mistake == "in_features_of_the_input":
            self.fc1 = nn.Linear(6 * 32 * 32, 120)
        if mistake == "no_padding":
            self.conv1 = nn.Conv2d(3, 6, kernel_size=3)
            self.conv2 = nn.Conv2d(6, 6, kernel_size=3)
            self.fc1 = nn.Linear(6 * 6 * 6, 120)
        if mistake == "pooled_once":
            self.fc1 = nn.Linear(6 * 16 * 16, 120)
        if mistake == "ten_classes_fixed":
            self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Go through the layers, one of them wrong."""
        act: Callable[[Tensor], Tensor] = self.act1
        wrong = self.mistake
        bend = nn.Identity() if wrong == "no_activation" else act
        x = self.pool1(bend(self.conv1(x)))
        x = bend(self.conv2(x))
        x = x if wrong == "pooled_once" else self.pool1(x)
        x = x.reshape(1, -1) if wrong == "batch_flattened" else self.flat(x)
        between = nn.Identity() if wrong in ("linear_head", "no_activation") else act
        x = self.fc3(between(self.fc2(between(self.fc1(x)))))
        if wrong == "relu_on_logits":
            return F.relu(x)
        return x.softmax(dim=1) if wrong == "softmax_at_the_end" else x


def _with(mistake: str) -> Callable[..., nn.Module]:
    return partial(_Variant, mistake=mistake)


def _images(count: int, size: int = 32) -> Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randn(count, 3, size, size, generator=generator)


check_cnn = Exercise(
    title="4.4 · The whole network",
    reference=LectureCNN,
    use=logits_of,
    cases=(
        Case("four images, ten classes", ({"num_classes": 10}, _images(4))),
        Case("one image, three classes", ({"num_classes": 3}, _images(1))),
        Case("two images, ten classes", ({"num_classes": 10}, _images(2))),
    ),
    mistakes=(
        Mistake(
            "softmax_at_the_end",
            _with("softmax_at_the_end"),
            "Your rows are probabilities: there is a softmax at the end. Return the "
            "logits; the loss does the softmax itself.",
        ),
        Mistake(
            "relu_on_logits",
            _with("relu_on_logits"),
            "You sent the logits through a ReLU too, so none can be negative. The last "
            "layer has no activation.",
        ),
        Mistake(
            "no_activation",
            _with("no_activation"),
            "There is no activation at all. The shapes are right, but a stack of "
            "linear layers can do no more than a single one.",
        ),
        Mistake(
            "linear_head",
            _with("linear_head"),
            "The activations between the fully connected layers are missing: without "
            "them, fc1, fc2 and fc3 in a row can do no more than one layer.",
        ),
        Mistake(
            "in_features_of_the_input",
            _with("in_features_of_the_input"),
            "`fc1` expects 6 · 32 · 32 = 6144 values, as if no pooling had been. Two "
            "poolings leave 8 × 8: 6 · 8 · 8 = 384.",
        ),
        Mistake(
            "pooled_once",
            _with("pooled_once"),
            "You pool once, so 16 × 16 is left and `fc1` grows to 1536 inputs. There "
            "is a pooling after each convolution.",
        ),
        Mistake(
            "no_padding",
            _with("no_padding"),
            "Your convolutions have no padding, so each takes two pixels away and "
            "6 · 6 · 6 = 216 values are left. With `padding=1` they keep the size.",
        ),
        Mistake(
            "batch_flattened",
            _with("batch_flattened"),
            "You flattened the batch along with the images. One image passes, four "
            "come out as one long row. `nn.Flatten()` keeps the first axis.",
        ),
        Mistake(
            "ten_classes_fixed",
            _with("ten_classes_fixed"),
            "The output has ten classes whatever is asked for. Use `num_classes`.",
        ),
    ),
    praise="57,712 parameters, and every one in its place.",
)


def _lab(
    features: Callable[[int], int],
    tail: tuple[nn.Module, ...] = (),
    pooling: tuple[int, int] = (2, 2),
    padding: int = 0,
    flatten: Callable[[], nn.Module] = nn.Flatten,
) -> Callable[..., nn.Module]:
    """Return a maker of lecture C's network with something changed."""

    def make(image_size: int = 32, num_classes: int = 10) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(3, 16, kernel_size=3, padding=padding),
            nn.MaxPool2d(pooling[0]),
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3, padding=padding),
            nn.MaxPool2d(pooling[1]),
            nn.ReLU(),
            flatten(),
            nn.Linear(features(image_size), num_classes),
            *tail,
        )

    return make


class _Rows64(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(64, -1)


def _right(image_size: int) -> int:
    return 32 * (((image_size - 2) // 2 - 2) // 2) ** 2


check_lab_network = Exercise(
    title="4.6 · Mend lecture C's network",
    reference=LabCNN,
    use=logits_of,
    cases=(
        Case("64 images of 32 × 32", ({"image_size": 32}, _images(64))),
        Case("five images of 28 × 28", ({"image_size": 28}, _images(5, 28))),
        Case("one image of 33 × 33", ({"image_size": 33}, _images(1, 33))),
    ),
    mistakes=(
        Mistake(
            "the_slides_256",
            _lab(lambda _: 256),
            "256 inputs fit no square image: 256 is 32 maps of 8 values, and no "
            "square has 8. At 32 × 32 the maps are 6 × 6.",
        ),
        Mistake(
            "size_fixed_at_32",
            _lab(lambda _: 1152),
            "1152 is right for 32 × 32 and for no other size. Compute it from "
            "`image_size`.",
        ),
        Mistake(
            "halved_only",
            _lab(lambda size: 32 * (size // 4) ** 2),
            "You counted the poolings and forgot that a 3 × 3 convolution without "
            "padding takes two pixels away: 32 → 30 → 15 → 13 → 6.",
        ),
        Mistake(
            "convolutions_only",
            _lab(lambda size: 32 * (size - 4) ** 2),
            "You counted the convolutions and forgot that each pooling halves what is "
            "left: 32 → 30 → 15 → 13 → 6.",
        ),
        Mistake(
            "padding_added",
            _lab(lambda size: 32 * (size // 4) ** 2, padding=1),
            "You added padding, which the slide's convolutions do not have: "
            "32 → 30 → 15 → 13 → 6, so 32 · 6 · 6 = 1152.",
        ),
        Mistake(
            "side_not_squared",
            _lab(lambda size: 32 * (((size - 2) // 2 - 2) // 2)),
            "You counted one row of each map. A map has height times width values: "
            "32 · 6 · 6 = 1152.",
        ),
        Mistake(
            "second_pooling_forgotten",
            _lab(lambda size: 32 * ((size - 2) // 2 - 2) ** 2, pooling=(2, 1)),
            "The second pooling is missing: 13 × 13 goes on to the linear layer. It "
            "should become 6 × 6.",
        ),
        Mistake(
            "softmax_at_the_end",
            _lab(_right, tail=(nn.Softmax(dim=1),)),
            "Your rows are probabilities: there is a softmax at the end. The slide has "
            "none, and rightly so: the loss does it.",
        ),
        Mistake(
            "batch_of_64_fixed",
            _lab(_right, flatten=_Rows64),
            "The batch size 64 is written into your network. The last batch of an "
            "epoch is smaller, and a single image is a batch of one: take N from "
            "`x.shape[0]`, or use `nn.Flatten()`.",
        ),
        Mistake(
            "relu_on_logits",
            _lab(_right, tail=(nn.ReLU(),)),
            "You sent the logits through a ReLU, so none can be negative. The last "
            "layer has no activation.",
        ),
    ),
    praise="Written with symbols, it fits images of 32, 28 and 33 pixels alike.",
)
