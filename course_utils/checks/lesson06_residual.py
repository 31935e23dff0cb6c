"""Exercise 6.9: a residual block, judged by what it computes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.filled import in_both_modes


class _Block(nn.Module):
    """The two-convolution block of ResNet-18, or one with something wrong in it."""

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, mistake: str = ""
    ) -> None:
        super().__init__()
        self.mistake = wrong = mistake
        bias = wrong == "biases"
        first, second = (stride, 1)
        if wrong == "stride_in_the_second":
            first, second = 1, stride
        if wrong == "stride_twice":
            second = stride
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, first, 1, bias=bias)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, second, 1, bias=bias)
        normless = wrong == "no_batch_norm"
        self.bn1 = nn.Identity() if normless else nn.BatchNorm2d(out_channels)
        self.bn2 = nn.Identity() if normless else nn.BatchNorm2d(out_channels)
        changes = in_channels != out_channels or stride != 1
        self.projection: nn.Module = nn.Identity()
        if (changes and wrong != "no_projection") or wrong == "always_projected":
            self.projection = self._project(in_channels, out_channels, stride)

    def _project(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        wrong = self.mistake
        size = 3 if wrong == "projection_3x3" else 1
        step = 1 if wrong == "projection_without_stride" else stride
        conv = nn.Conv2d(in_channels, out_channels, size, step, size // 2, bias=False)
        if wrong == "projection_without_norm":
            return conv
        return nn.Sequential(conv, nn.BatchNorm2d(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Add the input to what two convolutions make of it, one step wrong."""
        wrong = self.mistake
        first = self.bn1(self.conv1(x))
        first = first if wrong == "no_relu_between" else F.relu(first)
        out = self.bn2(self.conv2(first))
        if wrong in ("relu_before_addition", "relu_twice"):
            out = F.relu(out)
        if wrong == "skip_from_the_middle":
            out = out + first
        elif wrong != "no_skip":
            out = out + self.projection(x)
        bent = wrong not in ("relu_before_addition", "no_last_relu")
        result: Tensor = F.relu(out) if bent else out
        return result


def _with(mistake: str) -> Callable[..., nn.Module]:
    return partial(_Block, mistake=mistake)


def _case(name: str, in_channels: int, out_channels: int, stride: int) -> Case:
    generator = torch.Generator().manual_seed(in_channels + out_channels + stride)
    maps = torch.randn(3, in_channels, 8, 8, generator=generator)
    arguments = {
        "in_channels": in_channels,
        "out_channels": out_channels,
        "stride": stride,
    }
    return Case(name, (arguments, maps))


def _reference(in_channels: int, out_channels: int, stride: int = 1) -> nn.Module:
    from torchvision.models.resnet import BasicBlock  # takes a second to import

    downsample = None
    if in_channels != out_channels or stride != 1:
        downsample = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
            nn.BatchNorm2d(out_channels),
        )
    block: nn.Module = BasicBlock(in_channels, out_channels, stride, downsample)
    return block


check_residual_block = Exercise(
    title="6.9 · A residual block",
    reference=_reference,
    use=in_both_modes,
    seconds=20,
    cases=(
        _case("same channels, stride 1", 8, 8, 1),
        _case("twice the channels, stride 2", 8, 16, 2),
        _case("twice the channels, stride 1", 6, 12, 1),
        _case("same channels, stride 2", 8, 8, 2),
    ),
    mistakes=(
        Mistake(
            "relu_before_addition",
            _with("relu_before_addition"),
            "Your last ReLU comes before the addition, so the block can only ever add "
            "and never take away. Add first, then ReLU.",
        ),
        Mistake(
            "relu_twice",
            _with("relu_twice"),
            "There is a ReLU before the addition as well as after it. The first one "
            "forbids the block to take anything away from its input.",
        ),
        Mistake(
            "no_last_relu",
            _with("no_last_relu"),
            "The ReLU after the addition is missing.",
        ),
        Mistake(
            "no_relu_between",
            _with("no_relu_between"),
            "The ReLU between the two convolutions is missing.",
        ),
        Mistake(
            "no_skip",
            _with("no_skip"),
            "The input is not added: that is a plain block.",
        ),
        Mistake(
            "skip_from_the_middle",
            _with("skip_from_the_middle"),
            "You added what comes out of the first convolution. The skip begins at the "
            "block's *input*; keep it before `x` is overwritten.",
        ),
        Mistake(
            "no_projection",
            _with("no_projection"),
            "The input has another shape than what it is added to. Where channels or "
            "stride change, the skip needs a 1 × 1 convolution with that stride.",
        ),
        Mistake(
            "projection_without_stride",
            _with("projection_without_stride"),
            "Your projection changes the channels and forgets the stride, so that a "
            "large map meets a small one.",
        ),
        Mistake(
            "projection_without_norm",
            _with("projection_without_norm"),
            "After the projection's 1 × 1 convolution comes a batch norm, as after "
            "every convolution of this network.",
        ),
        Mistake(
            "projection_3x3",
            _with("projection_3x3"),
            "The projection is a 1 × 1 convolution: it only has to match channels and "
            "size.",
        ),
        Mistake(
            "always_projected",
            _with("always_projected"),
            "You project even where the shapes fit. There the input itself is added, "
            "untouched: that is what gives gradients a free way.",
        ),
        Mistake(
            "biases",
            _with("biases"),
            "Your convolutions have biases. The batch norm behind takes the mean off, "
            "and any bias with it; `bias=False`.",
        ),
        Mistake(
            "no_batch_norm",
            _with("no_batch_norm"),
            "The batch norms after the two convolutions are missing.",
        ),
        Mistake(
            "stride_in_the_second",
            _with("stride_in_the_second"),
            "The shapes are right, but the stride belongs to the first convolution: "
            "yours computes the first one at all positions, four times the work.",
        ),
        Mistake(
            "stride_twice",
            _with("stride_twice"),
            "Both convolutions move by the stride, so the map shrinks twice. Only the "
            "first one does.",
        ),
    ),
    praise="The same as torchvision's, in training and in evaluation.",
)
