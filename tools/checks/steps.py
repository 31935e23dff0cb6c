"""The steps of a check: what is carried out, in which order, and side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from tools.building.freshness import orphans, stale
from tools.building.project import VERSIONS, Lesson, Project
from tools.checks import hygiene, links, suite
from tools.checks.notebooks import Limits, prove
from tools.checks.parameters import run_with, shortened
from tools.checks.result import NotebookRun, Status, StepResult, judged, timed
from tools.checks.unsolved import unequal_outputs
from tools.notebook import read

_TESTS_LIMIT = 1200.0  # seconds for all tests together
_LINT_LIMIT = 180.0
_CHANGED = {"seed": 1}
_Steps = dict[str, Callable[[], StepResult]]


@dataclass
class Check:
    """One run of the check: what is checked, how long it may take, what was found."""

    project: Project
    lessons: list[Lesson]
    limits: Limits = field(default_factory=Limits)
    whole: bool = True
    stale: dict[str, list[str]] = field(default_factory=dict)
    runs: dict[str, list[NotebookRun]] = field(default_factory=dict)

    def run(self) -> list[StepResult]:
        """Carry out all steps and return their results, in the order of the table."""
        results: dict[str, StepResult] = {}
        for workers, steps in (
            (2, self._cheap_steps()),
            (1, {"tests": self._tests}),  # pytest itself uses two processes
        ):
            with ThreadPoolExecutor(workers) as pool:
                jobs = [pool.submit(_announced, *step) for step in steps.items()]
                results |= {job.result().name: job.result() for job in jobs}
        with ThreadPoolExecutor(1) as beside:  # a browser mostly waits for its page
            browser = beside.submit(_announced, "browser", self._browser)
            for result in self._notebook_steps():
                results[result.name] = result
            results["browser"] = browser.result()
        order = ["ruff check", "ruff format", "mypy", "tests"]
        return [results.pop(name) for name in order] + list(results.values())

    def _cheap_steps(self) -> _Steps:
        root = self.project.root

        def lint(name: str, *arguments: str) -> Callable[[], StepResult]:
            return lambda: suite.lint(name, root, arguments, _LINT_LIMIT)

        concise = ("--output-format", "concise")
        return {
            "mypy": lint("mypy", "mypy"),  # the longest of them goes first
            "ruff check": lint("ruff check", "ruff", "check", *concise),
            "ruff format": lint("ruff format", "ruff", "format", "--check", *concise),
            "freshness": self._freshness,
            "links and badges": self._links,
            "hygiene": self._hygiene,
            "same outputs": self._same_outputs,
        }

    def _tests(self) -> StepResult:
        root = self.project.root
        chosen = ["tests"]
        if not self.whole:
            chosen = [
                f for n in self.lessons for f in suite.lesson_tests(root, n.number)
            ]
        if not chosen:
            return StepResult("tests", "skipped", "no tests of this lesson")
        options = ["-m", "not browser", "-n", "2", "--dist", "loadscope"]
        arguments = [*options, *dict.fromkeys(chosen)]
        return suite.run_tests("tests", root, arguments, _TESTS_LIMIT)

    def _browser(self) -> StepResult:
        root = self.project.root
        chosen = suite.browser_tests(root)
        if not self.whole:
            chosen = [
                f for n in self.lessons for f in suite.browser_tests(root, n.number)
            ]
        if not chosen:
            return StepResult("browser", "skipped", "no browser tests here")
        arguments = ["-m", "browser", *chosen]
        return suite.run_tests("browser", root, arguments, _TESTS_LIMIT)

    def _freshness(self) -> StepResult:
        self.stale = {n.name: stale(self.project, n) for n in self.lessons}
        messages = [message for found in self.stale.values() for message in found]
        messages += orphans(self.project) if self.whole else []
        return judged("freshness", messages, f"{2 * len(self.lessons)} notebooks")

    def _links(self) -> StepResult:
        messages = links.page_faults(self.project)
        for lesson in self.lessons:
            messages += links.notebook_faults(self.project, lesson)
        return judged("links and badges", messages, "every one resolves")

    def _hygiene(self) -> StepResult:
        messages = []
        for lesson in self.lessons:
            for path in filter(lambda p: p.exists(), map(lesson.notebook, VERSIONS)):
                size = path.stat().st_size
                messages += hygiene.faults(read(path), lesson.shown(path), size)
        return judged("hygiene", messages, f"{len(hygiene.RULES) + 1} rules kept")

    def _same_outputs(self) -> StepResult:
        messages = []
        for lesson in self.lessons:
            worked, student = map(lesson.notebook, VERSIONS)
            if worked.exists() and student.exists():
                faults = unequal_outputs(read(worked), read(student))
                messages += [f"{lesson.shown(student)}, {fault}" for fault in faults]
        return judged("same outputs", messages, "solved and unsolved alike")

    def _notebook_steps(self) -> list[StepResult]:
        """Run all notebooks, two at a time, in the order of the steps."""
        ready = [lesson for lesson in self.lessons if not self.stale.get(lesson.name)]
        waiting = [lesson.number for lesson in self.lessons if lesson not in ready]
        with ThreadPoolExecutor(max_workers=2) as pool:
            proofs = [pool.submit(self._prove, lesson) for lesson in ready]
            changed = [pool.submit(self._change, lesson) for lesson in ready]
        results = [_proven(proofs), _changed([job.result() for job in changed])]
        return [_with_waiting(result, waiting) for result in results]

    def _prove(self, lesson: Lesson) -> NotebookRun:
        result = prove(lesson, self.limits)
        self.runs.setdefault(lesson.name, []).append(result)
        status: Status = "failed" if result.failures else "passed"
        _announce(result.notebook, status, result.seconds)
        return result

    def _change(self, lesson: Lesson) -> StepResult:
        output = self.project.root / "build" / "changed" / f"{lesson.name}.ipynb"
        changed = _CHANGED | shortened(lesson.notebook("student"))
        values = ", ".join(f"{name}={value}" for name, value in changed.items())
        name = f"{lesson.name}, unsolved, with {values}"

        def step() -> StepResult:
            return judged(name, run_with(lesson, changed, output, self.limits), "")

        return _announced(name, step)


def _proven(jobs: list[Future[NotebookRun]]) -> StepResult:
    runs = [job.result() for job in jobs]
    messages = [message for run in runs for message in run.failures]
    proven = sum(run.proven for run in runs)
    excused = sum(len(run.excused) for run in runs)
    name = "worked notebooks"
    result = judged(
        name, messages, f"{proven} cells proven, {excused} excused", "cells"
    )
    return StepResult(
        name,
        result.status,
        result.detail,
        result.messages,
        sum(r.seconds for r in runs),
    )


def _changed(results: list[StepResult]) -> StepResult:
    messages = [message for result in results for message in result.messages]
    name = "student notebooks"
    result = judged(
        name, messages, f"{len(results)} run unsolved, with seed=1", "notebooks"
    )
    seconds = sum(result.seconds for result in results)
    return StepResult(name, result.status, result.detail, result.messages, seconds)


def _with_waiting(result: StepResult, waiting: list[str]) -> StepResult:
    """Say which lessons did not run because their notebooks are not up to date."""
    if not waiting:
        return result
    told = f"{result.detail}; not run, since not fresh: {', '.join(waiting)}"
    status = result.status if result.seconds else "skipped"
    return StepResult(result.name, status, told, result.messages, result.seconds)


def _announced(name: str, step: Callable[[], StepResult]) -> StepResult:
    result = timed(name, step)
    _announce(name, result.status, result.seconds)
    return result


def _announce(name: str, status: Status, seconds: float) -> None:
    mark = {"passed": "✓", "failed": "✗", "skipped": "–"}[status]
    print(f"{mark} {name} ({seconds:.1f} s)", flush=True)
