"""One convolution, computed in lesson 02's four ways.

The functions are the lesson's own: loops in pure Python, windows and a product of
arrays in NumPy, im2col and a matrix product, and ``F.conv2d``. All must agree before
they race; then each has its turn in every round.

Run: ``python -m tools.bench convolution``
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from tools.benchmarking.ratio import Ratio, in_turns, seconds_of
from tools.building.project import Project
from tools.building.source import read_cells

ROUNDS: Final = 9
SIZE: Final = 64  # height and width of the image, as in the lesson
TORCH: Final = "F.conv2d"
_OTHERS: Final = ("im2col and a product", "NumPy windows", "pure Python loops")
_TURN: Final = 0.1  # seconds


def measure(quick: bool = False) -> Iterator[Ratio]:
    """Compare PyTorch's convolution with the other three."""
    contenders = contestants(8 if quick else SIZE)
    turns = {
        name: partial(seconds_of, run, 0.0 if quick else _TURN)
        for name, run in contenders.items()
    }
    seconds = in_turns(turns, rounds=1 if quick else ROUNDS)
    for other in _OTHERS:
        yield Ratio.of_seconds(TORCH, other, seconds)


def contestants(size: int) -> dict[str, Callable[[], Any]]:
    """Return the four by name, ready to compute the same.

    Args:
        size: Height and width of the image; it has three channels, the result eight.

    Raises:
        ValueError: If two of them do not agree.
    """
    ways = _lesson_functions()
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(1, 3, size, size, generator=generator)
    weight = torch.randn(8, 3, 3, 3, generator=generator)
    lists = images[0].tolist(), weight.tolist()
    arrays = images[0].numpy(), weight.numpy()
    found: dict[str, Callable[[], Any]] = {
        TORCH: partial(F.conv2d, images, weight),
        _OTHERS[0]: partial(ways["im2col_matmul"], images, weight),
        _OTHERS[1]: partial(ways["numpy_windows"], *arrays),
        _OTHERS[2]: partial(ways["pure_loops"], *lists),
    }
    _require_agreement(found)
    return found


def _lesson_functions() -> dict[str, Any]:
    (lesson,) = Project.load().lessons(["02"])
    cells = [cell.source for cell in read_cells(lesson)]
    (definitions,) = [source for source in cells if "def pure_loops(" in source]
    names: dict[str, Any] = {"F": F, "Tensor": Tensor}
    exec(definitions, names)
    return names


def _require_agreement(ways: dict[str, Callable[[], Any]]) -> None:
    expected = ways[TORCH]()
    for name, run in ways.items():
        found = torch.as_tensor(run()).reshape(expected.shape)
        if not torch.allclose(found, expected, atol=1e-4):
            raise ValueError(f"{name} computes something other than {TORCH}")
