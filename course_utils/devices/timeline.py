"""What host and device do when: spans of time, for `figures.plot_timeline`."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import torch


class Span(NamedTuple):
    """Something that lasted.

    Attributes:
        row: Who was busy, such as ``"host"`` or ``"device"``.
        label: With what, in a word.
        start: Seconds since a common beginning.
        end: Seconds since the same beginning.
    """

    row: str
    label: str
    start: float
    end: float


def cuda_timeline(
    device: torch.device | str, *, launches: int = 4, size: int = 4096
) -> list[Span]:
    """Launch matrix products on a CUDA device; return when host and device were busy.

    The host's times are of its clock, the device's of CUDA events in its stream, which
    the device stamps itself; both begin at the same moment, when the device is idle.

    Raises:
        ValueError: If the device is no CUDA device.
    """
    device = torch.device(device)
    if device.type != "cuda":
        raise ValueError(f"device is {device}; CUDA events need a CUDA device")
    matrix = torch.randn(size, size, device=device)
    with torch.cuda.device(device):
        for _ in range(3):
            matrix @ matrix  # warm-up
        torch.cuda.synchronize()
        marks: list[Any] = [_stamp() for _ in range(launches + 1)]
        beginning = time.perf_counter()
        marks[0].record()
        spans = []
        for number in range(launches):
            start = time.perf_counter()
            matrix @ matrix
            marks[number + 1].record()
            spans.append(_since(beginning, "host", f"launch {number + 1}", start))
        start = time.perf_counter()
        torch.cuda.synchronize()
        spans.append(_since(beginning, "host", "wait", start))
    ends = [marks[0].elapsed_time(mark) / 1000 for mark in marks]  # from milliseconds
    for number in range(launches):
        spans.append(
            Span("device", f"product {number + 1}", ends[number], ends[number + 1])
        )
    return spans


def _stamp() -> Any:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


def _since(beginning: float, row: str, label: str, start: float) -> Span:
    """Return a span that ends now."""
    return Span(row, label, start - beginning, time.perf_counter() - beginning)
