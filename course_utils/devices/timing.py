"""Time that a device needs, and not only the time to ask it."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch


def synchronize(device: torch.device | str) -> None:
    """Wait until a device has done all that it was asked to do.

    The CPU computes before a call returns, so that there is nothing to wait for.

    Raises:
        ValueError: If the kind of device is none of cuda, mps, xpu, cpu.
    """
    device = torch.device(device)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "xpu":
        torch.xpu.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
    elif device.type != "cpu":
        raise ValueError(f"device is {device}; expected cuda, mps, xpu or cpu")


def timed(
    function: Callable[[], object],
    device: torch.device | str = "cpu",
    *,
    repeats: int = 5,
    warm_up: int = 1,
    calls: int = 1,
) -> list[float]:
    """Return the seconds that a call takes, measured several times.

    Args:
        function: What to time; takes no arguments.
        device: Where it computes; the clock waits for it.
        repeats: How many measurements.
        warm_up: Calls before the first measurement; the first one also loads,
            allocates and chooses algorithms.
        calls: Calls in one measurement. Very short ones need many: the clock and the
            waiting take microseconds themselves.

    Returns:
        Seconds per call, one for each measurement, in their order.

    Raises:
        ValueError: If a number is too small.
    """
    if repeats < 1 or calls < 1 or warm_up < 0:
        raise ValueError(
            f"repeats is {repeats}, calls {calls}, warm_up {warm_up}; expected at "
            "least 1, 1 and 0"
        )
    for _ in range(warm_up):
        function()
    synchronize(device)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(calls):
            function()
        synchronize(device)
        times.append((time.perf_counter() - start) / calls)
    return times
