"""Runs a command with a time limit that also ends what the command has started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.building.project import NEVER_BEGAN

_GRACE = 8.0  # seconds in which an interrupted command may stop its kernel


@dataclass(frozen=True)
class Finished:
    """How a command ended: exit code, output of both streams, and its time."""

    code: int
    output: str
    seconds: float
    over_limit: bool


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    limit: float,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run a command for at most ``limit`` seconds.

    At the limit it is interrupted as by Ctrl-C, so that it can stop a kernel of its
    own, and killed with its whole process group when that does not help.
    """
    begin = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    over_limit = False
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        over_limit = True
        output = _stop(process)
    except BaseException:
        _stop(process)
        raise
    seconds = time.perf_counter() - begin
    return Finished(process.returncode, output, seconds, over_limit)


def run_kernel(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    limit: float,
    env: Mapping[str, str],
    log: Path | None = None,
) -> Finished:
    """Run a command that starts a kernel, once more if the kernel never began.

    Jupyter looks for free ports before its kernel takes them, and on a busy machine
    another process may be faster. Nothing of the notebook has run by then; what the
    first try has written to ``log`` is deleted.
    """
    finished = run(command, cwd=cwd, limit=limit, env=env)
    if NEVER_BEGAN in finished.output:
        if log is not None:
            log.unlink(missing_ok=True)
        finished = run(command, cwd=cwd, limit=limit, env=env)
    return finished


def _stop(process: subprocess.Popen[str]) -> str:
    _signal(process, signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        output, _ = process.communicate()
    return output


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
