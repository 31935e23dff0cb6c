"""One submission from its text to its verdicts, in a process of its own.

The referee starts the notebook in a confined process, reads what comes out of it,
watches what it uses, ends it when it uses too much, and judges. It ends with its
submission, so that nothing of one can be found in the memory of the next.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from course_utils.checks.engine import Exercise
from tools.grading import confine, plan, sandbox, wire
from tools.grading.confine import Isolation
from tools.grading.jobs import Job, Report, marked, unmarked
from tools.grading.judge import judge
from tools.grading.limits import Limits, resident_memory, usage_below
from tools.grading.outline import Outline

_MOST_SENT = 128 * 2**20
_LONGEST_TEXT = 1000
_GLANCE = 0.2  # seconds between two looks at what a submission uses


def grade(outline: Outline, job: Job) -> Report:
    """Grade one notebook, shut in; whatever it does, a report comes back."""
    cells = plan.code_cells(json.loads(job.text))
    exercises = outline.exercises(job.hidden)
    for check, seed in job.own.items():
        exercises[check] = exercises[check].redrawn(seed)
    report, sent = _run(outline, job, cells, exercises, whole=job.whole)
    unknown_name = any("NameError" in error for error in report.errors)
    if unknown_name and not report.whole and not report.problem:
        # perhaps a name that one of our cells gives in a way that the text hides
        report, sent = _run(outline, job, cells, exercises, whole=True)
    # not before: PyTorch refuses `backward` to forks of a process that has used it
    report.marks = [
        marked(outline, check, judge(exercise, sent[check]))
        if check in sent
        else unmarked(outline, check, report)
        for check, exercise in exercises.items()
    ]
    return report


def _run(
    outline: Outline,
    job: Job,
    cells: list[tuple[str, str]],
    exercises: Mapping[str, Exercise],
    *,
    whole: bool,
) -> tuple[Report, dict[str, dict[str, Any]]]:
    """Run the notebook; return a report without marks, and the answers by check."""
    steps = plan.steps(outline, cells, whole=whole)
    how = Isolation(job.isolation) if job.isolation else confine.isolation()
    report = Report(whole=whole, isolation=how)
    sent: dict[str, dict[str, Any]] = {}
    answers = {task.check: task.answer for task in outline.tasks}
    for message in _messages(steps, exercises, answers, job.limits, report):
        check = str(message.get("check"))
        if "cell" in message and len(report.errors) < len(cells):
            report.errors.append(_sentence(message))
        elif check in exercises and "at" not in message:
            sent.setdefault(check, message)
    return report, sent


def _sentence(message: Mapping[str, Any]) -> str:
    try:
        error, place = wire.decode_error(message)
    except wire.WireError as unreadable:
        return str(unreadable)[:_LONGEST_TEXT]
    return f"{type(error).__name__}{place}: {error}"[:_LONGEST_TEXT]


def _messages(
    steps: list[plan.Step],
    exercises: Mapping[str, Exercise],
    answers: Mapping[str, str],
    limits: Limits,
    report: Report,
) -> Iterator[dict[str, Any]]:
    """Start the notebook's process and yield what it sends, until it ends or must."""
    ours, theirs = os.pipe()

    def work() -> None:
        sandbox.run(
            steps,
            exercises,
            answers,
            channel=theirs,
            cell_seconds=limits.cell_seconds,
        )

    keeper, folder = confine.start(
        work, channel=theirs, limits=limits, how=Isolation(report.isolation)
    )
    os.close(theirs)
    at = "before its first cell"
    ended = False
    try:
        for line in _lines(ours, keeper, limits, report):
            message = wire.from_line(line)
            if "at" in message:
                at = f"at cell {message['at']}"[:40]
            ended = ended or message.get("done") is True
            if ended:
                break
            yield message
    except wire.WireError as error:
        report.problem = f"It wrote into the grader's own channel: {error}"
    finally:
        os.close(ours)
        _end(keeper)
        confine.clear(folder)
    if report.problem:
        report.problem += f" ({at})"
    elif not ended:
        report.problem = f"Its process ended {at}"


def _lines(
    channel: int, keeper: int, limits: Limits, report: Report
) -> Iterator[bytes]:
    deadline = time.monotonic() + limits.seconds
    begun_with = resident_memory()
    pending, sent, next_glance = b"", 0, time.monotonic() + _GLANCE
    while True:
        ready, _, _ = select.select([channel], [], [], _GLANCE)
        block = os.read(channel, 2**20) if ready else None
        if block == b"":
            return
        if block:
            sent += len(block)
            *whole, pending = (pending + block).split(b"\n")
            yield from whole
        if time.monotonic() > deadline:
            report.problem = f"It was still running after {limits.seconds:g} s"
        elif sent > _MOST_SENT or len(pending) > wire.LONGEST:
            report.problem = "It sent more than an answer can hold"
        elif time.monotonic() > next_glance:
            report.problem = _excess(keeper, limits, begun_with)
            next_glance = time.monotonic() + _GLANCE
        if report.problem:
            return


def _excess(keeper: int, limits: Limits, begun_with: int) -> str:
    usage = usage_below(keeper, begun_with)
    if len(usage.processes) > limits.processes:
        return (
            f"It had {len(usage.processes)} processes; {limits.processes} are allowed"
        )
    if usage.memory > limits.memory:
        held, allowed = usage.memory >> 20, limits.memory >> 20
        return f"It held {held} MiB of memory; {allowed} are allowed"
    return ""


def _end(keeper: int) -> None:
    """End a submission with everything that it started."""
    for _ in range(20):  # what is forked while we look is found the next time
        below = usage_below(keeper).processes
        for pid in below:
            _kill(pid)
        if not below:
            break
    _kill(keeper)
    os.waitpid(keeper, 0)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it has ended by itself
        os.kill(pid, signal.SIGKILL)
