"""A machine like Colab's: packages that came with it, and no workbook."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

# everything that would let the workbook be found without an installation
_WORKBOOK = ("cnn_workbook", "_cnn_workbook", "__editable__", "course_utils")


@dataclass(frozen=True)
class Machine:
    """A virtual environment that sees packages which are not its own.

    The packages of this environment lie behind links in a folder of their own, which
    pip counts as installed and refuses to change. What pip adds goes elsewhere: it can
    be listed, and is all that a notebook has changed.
    """

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def preinstalled(self) -> Path:
        """The packages that came with the machine."""
        return self.folder / "preinstalled"

    def added(self) -> set[str]:
        """Names of what pip has put there."""
        (site,) = self.folder.glob("venv/lib/python*/site-packages")
        return {path.name for path in site.iterdir()} - {"preinstalled.pth"}

    def run(self, source: str) -> subprocess.CompletedProcess[str]:
        """Run Python in an empty folder, without the settings of this process."""
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        plain = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG")}
        settings = {"HOME": str(empty), "PIP_RETRIES": "0", "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [self.python, "-c", source],
            cwd=empty,
            env=plain | settings,
            capture_output=True,
            text=True,
            check=False,
        )


def bare_machine(folder: Path, without: tuple[str, ...] = ()) -> Machine:
    """Make a machine that has what this environment has, but no workbook.

    Args:
        folder: An empty folder.
        without: Further packages that it lacks.
    """
    machine = Machine(folder)
    machine.preinstalled.mkdir(parents=True)
    for site in [Path(entry) for entry in sys.path if entry.endswith("site-packages")]:
        for entry in site.iterdir():
            link = machine.preinstalled / entry.name
            lacking = entry.name.startswith((*_WORKBOOK, *without))
            if not lacking and entry.suffix != ".pth" and not link.exists():
                link.symlink_to(entry)
    venv.create(folder / "venv", with_pip=False)
    (site,) = folder.glob("venv/lib/python*/site-packages")
    (site / "preinstalled.pth").write_text(f"{machine.preinstalled}\n")
    return machine
