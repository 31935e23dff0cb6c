"""What there is on this machine: packages, device, memory, disk, photographs."""

from __future__ import annotations

import getpass
import importlib
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import course_utils
from course_utils import pretrained
from course_utils.photos import PHOTOS, photo_path

# the oldest versions that the lessons are known to run with
OLDEST: Final = {
    "python": "3.11",
    "torch": "2.11",
    "torchvision": "0.26",
    "numpy": "2.0",
    "matplotlib": "3.9",
    "jupyterlab": "4.2",
    "ipywidgets": "7.7",
    "anywidget": "0.9.13",
}
_MUST_IMPORT: Final = ("torch", "torchvision", "matplotlib", "anywidget")


@dataclass(frozen=True)
class Facts:
    """What was found on a machine.

    Attributes:
        versions: Version of each package, ``None`` where it is missing.
        broken: Packages that are there but cannot be imported, with the error.
        system: Operating system and processor type.
        device: What torch computes on, with its name.
        threads: Processor threads that torch uses.
        free_memory: Free main memory, in bytes; ``None`` where it cannot be told.
        free_disk: Free disk space in the current folder, in bytes.
        missing_photographs: Names of those not found.
        weights: Pretrained networks at hand, by name.
        idle_gpu: Whether there is an NVIDIA driver but torch does not use it.
    """

    versions: dict[str, str | None]
    system: str
    device: str
    threads: int
    free_memory: int | None
    free_disk: int
    broken: dict[str, str] = field(default_factory=dict)
    missing_photographs: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    idle_gpu: bool = False


def gather() -> Facts:
    """Return what there is; a package that cannot be imported is a fact, no error."""
    broken = {name: error for name in _MUST_IMPORT if (error := _import_error(name))}
    torch: Any = sys.modules.get("torch") if "torch" not in broken else None
    device = _device(torch)
    return Facts(
        versions=_versions(),
        system=f"{platform.system()}, {platform.machine()}",
        device=device,
        threads=torch.get_num_threads() if torch else 0,
        free_memory=_free_memory(),
        free_disk=shutil.disk_usage(Path.cwd()).free,
        broken=broken,
        missing_photographs=tuple(name for name in PHOTOS if not _has_photo(name)),
        weights=_weights(broken),
        idle_gpu=not device.startswith("cuda") and bool(shutil.which("nvidia-smi")),
    )


def without_names(text: str, home: str | None = None, user: str | None = None) -> str:
    """Return a text with the home folder as ``~`` and no user name in its paths."""
    home = str(Path.home()) if home is None else home
    user = _user() if user is None else user
    if len(home) > 1:  # "/" is no one's
        text = text.replace(home, "~")
    return re.sub(rf"(?<=[/\\]){re.escape(user)}(?=[/\\])", "…", text) if user else text


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {
        "course_utils": course_utils.__version__,
        "python": platform.python_version(),
    }
    for name in OLDEST:
        if name != "python":
            found[name] = _version(name)
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _import_error(name: str) -> str | None:
    """Return why an installed package cannot be imported, whatever the reason."""
    if _version(name) is None:
        return None
    try:
        importlib.import_module(name)
    except Exception as error:  # a half-installed package can raise anything
        first = (str(error).splitlines() or [""])[0]
        return without_names(f"{type(error).__name__}: {first}")
    return None


def _device(torch: Any) -> str:
    if torch is None:
        return "unknown without torch"
    if torch.cuda.is_available():
        return f"cuda: {torch.cuda.get_device_name(0)}"
    if torch.backends.mps.is_available():
        return "mps: Apple graphics"
    if torch.xpu.is_available():
        return f"xpu: {torch.xpu.get_device_name(0)}"
    return f"cpu: {_processor()}, {os.cpu_count()} cores"


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        named = re.search(r"model name\s*: (.+)", listing.read_text(encoding="utf-8"))
        if named:
            return named[1]
    return platform.processor() or platform.machine()


def _free_memory() -> int | None:
    try:
        psutil: Any = importlib.import_module("psutil")  # the doctor may miss it
    except ImportError:
        return None
    return int(psutil.virtual_memory().available)


def _has_photo(name: str) -> bool:
    try:
        return photo_path(name).is_file()
    except FileNotFoundError:
        return False


def _weights(broken: dict[str, str]) -> tuple[str, ...]:
    needed = ("torch", "torchvision")
    if any(name in broken or _version(name) is None for name in needed):
        return ()
    return tuple(pretrained.at_hand())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return ""
