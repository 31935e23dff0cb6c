"""Exercise 6.1: LeNet-5, judged by what it computes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.filled import logits_of


class _LeNet5(nn.Module):
    """LeNet-5 as the lesson builds it, or with something wrong in it."""

    def __init__(self, num_classes: int = 10, mistake: str = "") -> None:
        super().__init__()
        self.mistake = mistake
        padding = 2 if mistake == "padded" else 0
        side = {"padded": 6, "pooled_once": 10}.get(mistake, 5)
        features = 120 if mistake == "no_layer_of_84" else 84
        classes = 10 if mistake == "ten_classes_fixed" else num_classes
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=padding)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * side * side, 120)
        self.fc2 = nn.Identity() if features == 120 else nn.Linear(120, 84)
        self.fc3 = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Go through the layers, one of them wrong."""
        wrong = self.mistake
        bend = F.relu if wrong == "relu" else torch.tanh
        pool = F.max_pool2d if wrong == "max_pooling" else F.avg_pool2d
        if wrong == "pooled_before_tanh":
            x = bend(pool(self.conv1(x), 2))
            x = bend(pool(self.conv2(x), 2))
        else:
            x = pool(bend(self.conv1(x)), 2)
            x = bend(self.conv2(x))
            x = x if wrong == "pooled_once" else pool(x, 2)
        x = x.reshape(1, -1) if wrong == "batch_flattened" else x.flatten(1)
        between = nn.Identity() if wrong == "linear_head" else bend
        x = between(self.fc1(x))
        x = x if wrong == "no_layer_of_84" else between(self.fc2(x))
        x = self.fc3(x)
        if wrong == "tanh_on_logits":
            return torch.tanh(x)
        return x.softmax(dim=1) if wrong == "softmax_at_the_end" else x


def _with(mistake: str) -> Callable[..., nn.Module]:
    return partial(_LeNet5, mistake=mistake)


def _images(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randn(count, 1, 32, 32, generator=generator)


check_lenet5 = Exercise(
    title="6.1 · LeNet-5",
    reference=_LeNet5,
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
            "Your rows are probabilities: there is a softmax at the end. The slide's "
            "“10 outputs (softmax)” belongs to the loss; return logits.",
        ),
        Mistake(
            "tanh_on_logits",
            _with("tanh_on_logits"),
            "You sent the logits through tanh too, so none can leave −1 … 1. The last "
            "layer has no activation.",
        ),
        Mistake(
            "relu",
            _with("relu"),
            "You used ReLU. That came with AlexNet, fourteen years later: LeNet-5's "
            "activation is tanh.",
        ),
        Mistake(
            "max_pooling",
            _with("max_pooling"),
            "You took the maximum. LeNet-5's sub-sampling is an average: "
            "`nn.AvgPool2d(2)`.",
        ),
        Mistake(
            "pooled_before_tanh",
            _with("pooled_before_tanh"),
            "You pool before the tanh. Wanted is convolution, tanh, pooling: the "
            "mean of four tanhs is not the tanh of the mean.",
        ),
        Mistake(
            "linear_head",
            _with("linear_head"),
            "The tanh between the fully connected layers is missing, so all three "
            "together can do no more than one.",
        ),
        Mistake(
            "padded",
            _with("padded"),
            "Your first convolution is padded, so 32 stays 32 and `fc1` gets "
            "16 · 6 · 6 = 576 values. (With images of 28 × 28 padding 2 is right: it "
            "makes them 32 × 32.)",
        ),
        Mistake(
            "pooled_once",
            _with("pooled_once"),
            "The second pooling is missing: 10 × 10 goes on, and `fc1` grows to 1600 "
            "inputs. There is a pooling after each convolution.",
        ),
        Mistake(
            "no_layer_of_84",
            _with("no_layer_of_84"),
            "The layer of 84 is missing: 400 → 120 → 84 → 10.",
        ),
        Mistake(
            "batch_flattened",
            _with("batch_flattened"),
            "You flattened the batch along with the images. `x.flatten(1)` keeps the "
            "first axis.",
        ),
        Mistake(
            "ten_classes_fixed",
            _with("ten_classes_fixed"),
            "The output has ten classes whatever is asked for. Use `num_classes`.",
        ),
    ),
    praise="61,706 parameters that read cheques in 1998.",
)
