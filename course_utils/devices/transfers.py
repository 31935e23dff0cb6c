"""How long a batch takes to the device, by memory, dtype and number of copies."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_utils.devices.timing import timed


def measure_transfers(
    device: torch.device | str, *, batch_size: int = 1024, rounds: int = 9
) -> dict[str, Any] | None:
    """Time copies of a batch of 32 × 32 images to a CUDA device.

    Args:
        device: Where to copy to.
        batch_size: Images in the batch.
        rounds: Measurements of each way, one after the other in each round.

    Returns:
        ``{"batch_size", "rounds", "ways": [{"name", "bytes", "seconds"}]}``, medians;
        ``None`` unless the device is a CUDA device: nothing is invented.
    """
    device = torch.device(device)
    if device.type != "cuda":
        return None
    in_bytes = torch.randint(0, 256, (batch_size, 3, 32, 32), dtype=torch.uint8)
    floats = in_bytes.float() / 255
    ways: dict[str, tuple[Tensor, Callable[[], object]]] = {
        "floats, one image at a time": (
            floats,
            lambda: [image.to(device) for image in floats],
        ),
        "floats, pageable": (floats, lambda: floats.to(device)),
        "floats, pinned": (floats, _pinned_copy(floats, device)),
        "bytes, pageable": (in_bytes, lambda: in_bytes.to(device)),
        "bytes, pinned": (in_bytes, _pinned_copy(in_bytes, device)),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, (_, copy) in ways.items():
            times[name] += timed(copy, device, repeats=1, warm_up=0)
    return {
        "batch_size": batch_size,
        "rounds": rounds,
        "ways": [
            # without the first round, which warms up
            {
                "name": name,
                "bytes": batch.nbytes,
                "seconds": statistics.median(times[name][1:]),
            }
            for name, (batch, _) in ways.items()
        ],
    }


def _pinned_copy(batch: Tensor, device: torch.device) -> Callable[[], object]:
    pinned = batch.pin_memory()  # once: pinning is itself a copy
    return lambda: pinned.to(device, non_blocking=True)
