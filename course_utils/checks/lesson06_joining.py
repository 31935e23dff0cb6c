"""Exercises 6.6 and 6.10: branches side by side, and names that fit together."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Join = Callable[[Tensor, list[nn.Module]], Tensor]


def _branches(
    in_channels: int, out_channels: tuple[int, ...], seed: int = 0
) -> list[nn.Module]:
    """Return one convolution for each entry, sizes 1, 3, 5, …, padded, with weights."""
    generator = torch.Generator().manual_seed(seed)
    branches: list[nn.Module] = []
    for index, channels in enumerate(out_channels):
        conv = nn.Conv2d(in_channels, channels, 2 * index + 1, padding=index)
        for parameter in conv.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)
        branches.append(conv)
    return branches


def _join(x: Tensor, branches: list[nn.Module]) -> Tensor:
    parts = [branch(x) for branch in branches]
    total = sum(part.shape[1] for part in parts)
    out = x.new_empty(len(x), total, *parts[0].shape[2:])
    ends = list(accumulate(part.shape[1] for part in parts))
    for part, end in zip(parts, ends, strict=True):
        out[:, end - part.shape[1] : end] = part
    return out


def _without_gradients(answer: Join, x: Tensor, branches: list[nn.Module]) -> Any:
    with torch.no_grad():
        return answer(x, branches)


def _along(dim: int) -> Join:
    return lambda x, branches: torch.cat([branch(x) for branch in branches], dim=dim)


def _one_after_the_other(x: Tensor, branches: list[nn.Module]) -> Tensor:
    for branch in branches:
        x = branch(x)
    return x


def _chained_and_joined(x: Tensor, branches: list[nn.Module]) -> Tensor:
    parts = []
    for branch in branches:
        x = branch(x)
        parts.append(x)
    return torch.cat(parts, dim=1)


def _draw(generator: torch.Generator) -> tuple[Tensor, list[nn.Module]]:
    N, C, side = torch.randint(1, 5, (3,), generator=generator).tolist()
    maps = torch.randn(N, C, side + 4, side + 5, generator=generator)
    channels = tuple(torch.randint(1, 5, (3,), generator=generator).tolist())
    return maps, _branches(C, channels, seed=N)


_MAPS = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))

check_inception = Exercise(
    title="6.6 · Side by side",
    reference=_join,
    use=_without_gradients,
    cases=(
        Case("branches of 3, 3 and 3 channels", (_MAPS, _branches(3, (3, 3, 3)))),
        Case("branches of 2, 4 and 1 channels", (_MAPS, _branches(3, (2, 4, 1)))),
        Case("a single branch", (_MAPS[:1], _branches(3, (5,)))),
    ),
    mistakes=(
        Mistake(
            "along_the_batch",
            _along(0),
            "You joined along the batch, `dim=0`: twice the images instead of more "
            "channels, and the next layer would take them for other pictures.",
        ),
        Mistake(
            "along_the_height",
            _along(2),
            "You put the maps below each other, `dim=2`. They lie on top of each "
            "other, channel after channel: `dim=1`.",
        ),
        Mistake(
            "along_the_width",
            _along(3),
            "You put the maps side by side as pictures, `dim=3` (or −1). They lie on "
            "top of each other, channel after channel: `dim=1`.",
        ),
        Mistake(
            "added_up",
            lambda x, branches: torch.stack([b(x) for b in branches]).sum(0),
            "You added the branches. That needs equal channels and loses which branch "
            "saw what; a residual block does it, Inception joins.",
        ),
        Mistake(
            "stacked",
            lambda x, branches: torch.stack([b(x) for b in branches], dim=1),
            "`torch.stack` makes a new axis. `torch.cat` joins along one that is "
            "there.",
        ),
        Mistake(
            "one_after_the_other",
            _one_after_the_other,
            "You sent the input through one branch after the other. Each branch gets "
            "the *same* input.",
        ),
        Mistake(
            "chained_and_joined",
            _chained_and_joined,
            "Your second branch reads what the first one made. Each branch gets the "
            "*same* input: keep `x` as it is.",
        ),
        Mistake(
            "in_reverse",
            lambda x, branches: _join(x, branches[::-1]),
            "The order of the branches is turned round. The first branch gives the "
            "first channels.",
        ),
        Mistake(
            "last_only",
            lambda x, branches: branches[-1](x),
            "That is the last branch alone; collect them all before you join.",
        ),
    ),
    draw=_draw,
    praise="64 + 128 + 32 + 32 = 256 channels: GoogLeNet's first module.",
)


def _theirs(name: str) -> str:
    """Look each part up; the stage's number counts from 1 in torchvision."""
    table = {
        "stem.conv": "conv1",
        "stem.norm": "bn1",
        "head": "fc",
        "projection.conv": "downsample.0",
        "projection.norm": "downsample.1",
    }
    for own, other in table.items():
        if own in name:
            name = name.replace(own, other)
    stage = re.fullmatch(r"stages\.(\d)\.(.*)", name)
    return f"layer{int(stage[1]) + 1}.{stage[2]}" if stage else name


