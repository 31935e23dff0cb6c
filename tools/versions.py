"""Prove the range of versions: ``make check-versions``.

Environments are made anew, one after another, below ``build/versions/``: with the
oldest packages that requirements.txt allows, with those of requirements.lock, with the
newest that there are, and with those of Colab. In the first three every module of the
library is imported and the fast tests run, deprecation warnings being errors; in the
last the students' notebooks run from their first cell on, in an empty folder.

On Linux, PyPI's torch brings several gigabytes of NVIDIA's libraries a version;
``--cpu`` takes PyTorch's own builds without them, from its own package index.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from typing import Final

from tools.building.project import ROOT
from tools.checks.result import StepResult, timed
from tools.versioning import runs
from tools.versioning.environments import RECIPES, SHOWN, InstallError, Recipe, make

FOLDER: Final = ROOT / "build" / "versions"
Row = tuple[dict[str, str], StepResult]


def prove(recipe: Recipe, *, cpu: bool, keep: bool) -> Row:
    """Make an environment, run what is to run in it; return versions and result."""
    folder = FOLDER / recipe.name
    versions: dict[str, str] = {}

    def step() -> StepResult:
        try:
            environment = make(recipe, folder, cpu=cpu)
        except InstallError as error:
            return StepResult(recipe.name, "failed", "not installed", (str(error),))
        versions.update(environment.versions)
        print(f"{recipe.name}: {versions}", flush=True)
        run = runs.lessons if recipe.name == "colab" else runs.library
        return run(environment)

    result = timed(recipe.name, step)
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return versions, result


def table(rows: Sequence[Row]) -> str:
    """Lay out versions and results in columns."""
    heading = ("environment", "python", *SHOWN, "result", "time", "detail")
    lines: list[tuple[str, ...]] = [heading]
    for versions, result in rows:
        found = [versions.get(name, "–") for name in ("python", *SHOWN)]
        seconds = f"{result.seconds:.0f} s"
        lines.append((result.name, *found, result.status, seconds, result.detail))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{word:<{w}}" for word, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Prove the range of versions.")
    names = [recipe.name for recipe in RECIPES]
    parser.add_argument("name", nargs="*", help=f"of {', '.join(names)}; default: all")
    parser.add_argument("--cpu", action="store_true", help="torch without CUDA")
    parser.add_argument("--keep", action="store_true", help="keep the environments")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.name) - set(names))
    if unknown:
        parser.error(f"found {', '.join(unknown)}; expected some of {', '.join(names)}")
    rows = [
        prove(recipe, cpu=options.cpu, keep=options.keep)
        for recipe in RECIPES
        if not options.name or recipe.name in options.name
    ]
    for _, result in rows:
        for message in result.messages:
            print(f"\n[{result.name}] {message}")
    print(f"\n{table(rows)}")
    return 1 if any(result.status != "passed" for _, result in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
