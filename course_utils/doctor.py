"""Look at the machine and say what is wrong with it and what to do.

``doctor()`` in a notebook, ``python -m course_utils.doctor`` in a terminal. The report
holds no user name, so that it can be pasted into a request for help.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from html import escape
from typing import Final

from course_utils.machine import OLDEST, Facts, gather
from course_utils.packages import older
from course_utils.photos import PHOTOS

GIB: Final = 2**30

# where notebooks run on a service, that service brings its own
_NOT_ESSENTIAL: Final = ("jupyterlab",)
_WIDGETS: Final = ("ipywidgets", "anywidget")


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
            ("networks", ", ".join(facts.weights) or "none yet: make weights"),
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
            f"<table><caption {left}>This machine</caption>"
            f"<tbody>{rows}</tbody></table>"
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
        elif older(version, oldest):
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


def main() -> int:
    """Print the report; return 1 if something essential is broken, else 0."""
    report = doctor()
    print(report)
    return 0 if report.works else 1


if __name__ == "__main__":
    sys.exit(main())
