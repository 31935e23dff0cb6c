"""Makes an environment with the oldest packages, the newest, or others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from course_utils.packages import NEEDED
from tools.building.project import ROOT

SHOWN: Final = ("torch", "torchvision", "numpy", "ipywidgets")
_FACTS: Final = f"""
import json, platform
from importlib.metadata import version
found = {{name: version(name) for name in {SHOWN!r}}}
print(json.dumps({{"python": platform.python_version(), **found}}))
"""


class InstallError(Exception):
    """An environment could not be made; the message is that of the installer."""


@dataclass(frozen=True)
class Recipe:
    """What an environment is made of.

    Attributes:
        name: How the table calls it.
        python: The version of Python to take, where this machine has it.
        packages: Arguments of ``uv pip install``.
        excused: Modules of others that may call what others have deprecated.
    """

    name: str
    python: str
    packages: tuple[str, ...]
    excused: tuple[str, ...] = ()


RECIPES: Final = (
    # the lower bounds of requirements.txt themselves; what these bring is the newest
    Recipe(
        "oldest",
        "3.11",
        ("--resolution", "lowest-direct", "-r", "requirements.txt", "pip>=23.2"),
        # old matplotlib with new pyparsing, as on Colab; ipywidgets with old
        # traitlets; torch.distributed.optim with torch's own compiler
        excused=(
            "matplotlib._fontconfig_pattern",
            "matplotlib._mathtext",
            "ipywidgets.widgets.widget",
            "torch.jit._script",
        ),
    ),
    # what environment.yml, .binder/ and .devcontainer/ install
    Recipe("locked", "3.12", ("-r", "requirements.lock", "pip")),
    Recipe("newest", "3.13", ("-r", "requirements.txt", "pip")),
    Recipe(
        "colab",
        "3.12",
        ("--constraint", "tools/versioning/colab.txt", *NEEDED, "ipykernel", "pip"),
    ),
)


@dataclass(frozen=True)
class Environment:
    """An environment that was made, and the versions that it has."""

    name: str
    python: Path
    versions: dict[str, str]
    excused: tuple[str, ...] = ()


def make(recipe: Recipe, folder: Path, *, cpu: bool) -> Environment:
    """Make an environment anew, with uv, which links files instead of copying them.

    Args:
        recipe: What it is made of.
        folder: Where it goes; what was there is deleted.
        cpu: Take PyTorch's own builds without CUDA, from its own package index.
    """
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--python", _interpreter(recipe.python), str(folder))
    python = folder / "bin" / "python"
    backend = ("--torch-backend", "cpu") if cpu else ()
    _uv("pip", "install", "--python", str(python), *backend, *recipe.packages)
    facts = subprocess.run(
        [python, "-c", _FACTS], check=True, capture_output=True, text=True
    )
    versions = json.loads(facts.stdout)
    return Environment(recipe.name, python, versions, recipe.excused)


def _interpreter(wanted: str) -> str:
    """The wanted Python if uv finds or fetches it, else the one that runs this."""
    try:
        _uv("python", "find", wanted)
    except InstallError:
        return sys.executable
    return wanted


def _uv(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise InstallError(f"uv {' '.join(arguments)}:\n{done.stderr}")