def _renamed(*pairs: tuple[str, str]) -> Callable[[str], str]:
    def rename(name: str) -> str:
        for own, other in pairs:
            name = name.replace(own, other)
        return name

    return rename


_STEM = (("stem.conv", "conv1"), ("stem.norm", "bn1"))
_HEAD = (("head", "fc"),)
_SKIP = (("projection.conv", "downsample.0"), ("projection.norm", "downsample.1"))
_STAGES = tuple((f"stages.{n}.", f"layer{n + 1}.") for n in range(4))

check_their_name = Exercise(
    title="6.10 · The names of the others",
    reference=_theirs,
    cases=tuple(
        Case(f"`{name}`", (name,))
        for name in (
            "stem.conv.weight",
            "stem.norm.running_var",
            "stages.0.1.conv2.weight",
            "stages.3.0.bn1.bias",
            "stages.1.0.projection.conv.weight",
            "stages.2.0.projection.norm.num_batches_tracked",
            "head.bias",
        )
    ),
    mistakes=(
        Mistake(
            "stages_from_0",
            _renamed(("stages.", "layer"), *_STEM, *_HEAD, *_SKIP),
            "torchvision counts its stages from 1: stages.0 is layer1, stages.3 is "
            "layer4.",
        ),
        Mistake(
            "dot_kept",
            _renamed(
                *((f"stages.{n}", f"layer.{n + 1}") for n in range(4)),
                *_STEM,
                *_HEAD,
                *_SKIP,
            ),
            "It is `layer1`, without a dot before the number.",
        ),
        Mistake(
            "projection_kept",
            _renamed(*_STAGES, *_STEM, *_HEAD),
            "`projection` is called `downsample` in torchvision, with the numbers 0 "
            "for the convolution and 1 for the batch norm.",
        ),
        Mistake(
            "projection_renamed_only",
            _renamed(*_STAGES, *_STEM, *_HEAD, ("projection", "downsample")),
            "`downsample` is an `nn.Sequential`: its parts have numbers, 0 for the "
            "convolution and 1 for the batch norm.",
        ),
        Mistake(
            "projection_from_1",
            _renamed(
                *_STAGES,
                *_STEM,
                *_HEAD,
                ("projection.conv", "downsample.1"),
                ("projection.norm", "downsample.2"),
            ),
            "The parts of an `nn.Sequential` count from 0: the convolution is "
            "`downsample.0`. (Only the stages count from 1.)",
        ),
        Mistake(
            "head_kept",
            _renamed(*_STAGES, *_STEM, *_SKIP),
            "The last layer, `head`, is called `fc` in torchvision.",
        ),
        Mistake(
            "stem_kept",
            _renamed(*_STAGES, *_HEAD, *_SKIP),
            "`stem.conv` and `stem.norm` are called `conv1` and `bn1` in torchvision.",
        ),
        Mistake(
            "module_only",
            lambda name: _theirs(name).rpartition(".")[0],
            "The last part, such as `.weight`, is missing. It stays as it is.",
        ),
        Mistake(
            "as_it_was",
            lambda name: name,
            "The names came back unchanged. `str.replace` returns a new string; it "
            "does not change the old one.",
        ),
    ),
    praise="With these names the weights of others fit into your own network.",
)
