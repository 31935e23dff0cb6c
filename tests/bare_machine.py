"""A machine like Colab's: packages that came with it, an old ipywidgets, no workbook."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# everything that would let the workbook be found without an installation
_WORKBOOK = ("cnn_workbook", "_cnn_workbook", "__editable__", "course_utils")


@dataclass(frozen=True)
class Machine:
    """A virtual environment that sees packages which are not its own.

    The packages of this environment lie behind links in a folder of their own, which pip
    counts as installed and refuses to change. What pip adds goes elsewhere: it can be
    listed, and is all that a notebook has changed.
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


def bare_machine(
    folder: Path, without: tuple[str, ...] = (), instead: Path | None = None
) -> Machine:
    """Make a machine that has what this environment has, but no workbook.

    Args:
        folder: An empty folder.
        without: Further packages that it lacks.
        instead: A folder of packages that it has in place of its own versions.
    """
    machine = Machine(folder)
    machine.preinstalled.mkdir(parents=True)
    folders = [instead] if instead else []
    folders += [Path(entry) for entry in sys.path if entry.endswith("site-packages")]
    lacking = (*_WORKBOOK, *without)
    replaced: set[str] = set()
    for site in folders:
        entries = [e for e in site.iterdir() if not e.name.startswith(lacking)]
        for entry in entries:
            link = machine.preinstalled / entry.name
            if entry.suffix != ".pth" and _package(entry) not in replaced:
                if not link.exists():
                    link.symlink_to(entry)
        replaced |= {_package(entry) for entry in entries}
    venv.create(folder / "venv", with_pip=False)
    (site,) = folder.glob("venv/lib/python*/site-packages")
    (site / "preinstalled.pth").write_text(f"{machine.preinstalled}\n")
    return machine


def _package(entry: Path) -> str:
    """The package that a folder belongs to: itself, or that of its metadata."""
    return (
        entry.name.partition("-")[0].lower()
        if entry.suffix == ".dist-info"
        else entry.name
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine and give the address."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Keep test output clean."""


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the library's wheel with what is installed here."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel
