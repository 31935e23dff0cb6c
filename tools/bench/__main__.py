"""Measure ratios side by side: ``python -m tools.bench`` all, ``... training`` one.

Prints a table and writes ``build/bench.json``, after every single ratio, so that an
interruption or a failing benchmark loses nothing else. ``--quote`` puts the last whole
run into ``data/recorded/bench.json`` and into the README.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import torch

from tools.benchmarking import report
from tools.benchmarking.session import (
    INTERRUPTED,
    Measure,
    Outcome,
    benchmarks,
    run,
)
from tools.building.project import ROOT
from tools.recording_slots import write

FOUND: Final = Path("build/bench.json")
RECORDED: Final = Path("data/recorded/bench.json")
_STOPPED: Final = 130  # what a shell calls a program that Ctrl-C has ended


def measure(
    chosen: Mapping[str, Measure], *, quick: bool, threads: int, root: Path = ROOT
) -> int:
    """Measure, print the table and keep the file; return the exit code."""
    torch.set_num_threads(threads)
    where = report.conditions(threads, quick=quick)

    def keep(outcomes: list[Outcome]) -> None:
        write(root / FOUND, report.report(where, outcomes))

    outcomes = run(chosen, quick=quick, keep=keep)
    print(report.table(report.report(where, outcomes)))
    print(f"Written: {FOUND.as_posix()}")
    if any(outcome.problem == INTERRUPTED for outcome in outcomes):
        return _STOPPED
    return 1 if any(outcome.problem for outcome in outcomes) else 0


def quote(expected: Sequence[str], root: Path = ROOT) -> int:
    """Record the last run and quote it in the README; return the exit code."""
    if not (root / FOUND).is_file():
        print(f"there is no {FOUND.as_posix()}; run `make bench`", file=sys.stderr)
        return 1
    found = json.loads((root / FOUND).read_text("utf-8"))
    readme = root / "README.md"
    try:
        report.require_quotable(found, expected)
        text = report.with_quotation(readme.read_text("utf-8"), found)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    write(root / RECORDED, found)
    readme.write_text(text, "utf-8")
    print(f"Written: {RECORDED.as_posix()} and the README's table")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    known = benchmarks()
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "name", nargs="*", help=f"which ({', '.join(known)}; default: all)"
    )
    parser.add_argument("--quick", action="store_true", help="tiny: does it work?")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--quote", action="store_true", help="put it into the README")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.name) - known.keys()):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    if options.quote:
        return quote(list(known))
    chosen = {name: known[name] for name in options.name or known}
    return measure(chosen, quick=options.quick, threads=options.threads)


if __name__ == "__main__":
    sys.exit(main())
