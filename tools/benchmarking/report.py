"""What a run of the benchmarks found: as a file, as a table, and in the README."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any, Final

from tools.benchmarking.ratio import Ratio, digits
from tools.benchmarking.session import Outcome
from tools.recording_slots import machine

Report = dict[str, Any]

BEGIN: Final = "<!-- measured: written by `python -m tools.bench --quote` -->"
END: Final = "<!-- end of measured -->"
_PACKAGES: Final = (
    *("torch", "torchvision", "numpy", "matplotlib", "ipykernel", "jupyterlab"),
    *("ipywidgets", "anywidget", "nbgrader", "dask"),
)
_HEADINGS: Final = ("what", "against", "times as fast", "range", "n")


def conditions(threads: int, *, quick: bool) -> Report:
    """Return where, when and with what is measured; the load is that of others."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "machine": machine("cpu"),
        "system": f"{platform.system()}, {platform.machine()}",
        "versions": {"python": platform.python_version(), **_versions()},
        "threads": threads,
        "date": datetime.now(UTC).date().isoformat(),
        "load": load if load is None else round(load, 2),
        "quick": quick,
    }


def report(where: Report, outcomes: Sequence[Outcome]) -> Report:
    """Return all that is known, as JSON can hold it."""
    return {**where, "benchmarks": [_facts(outcome) for outcome in outcomes]}


def table(found: Report) -> str:
    """Lay out the ratios in columns, and the problems under them."""
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for one in found["benchmarks"]:
        rows.append((f"{one['name']} ({one['seconds']:.0f} s)", "", "", "", ""))
        rows += [_row(ratio) for ratio in one["ratios"]]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_HEADINGS))]
    lines = [_aligned(row, widths) for row in rows]
    lines += [f"NOT WHOLE: {problem}" for problem in problems(found)]
    seconds = sum(one["seconds"] for one in found["benchmarks"])
    return "\n".join([*lines, f"{_sentence(found)} It took {seconds:.0f} s."])


def problems(found: Report) -> list[str]:
    """Return which benchmarks did not come to their end, and why."""
    return [
        f"{one['name']}: {one['problem']}"
        for one in found["benchmarks"]
        if one["problem"]
    ]


def require_quotable(found: Report, expected: Collection[str]) -> None:
    """Raise ``ValueError`` unless every benchmark was measured to its end, at length.

    Args:
        found: A report.
        expected: The names of all benchmarks.
    """
    missing = sorted(set(expected) - {one["name"] for one in found["benchmarks"]})
    faults = [f"{name}: not measured" for name in missing] + problems(found)
    faults += ["a quick run: its sizes are too small"] if found["quick"] else []
    if faults:
        raise ValueError(
            f"this run is not to be quoted ({'; '.join(faults)}); "
            "run `make bench` to its end on a quiet machine"
        )


def quotation(found: Report) -> str:
    """Return the README's lines: a table, and where and when it was measured."""
    rows = ["| Benchmark | What | Against | Times as fast (range) | n |"]
    rows += ["|---|---|---|---|---|"]
    for one in found["benchmarks"]:
        for ratio in one["ratios"]:
            what, against, middle, spread, n = _row(ratio)
            times = f"{middle} ({spread})" if spread else middle
            cells = (one["name"].replace("_", " "), what.strip(), against, times, n)
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([BEGIN, _sentence(found), "", *rows, END])


def with_quotation(readme: str, found: Report) -> str:
    """Return a text with its quotation replaced.

    Raises:
        ValueError: If the text lacks the two comments that frame it.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the README lacks the lines {BEGIN} and {END}")
    return before + quotation(found) + after


def _facts(outcome: Outcome) -> Report:
    return {
        "name": outcome.name,
        "seconds": round(outcome.seconds, 1),
        "problem": outcome.problem,
        "ratios": [_ratio(ratio) for ratio in outcome.ratios],
    }


def _ratio(ratio: Ratio) -> Report:
    return {
        "what": ratio.what,
        "against": ratio.against,
        "median": ratio.median if ratio.n else None,
        "spread": ratio.spread if ratio.n else "",
        "n": ratio.n,
        "note": ratio.note,
        "values": list(ratio.values),
    }


def _row(ratio: Report) -> tuple[str, ...]:
    middle = "?" if ratio["median"] is None else digits(ratio["median"])
    note = f", {ratio['note']}" if ratio["note"] else ""
    return (
        f"  {ratio['what']}",
        ratio["against"],
        middle + note,
        ratio["spread"],
        str(ratio["n"]),
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
    return "  ".join(cells).rstrip()


def _sentence(found: Report) -> str:
    versions = found["versions"]
    load = "" if found["load"] is None else f", load {found['load']:g} before"
    return (
        f"Medians of n rounds, taken in turns on {found['machine']} "
        f"({found['system']}), threads: {found['threads']}{load}; Python "
        f"{versions['python']}, torch {versions['torch']}, {found['date']}."
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # a benchmark that needs it will say so
    return found
