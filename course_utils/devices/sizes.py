"""Matrix products and convolutions from tiny to large: how long, and how fast."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import torch
import torch.nn.functional as F

from course_utils.devices.timing import timed

MATRIX_SIZES: Final = tuple(2**k for k in range(2, 14))  # 4 to 8192 rows and columns
CHANNELS: Final = tuple(2**k for k in range(11))  # 1 to 1024, in and out
BATCH, SIDE, KERNEL = 16, 16, 3  # of the convolution's feature maps

_MOST_CALLS: Final = 2000


@dataclass
class _Point:
    """One operation of one size, ready to be timed."""

    size: int
    flops: int
    run: Callable[[], object]
    calls: int = 1
    times: list[float] = field(default_factory=list)


def matrix_flops(size: int) -> int:
    """Multiplications and additions in a product of two (size, size) matrices."""
    return 2 * size**3


def convolution_flops(channels: int) -> int:
    """Multiplications and additions in a 3 × 3 convolution of 16 maps of 16 × 16.

    Those with the padding's zeros are counted, as is usual.
    """
    return 2 * BATCH * SIDE * SIDE * channels * channels * KERNEL * KERNEL


def measure_sizes(
    device: torch.device | str,
    *,
    rounds: int = 9,
    longest: float = 1.0,
    shortest: float = 0.002,
) -> dict[str, Any]:
    """Time matrix products and convolutions in float32, each size twice the last one.

    In every round all sizes are timed one after the other, so that a busy minute
    disturbs them alike.

    Args:
        device: Where to compute; the data is there already.
        rounds: Measurements of each size.
        longest: Seconds; no size is tried after one whose call takes longer.
        shortest: Seconds that one measurement takes at least: short calls are repeated.

    Returns:
        ``{"rounds", "dtype", "matrix": [...], "convolution": [...]}``; each size is a
        dict of ``size`` (rows, or channels), ``flops``, and ``seconds`` a call: the
        median, ``fastest`` and ``slowest``. Ready for JSON.

    Raises:
        ValueError: If ``rounds`` is less than 1.
    """
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}; expected at least 1")
    device = torch.device(device)
    with torch.inference_mode():
        found = {
            "matrix": list(_up_to(_matrices(device), device, longest, shortest)),
            "convolution": list(_up_to(_maps(device), device, longest, shortest)),
        }
        for _ in range(rounds):
            for point in (*found["matrix"], *found["convolution"]):
                point.times += timed(
                    point.run, device, repeats=1, warm_up=0, calls=point.calls
                )
    listed = {name: [_as_dict(p) for p in points] for name, points in found.items()}
    return {"rounds": rounds, "dtype": "float32", **listed}


def _matrices(device: torch.device) -> Iterator[_Point]:
    for size in MATRIX_SIZES:
        a, b = (torch.randn(size, size, device=device) for _ in range(2))

        def product(a: torch.Tensor = a, b: torch.Tensor = b) -> object:
            return a @ b

        yield _Point(size, matrix_flops(size), product)


def _maps(device: torch.device) -> Iterator[_Point]:
    for channels in CHANNELS:
        maps = torch.randn(BATCH, channels, SIDE, SIDE, device=device)
        weight = torch.randn(channels, channels, KERNEL, KERNEL, device=device)

        def convolve(x: torch.Tensor = maps, weight: torch.Tensor = weight) -> object:
            return F.conv2d(x, weight, padding=1)

        yield _Point(channels, convolution_flops(channels), convolve)


def _up_to(
    points: Iterator[_Point], device: torch.device, longest: float, shortest: float
) -> Iterator[_Point]:
    """Yield points, warmed up, up to the first one that takes longer."""
    for point in points:
        seconds = min(timed(point.run, device, repeats=2))
        point.calls = max(1, min(_MOST_CALLS, math.ceil(shortest / seconds)))
        yield point
        if seconds > longest:
            return


def _as_dict(point: _Point) -> dict[str, Any]:
    return {
        "size": point.size,
        "flops": point.flops,
        "seconds": _rounded(statistics.median(point.times)),
        "fastest": _rounded(min(point.times)),
        "slowest": _rounded(max(point.times)),
    }


def _rounded(seconds: float) -> float:
    return float(f"{seconds:.4g}")
