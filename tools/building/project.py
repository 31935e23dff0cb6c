"""Where a lesson and its two notebooks live, and where they are published."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
Version = Literal["worked", "student"]
VERSIONS: tuple[Version, ...] = ("worked", "student")
# jupyter_client's words for a kernel that ended before it ran anything
NEVER_BEGAN = "Kernel died before replying to kernel_info"


class BuildError(Exception):
    """A lesson that cannot be built; the message names the place and the remedy."""


@dataclass(frozen=True)
class Lesson:
    """One lesson, by the name that its source and its two notebooks share."""

    root: Path
    name: str

    @property
    def number(self) -> str:
        """The two digits that the name begins with."""
        return self.name[:2]

    @property
    def source(self) -> Path:
        """The file that an author edits."""
        return self.root / "lessons" / f"{self.name}.py"

    def notebook(self, version: Version) -> Path:
        """The file that is built: worked, or with stubs for students."""
        folder = self.root / "notebooks"
        folder = folder / "solutions" if version == "worked" else folder
        return folder / f"{self.name}.ipynb"

    def built(self, version: Version) -> Path:
        """The same file, for those who read it.

        Raises:
            BuildError: If it has not been built yet.
        """
        path = self.notebook(version)
        if not path.exists():
            raise BuildError(
                f"{self.shown(path)} is missing; run `make lesson LESSON={self.number}`"
            )
        return path

    def shown(self, path: Path) -> str:
        """A path as messages print it: relative to the project."""
        return path.relative_to(self.root).as_posix()


@dataclass(frozen=True)
class Project:
    """The folder of the workbook and the repository that it is published in."""

    root: Path
    repository: str
    ref: str

    @classmethod
    def load(cls, root: Path = ROOT) -> Project:
        """Read ``[tool.workbook]`` of the project's ``pyproject.toml``."""
        settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
        workbook = settings.get("tool", {}).get("workbook", {})
        missing = {"repository", "ref"} - workbook.keys()
        if missing:
            raise BuildError(
                f"pyproject.toml: [tool.workbook] lacks {', '.join(sorted(missing))}; "
                'expected repository = "owner/name" and ref = "v1.2.0", the tag'
            )
        return cls(root, workbook["repository"], workbook["ref"])

    @property
    def wheel_url(self) -> str:
        """Where the library of this tag lies, put there by the release workflow."""
        releases = f"https://github.com/{self.repository}/releases/download"
        version = self.ref.removeprefix("v")
        return f"{releases}/{self.ref}/cnn_workbook-{version}-py3-none-any.whl"

    def lessons(self, numbers: Sequence[str] = ()) -> list[Lesson]:
        """The lessons in order, or only those with the given numbers."""
        paths = sorted((self.root / "lessons").glob("*.py"))
        for path in paths:
            if not re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem):
                raise BuildError(
                    f"lessons/{path.name}: expected a name such as 03_output_size.py"
                )
        found = [Lesson(self.root, path.stem) for path in paths]
        known = {lesson.number for lesson in found}
        if len(known) != len(found) or not found:
            names = ", ".join(path.name for path in paths) or "no file"
            raise BuildError(f"lessons/: expected one file a number, found {names}")
        wanted = {number.zfill(2) for number in numbers}
        if wanted - known:
            raise BuildError(
                f"no lesson {', '.join(sorted(wanted - known))} in lessons/; "
                f"there are {', '.join(sorted(known))}"
            )
        return [lesson for lesson in found if not wanted or lesson.number in wanted]


def kernel_environment(root: Path, scratch: Path) -> dict[str, str]:
    """The environment in which every kernel of build and check runs.

    Threads are part of the seed: sums in another order give other last digits.
    Networks are those that every machine can have, whatever lies in its caches.
    ``scratch`` takes the place of the user's IPython profile and start-up files.
    """
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "COURSE_WEIGHTS": "small",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(scratch),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONPATH": os.pathsep.join(paths),
    }
