"""Which device to compute on: the best there is, or the one that was asked for."""

from __future__ import annotations

import os
from typing import Final

import torch

KINDS: Final = ("cuda", "mps", "xpu", "cpu")  # the best first
VARIABLE: Final = "COURSE_DEVICE"


def available() -> tuple[str, ...]:
    """Return the kinds of device that this machine has, the best first."""
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "xpu": torch.xpu.is_available(),
        "cpu": True,
    }
    return tuple(kind for kind in KINDS if there[kind])


def best_device(*, quiet: bool = False) -> torch.device:
    """Return the best device there is and say which: cuda, mps, xpu or cpu.

    The environment variable ``COURSE_DEVICE`` asks for another one, such as ``cpu`` or
    ``cuda:1``.

    Args:
        quiet: Say nothing.

    Raises:
        ValueError: If ``COURSE_DEVICE`` names no device of this machine.
    """
    asked = os.environ.get(VARIABLE, "").strip()
    device = _asked_for(asked) if asked else torch.device(available()[0])
    if not quiet:
        why = f" (as {VARIABLE} asks)" if asked else ""
        print(f"device {describe(device)}{why}")
    return device


def describe(device: torch.device | str) -> str:
    """Return a device's kind and name, such as ``"cuda: Tesla T4"``."""
    device = torch.device(device)
    if device.type == "cuda":
        return f"{device}: {torch.cuda.get_device_name(device)}"
    if device.type == "xpu":
        return f"{device}: {torch.xpu.get_device_name(device)}"
    if device.type == "mps":
        return "mps: the graphics unit of an Apple processor"
    if device.type == "cpu":
        threads, cores = torch.get_num_threads(), os.cpu_count()
        return f"cpu: {cores} cores, PyTorch computes with {threads} at a time"
    return str(device)


def _asked_for(name: str) -> torch.device:
    there = available()
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in there or not _has_number(device):
        raise ValueError(
            f"{VARIABLE} is {name!r}; this machine has {', '.join(there)}. Set it to "
            "one of these, or remove it to get the best"
        )
    return device


def _has_number(device: torch.device) -> bool:
    counts = {"cuda": torch.cuda.device_count, "xpu": torch.xpu.device_count}
    count = counts[device.type]() if device.type in counts else 1
    return (device.index or 0) < count
