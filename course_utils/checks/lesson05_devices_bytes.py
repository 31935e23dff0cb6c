"""Exercise 5.5: a layer that turns bytes into floats, wherever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Formula = Callable[[Tensor, Tensor, Tensor], Tensor]
MakeLayer = Callable[[Tensor, Tensor], nn.Module]

OTHER = "meta"


def _normalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return (images.float() / 255 - mean) / std


class _Layer(nn.Module):
    """A layer that keeps its statistics in one way or another.

    Args:
        mean: Of each channel, (C,).
        std: Of each channel, (C,).
        keep: ``"buffer"``, ``"attribute"`` or ``"parameter"``.
        formula: Of images, mean and std.
        shape: In which the statistics are kept.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        mean: Tensor,
        std: Tensor,
        keep: str = "buffer",
        formula: Formula = _normalise,
        shape: tuple[int, ...] = (-1, 1, 1),
    ) -> None:
        super().__init__()
        self.formula = formula
        for name, values in (("mean", mean), ("std", std)):
            values = values.reshape(shape)
            if keep == "buffer":
                self.register_buffer(name, values)
            else:
                setattr(
                    self, name, nn.Parameter(values) if keep == "parameter" else values
                )

    def forward(self, images: Tensor) -> Tensor:
        """Return floats, (N, C, H, W)."""
        return self.formula(images, self.mean, self.std)


def _with(**settings: Any) -> MakeLayer:
    """Return what makes a layer with these settings."""
    return lambda mean, std: _Layer(mean, std, **settings)


def _by_batch_norm(mean: Tensor, std: Tensor) -> nn.Module:
    """A layer of PyTorch's own with the same result: batch norm that does not learn."""
    norm = nn.BatchNorm2d(len(mean), eps=0.0, affine=False).eval()
    norm.register_buffer("running_mean", 255 * mean)
    norm.register_buffer("running_var", (255 * std) ** 2)
    return nn.Sequential(_ToFloat(), norm)


class _ToFloat(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        """Return the same numbers as floats."""
        return images.float()


def _tried(
    answer: MakeLayer, images: Tensor, mean: Tensor, std: Tensor
) -> dict[str, Any]:
    """Use a layer where it was made, and again after it was moved."""
    layer = answer(mean, std)
    floats = layer(images)
    learnable = sum(parameter.numel() for parameter in layer.parameters())
    try:
        where = layer.to(OTHER)(images.to(OTHER)).device.type
    except RuntimeError as error:
        if OTHER not in str(error):  # nothing to do with devices
            raise
        where = str(error)
    return {
        "the floats": floats.detach() if isinstance(floats, Tensor) else floats,
        "device of the floats once layer and bytes are on meta": where,
        "numbers that training would change": learnable,
    }


def _pixels(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def _draw(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    images = torch.randint(0, 256, (4, 3, 5, 6), generator=generator).to(torch.uint8)
    mean, std = torch.rand(2, 3, generator=generator) * 0.4 + 0.2
    return images, mean, std


_MEAN, _STD = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.25, 0.2, 0.3])

check_normalise = Exercise(
    title="5.5 · Bytes travel, floats are made on the device",
    reference=_by_batch_norm,
    use=_tried,
    cases=(
        Case(
            "one white pixel, mean 0.5 and standard deviation 0.25",
            (torch.full((1, 1, 1, 1), 255).to(torch.uint8), _MEAN[:1], _STD[:1]),
        ),
        Case(
            "images as wide as they have channels",
            (_pixels(0, 2, 3, 3, 3), _MEAN, _STD),
        ),
        Case("eight small images", (_pixels(1, 8, 3, 4, 5), _MEAN, _STD)),
    ),
    draw=_draw,
    mistakes=(
        Mistake(
            "left_behind",
            _with(keep="attribute"),
            "The floats are right, but the statistics stay on the CPU when the layer "
            "moves: as plain attributes, or made anew in `forward`, they are not part "
            'of the module. `self.register_buffer("mean", …)` makes them so.',
        ),
        Mistake(
            "parameters",
            _with(keep="parameter"),
            "An `nn.Parameter` moves along, but it is also learnt: the optimizer would "
            "change your statistics. A buffer moves and stays as it is.",
        ),
        Mistake(
            "brought_home",
            _with(
                formula=lambda images, mean, std: _normalise(images.cpu(), mean, std)
            ),
            "Your `forward` brings the images back to the CPU. Take them where they "
            "are, and compute there.",
        ),
        Mistake(
            "not_scaled",
            _with(formula=lambda images, mean, std: (images.float() - mean) / std),
            "You did not divide by 255. Mean and standard deviation are those of "
            "values between 0 and 1: the white pixel becomes (1 − 0.5) / 0.25 = 2.",
        ),
        Mistake(
            "scaled_last",
            _with(
                formula=lambda images, mean, std: (images.float() - mean) / std / 255
            ),
            "You divided by 255 at the end. The mean is that of values between 0 and "
            "1, so scale before you subtract it.",
        ),
        Mistake(
            "along_the_width",
            _with(shape=(-1,)),
            "Statistics of shape (3,) are laid along the last axis, the width. Give "
            "them the shape (3, 1, 1), one number a channel.",
        ),
        Mistake(
            "precedence",
            _with(formula=lambda images, mean, std: images.float() / 255 - mean / std),
            "Parentheses are missing: division comes before subtraction, so that only "
            "the mean was divided.",
        ),
        Mistake(
            "not_divided_by_std",
            _with(formula=lambda images, mean, std: images.float() / 255 - mean),
            "The division by the standard deviation is missing.",
        ),
        Mistake(
            "whole_numbers",
            _with(
                formula=lambda images, mean, std: (images // 255 - mean) / std,
            ),
            "You divided bytes by bytes in whole numbers, `//`: all but the white "
            "pixels became 0.",
        ),
        Mistake(
            "double",
            _with(
                formula=lambda images, mean, std: _normalise(images, mean, std).double()
            ),
            "Your floats have 64 bits. Networks are given `float32`: half the memory.",
        ),
    ),
    praise="A quarter of the bytes travels, and the layer is at home on every device.",
)
