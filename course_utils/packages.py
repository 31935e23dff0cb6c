"""Which packages the lessons need, and which of them are missing or too old here.

The first cell of each notebook asks this wherever the notebook runs. It reads metadata
only, so that the answer takes no time and does not depend on what is broken.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from typing import Final

# the oldest versions that the lessons are proven to run with (`make check-versions`)
NEEDED: Final = {
    "torch": "2.11",
    "torchvision": "0.26",
    "numpy": "2.0",
    "matplotlib": "3.10",
    "pillow": "11.2",
    "ipywidgets": "7.7.1",
    "anywidget": "0.9.13",
    "ipython": "7.34",
    "traitlets": "5.7.1",
    "scikit-image": "0.24",
    "scikit-learn": "1.5",
    "httpx": "0.27",
    "filelock": "3.13",
    "platformdirs": "4.0",
    "tqdm": "4.66",
    "safetensors": "0.4",
    "psutil": "5.9",
}
# what some lessons need besides, and name in their first cell
ON_REQUEST: Final = {"torchmetrics": "1.4", "pycocotools": "2.0.8"}
_OF_THE_MACHINE: Final = ("torch", "torchvision")  # built for its driver and each other


def installed(name: str) -> str | None:
    """Return the version of an installed package, None where it is missing."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def older(version: str, bound: str) -> bool:
    """Tell whether a version such as ``2.9.1+cpu`` is older than ``2.11``."""
    return _numbers(version) < _numbers(bound)


def require(*on_request: str) -> None:
    """Do nothing where the packages are here; else say exactly what is missing.

    Args:
        on_request: Packages that only this lesson needs, of `ON_REQUEST`.

    Raises:
        ImportError: Some package is missing or too old. The message names each and
            tells what to run; it never asks to install another torch over this one.
    """
    wanted = NEEDED | {name: ON_REQUEST[name] for name in on_request}
    faults: dict[str, str] = {}
    for name, bound in wanted.items():
        version = installed(name)
        if version is None:
            faults[name] = f"{name} {bound} or newer (there is none)"
        elif older(version, bound):
            faults[name] = f"{name} {bound} or newer (this is {version})"
    if faults:
        raise ImportError(_message(faults, wanted))


def _message(faults: dict[str, str], wanted: dict[str, str]) -> str:
    lines = ["this notebook needs, and does not find here:"]
    lines += [f"  {fault}" for fault in faults.values()]
    if any(name in faults for name in _OF_THE_MACHINE):
        lines.append(
            "torch and torchvision go with the machine. On Colab: menu Runtime, Change "
            "runtime type, the latest version. Elsewhere: https://pytorch.org/get-started"
        )
    rest = [f'"{n}>={wanted[n]}"' for n in faults if n not in _OF_THE_MACHINE]
    if rest:
        lines.append("Run this in a cell of its own, then this cell again:")
        lines.append(f"  {_pip()} install {' '.join(rest)}")
    return "\n".join(lines)


def _pip() -> str:
    """Name pip as it is called here: in a notebook's kernel, or in a terminal."""
    return "%pip" if "ipykernel" in sys.modules else "python -m pip"


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
