"""Look at the machine and say what is wrong with it and what to do.

``doctor()`` in a notebook, ``python -m course_utils.doctor`` in a terminal. The report
holds no user name, so that it can be pasted into a request for help.
"""

from __future__ import annotations

import getpass
import importlib
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass, field
from html import escape
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import course_utils
from course_utils.photos import PHOTOS, photo_path

GIB: Final = 2**30

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
# where notebooks run on a service, that service brings its own
_NOT_ESSENTIAL: Final = ("jupyterlab",)
_MUST_IMPORT: Final = ("torch", "torchvision", "matplotlib", "anywidget")
_WIDGETS: Final = ("ipywidgets", "anywidget")


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
    idle_gpu: bool = False


@dataclass(frozen=True)
class Problem:
    """Something wrong, what to do about it, and whether the lessons run without."""

    what: str
    remedy: str
    essential: bool = True

    def __str__(self) -> str:
        mark = "✗" if self.essential else "!"
        return f"{mark} {self.what} → {self.remedy}"


@dataclass(frozen=True)
class Report:
    """What was found and what is wrong, as text and as a table."""

    facts: Facts
    problems: tuple[Problem, ...]

    @property
    def works(self) -> bool:
        """Whether nothing essential is broken."""
        return not any(problem.essential for problem in self.problems)

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        if not self.problems:
            return "Everything that the lessons need is there."
        essential = sum(problem.essential for problem in self.problems)
        hints = len(self.problems) - essential
        return f"To mend: {essential}. Worth knowing: {hints}."

    def rows(self) -> list[tuple[str, str]]:
        """Return what was found, each with its heading."""
        facts = self.facts
        shown = facts.free_memory
        memory = "unknown" if shown is None else f"{shown / GIB:.1f} GiB"
        at_hand = len(PHOTOS) - len(facts.missing_photographs)
        return [
            *((name, version or "missing") for name, version in facts.versions.items()),
            ("system", facts.system),
            ("device", facts.device),
            ("threads", str(facts.threads)),
            ("free memory", memory),
            ("free disk", f"{facts.free_disk / GIB:.1f} GiB"),
            ("photographs", f"{at_hand} of {len(PHOTOS)}"),
            ("widgets", "can be shown" if _widgets_work(facts) else "cannot be shown"),
        ]

    def __repr__(self) -> str:
        width = max(len(heading) for heading, _ in self.rows())
        lines = [f"{heading.ljust(width)}  {found}" for heading, found in self.rows()]
        return "\n".join([self.verdict, *map(str, self.problems), "", *lines])

    def _repr_html_(self) -> str:
        left = 'style="text-align: left"'
        rows = "".join(
            f'<tr><th scope="row" {left}>{escape(heading)}</th>'
            f"<td {left}>{escape(found)}</td></tr>"
            for heading, found in self.rows()
        )
        items = "".join(f"<li>{escape(str(problem))}</li>" for problem in self.problems)
        problems = f"<ul>{items}</ul>" if items else ""
        return (
            f"<p><strong>{escape(self.verdict)}</strong></p>{problems}"
            f"<table><caption {left}>This machine</caption><tbody>{rows}</tbody></table>"
        )


def doctor() -> Report:
    """Look at this machine and return the report."""
    facts = gather()
    return Report(facts, tuple(diagnose(facts)))


def diagnose(facts: Facts) -> list[Problem]:
    """Return what is wrong, the essential first."""
    problems = [
        *_package_problems(facts),
        *_space_problems(facts),
        *_other_problems(facts),
    ]
    return sorted(problems, key=lambda problem: not problem.essential)


