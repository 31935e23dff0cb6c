"""A process that has all imported and waits: each submission is a fork of it.

Importing PyTorch costs seconds, forking a process that has it costs milliseconds. The
zygote itself never reads a submission; it only forks referees, one at a time. It never
calls `backward` either, which PyTorch would then refuse to its forks.

Run by `tools.grading.workshop`; a line on standard input names a job and its report.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import torch

from tools.grading import confine, jobs, referee, sandbox
from tools.grading.outline import Outline

_MODULES = ("matplotlib.pyplot", "torchvision")


def main() -> None:
    """Serve until standard input is closed."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a module prints while it is imported is no reply
    outline = Outline.from_json(Path(sys.argv[1]).read_text("utf-8"))
    _warm_up(outline)
    replies.write(f"{confine.isolation()}\n")
    replies.flush()
    for line in sys.stdin:
        code = _fork(outline, json.loads(line))
        replies.write(f"{code}\n")
        replies.flush()


def _fork(outline: Outline, request: dict[str, str]) -> int:
    """Have a referee grade one job; return its exit code, 0 if there is a report."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    try:
        job = jobs.Job.from_json(Path(request["job"]).read_text("utf-8"))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(job.limits.seconds * 3) + 60)  # a referee must end as well
        jobs.write(referee.grade(outline, job), Path(request["report"]))
    except BaseException as error:
        print(f"referee: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def _warm_up(outline: Outline) -> None:
    begin = time.perf_counter()
    exercises = outline.exercises()
    for name in _MODULES:
        importlib.import_module(name)
    sandbox.make_shell()
    for exercise in exercises.values():
        exercise.all_cases()
    if any("optim" in source for source in outline.cells.values()):
        # the first optimiser imports PyTorch's compiler, which takes seconds
        torch.optim.SGD([torch.zeros(1)], lr=1.0)
    seconds = time.perf_counter() - begin
    print(f"zygote: warm after {seconds:.1f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
