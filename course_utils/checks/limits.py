"""Run a student's code with a time limit, on every platform and without signals."""

from __future__ import annotations

import ctypes
import linecache
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class TimeLimitError(Exception):
    """The code was still running when its time was up; the message says where."""


class _Stop(BaseException):
    """Thrown into the worker; a BaseException passes a student's `except Exception`."""


@dataclass
class _Outcome:
    value: Any = None
    error: BaseException | None = None


def call_with_limit(function: Callable[[], Any], seconds: float) -> Any:
    """Return ``function()``, or give up after ``seconds``.

    The call runs in a thread of its own. A thread can't be killed, but Python lets an
    exception be raised inside it, which ends any loop written in Python.

    Raises:
        TimeLimitError: If the call takes longer; the message names the line.
        KeyboardInterrupt: If the reader interrupts the cell; the call is stopped first.
        Exception: Whatever ``function`` raises.
    """
    outcome = _Outcome()

    def work() -> None:
        try:
            outcome.value = function()
        except _Stop:
            pass  # stopped by us: the waiting side already says so
        except BaseException as error:
            outcome.error = error

    worker = threading.Thread(target=work, daemon=True, name="student-answer")
    worker.start()
    try:
        worker.join(seconds)
    except KeyboardInterrupt:
        _stop(worker)
        raise
    if worker.is_alive():
        line = _current_line(worker)
        _stop(worker)
        raise TimeLimitError(line)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def where_it_failed(error: BaseException) -> str:
    """Return the innermost line of the student's own code, as ' in line 3 (`…`)'."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_own(frame.filename)]
    return _in_line(own[-1].lineno, own[-1].line) if own else ""


def _current_line(worker: threading.Thread) -> str:
    frame = sys._current_frames().get(worker.ident or 0)
    while frame is not None:
        name = frame.f_code.co_filename
        if _is_own(name):
            return _in_line(frame.f_lineno, linecache.getline(name, frame.f_lineno))
        frame = frame.f_back
    return ""


def _in_line(number: int | None, text: str | None) -> str:
    """Return ' in line 3 (`…`)', with a long line cut short; empty without source."""
    text = (text or "").strip()
    return f" in line {number} (`{text[:60]}`)" if text else ""


def _is_own(filename: str) -> bool:
    """Whether a file is neither this package nor an installed one nor Python's own."""
    foreign = (
        "site-packages",
        "dist-packages",
        str(Path(__file__).parents[1]),
        str(Path(threading.__file__).parent),
        "<frozen",
        "<string>",
    )
    return not any(part in filename for part in foreign)


def _stop(worker: threading.Thread, patience: float = 2.0) -> None:
    deadline = time.monotonic() + patience
    while worker.is_alive() and time.monotonic() < deadline:
        # repeated, since a `finally` or bare `except` in the loop may swallow one
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(worker.ident or 0), ctypes.py_object(_Stop)
        )
        worker.join(0.05)