def gather() -> Facts:
    """Return what there is on this machine; a broken package is a fact, not an error."""
    broken = {name: error for name in _MUST_IMPORT if (error := _import_error(name))}
    torch: Any = sys.modules.get("torch") if "torch" not in broken else None
    device = _device(torch)
    return Facts(
        versions=_versions(),
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        device=device,
        threads=torch.get_num_threads() if torch else 0,
        free_memory=_free_memory(),
        free_disk=shutil.disk_usage(Path.cwd()).free,
        broken=broken,
        missing_photographs=tuple(name for name in PHOTOS if not _has_photo(name)),
        idle_gpu=not device.startswith("cuda") and bool(shutil.which("nvidia-smi")),
    )


def without_names(text: str, home: str | None = None, user: str | None = None) -> str:
    """Return a text with the home folder as ``~`` and no user name in its paths."""
    home = str(Path.home()) if home is None else home
    user = _user() if user is None else user
    if len(home) > 1:  # "/" is no one's
        text = text.replace(home, "~")
    return re.sub(rf"(?<=[/\\]){re.escape(user)}(?=[/\\])", "…", text) if user else text


def _package_problems(facts: Facts) -> list[Problem]:
    problems = []
    for name, oldest in OLDEST.items():
        version = facts.versions.get(name)
        remedy = (
            f'run: python -m pip install "{name}>={oldest}", then restart the kernel'
        )
        if name == "python":
            remedy = f"install Python {oldest} or newer and make a new environment"
        what = None
        if version is None:
            what = f"{name} is missing"
        elif _parts(version) < _parts(oldest):
            what = f"{name} is {version}; the lessons need {oldest} or newer"
        elif name in facts.broken:
            what = f"{name} {version} cannot be imported ({facts.broken[name]})"
            remedy = f"run: python -m pip install --force-reinstall {_together(name)}"
        if what:
            problems.append(Problem(what, remedy, name not in _NOT_ESSENTIAL))
    return problems


def _space_problems(facts: Facts) -> list[Problem]:
    problems = []
    disk, memory = facts.free_disk / GIB, facts.free_memory
    if disk < 2:
        remedy = "empty the bin, or move the workbook to another disk"
        what = f"only {disk:.1f} GiB of disk space are free; 2 GiB are comfortable"
        problems.append(Problem(what, remedy, essential=disk < 0.2))
    if memory is not None and memory < GIB:
        what = f"only {memory / GIB:.1f} GiB of memory are free; 1 GiB is comfortable"
        remedy = "close other notebooks (Kernel → Shut Down All Kernels)"
        problems.append(Problem(what, remedy, essential=False))
    return problems


def _other_problems(facts: Facts) -> list[Problem]:
    problems = []
    if facts.missing_photographs:
        packages = sorted({PHOTOS[name].package for name in facts.missing_photographs})
        what = f"photographs are missing: {', '.join(facts.missing_photographs)}"
        remedy = f"run: python -m pip install --force-reinstall {' '.join(packages)}"
        problems.append(Problem(what, remedy))
    if facts.idle_gpu:
        what = "there is an NVIDIA driver, but torch computes on the processor"
        remedy = "choose the build for your driver on https://pytorch.org/get-started"
        problems.append(Problem(what, remedy, essential=False))
    return problems


def _widgets_work(facts: Facts) -> bool:
    blamed = {p.what.split()[0] for p in _package_problems(facts)}
    return blamed.isdisjoint(_WIDGETS)


def _together(name: str) -> str:
    """Return what to install with a package: torchvision is built for one torch."""
    return "torch torchvision" if name.startswith("torch") else name


def _parts(version: str) -> tuple[int, ...]:
    numbers = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, numbers[0].split("."))) if numbers else ()


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
        psutil: Any = importlib.import_module("psutil")  # comes with ipykernel
    except ImportError:
        return None
    return int(psutil.virtual_memory().available)


def _has_photo(name: str) -> bool:
    try:
        return photo_path(name).is_file()
    except FileNotFoundError:
        return False


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return ""


def main() -> int:
    """Print the report; return 1 if something essential is broken, else 0."""
    report = doctor()
    print(report)
    return 0 if report.works else 1


if __name__ == "__main__":
    sys.exit(main())
