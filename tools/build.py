"""Build the notebooks from the lessons, one way.

``python -m tools.build`` builds all, ``python -m tools.build 02`` one lesson, and
``python -m tools.build --check`` only tells whether the notebooks are up to date.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from nbformat import NotebookNode

from tools.building.assemble import assemble
from tools.building.execute import add_alt_texts, execute, keep_unstable_outputs
from tools.building.freshness import orphans, stale
from tools.building.project import BuildError, Lesson, Project, Version
from tools.notebook import read, to_text

_Job = Future[tuple[NotebookNode, float]]


def build(
    project: Project, lessons: Sequence[Lesson], *, fresh: bool, cell_timeout: int
) -> list[str]:
    """Build lessons, two notebooks at a time, and return what went wrong.

    A lesson's notebooks are written only when both of them ran to the end.

    Args:
        project: Where the lessons are and where they are published.
        lessons: The lessons to build.
        fresh: Renew also the outputs of cells tagged ``nbval-ignore-output``.
        cell_timeout: Longest time for one cell, in seconds.
    """
    failures: list[str] = []
    running: dict[Lesson, dict[Version, _Job]] = {}
    with ProcessPoolExecutor(max_workers=2) as pool:
        for lesson in lessons:
            try:
                notebooks = assemble(project, lesson)
            except BuildError as error:
                failures.append(str(error))
                continue
            running[lesson] = {
                version: pool.submit(_run, notebook, lesson, version, cell_timeout)
                for version, notebook in notebooks.items()
            }
        for lesson, jobs in running.items():
            errors = [job.exception() for job in jobs.values()]
            if any(errors):
                failures += [str(error) for error in errors if error]
                continue
            done = {version: job.result() for version, job in jobs.items()}
            _write(lesson, {v: notebook for v, (notebook, _) in done.items()}, fresh)
            times = ", ".join(
                f"{v} {seconds:.1f} s" for v, (_, seconds) in done.items()
            )
            print(f"{lesson.name}: built ({times})", flush=True)
    return failures


def _run(
    notebook: NotebookNode, lesson: Lesson, version: Version, cell_timeout: int
) -> tuple[NotebookNode, float]:
    name = lesson.shown(lesson.notebook(version))
    begin = time.perf_counter()
    done = execute(notebook, root=lesson.root, name=name, cell_timeout=cell_timeout)
    return done, time.perf_counter() - begin


def _write(lesson: Lesson, notebooks: dict[Version, NotebookNode], fresh: bool) -> None:
    texts = {}
    for version, notebook in notebooks.items():
        path = lesson.notebook(version)
        if path.exists() and not fresh:
            keep_unstable_outputs(notebook, read(path))
        add_alt_texts(notebook)
        texts[path] = to_text(notebook)
    for path, text in texts.items():
        _write_atomically(path, text)


def _write_atomically(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    unfinished.write_text(text, "utf-8", newline="\n")
    unfinished.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Build notebooks from lessons.")
    parser.add_argument("lesson", nargs="*", help="numbers, such as 02 (default: all)")
    parser.add_argument(
        "--check", action="store_true", help="only tell whether they are up to date"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="renew also outputs that may differ"
    )
    parser.add_argument(
        "--cell-timeout", type=int, default=120, help="seconds for one cell"
    )
    options = parser.parse_args(arguments)
    try:
        project = Project.load()
        lessons = project.lessons(options.lesson)
    except BuildError as error:
        failures = [str(error)]
    else:
        if options.check:
            failures = [m for lesson in lessons for m in stale(project, lesson)]
            failures += [] if options.lesson else orphans(project)
        else:
            failures = build(
                project, lessons, fresh=options.fresh, cell_timeout=options.cell_timeout
            )
    for message in failures:
        print(message, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
