"""The inside of a submission's process: runs its cells and sends its answers out.

Nothing here judges. What leaves this process is what the student's functions returned
on the cases, as plain data; the references stay outside (see `tools.grading.judge`).
"""

from __future__ import annotations

import copy
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Any, NoReturn, cast

from course_utils.checks import engine
from course_utils.checks.engine import Case, Exercise, call
from course_utils.checks.limits import TimeLimitError, call_with_limit, where_it_failed
from course_utils.checks.result import CheckResult, Verdict
from tools.grading import wire
from tools.grading.plan import Step


class CellTimeoutError(BaseException):
    """Thrown into a cell whose time is over; passes a student's `except Exception`."""


def run(
    steps: Sequence[Step],
    exercises: Mapping[str, Exercise],
    answers: Mapping[str, str],
    *,
    channel: int,
    cell_seconds: float,
) -> None:
    """Carry out the steps, and write one line for each to ``channel``.

    Args:
        steps: The plan, from `tools.grading.plan.steps`.
        exercises: By the names of their checks.
        answers: The answer's name in the notebook, by check.
        channel: A file descriptor.
        cell_seconds: Time for one cell.
    """
    own = os.getpid()
    cases = {check: exercise.all_cases() for check, exercise in exercises.items()}
    plain = {check: exercise.is_value for check, exercise in exercises.items()}
    _withhold(exercises)
    shell = make_shell()
    for step in steps:
        _send(channel, {"at": step.number, "kind": step.kind, "check": step.text[:80]})
        if step.kind == "run":
            error = _run_cell(shell, step.text, cell_seconds)
            if os.getpid() != own:
                os._exit(0)  # a fork that came back from its cell
            if error is not None:
                place = f" in cell {step.number}"
                _send(channel, {"cell": step.number} | wire.encode_error(error, place))
            continue
        exercise = exercises[step.text]
        found = _missing
        if answers[step.text] in shell.user_ns:
            found = shell.user_ns[answers[step.text]]
        message: dict[str, Any] = {"check": step.text, "name": answers[step.text]}
        if found is _missing:
            message |= {"missing": True}
        elif plain[step.text] or found is ... or not callable(found):
            message |= {"value": wire.encode(found)}
        else:
            message |= {"outcomes": outcomes(exercise, found, cases[step.text])}
        _send(channel, message)
    _send(channel, {"done": True})


_missing = object()


def outcomes(
    exercise: Exercise, answer: Any, cases: tuple[Case, ...]
) -> list[dict[str, Any]]:
    """Try an answer on every case, as the engine does, within the exercise's time."""
    deadline = time.monotonic() + exercise.seconds
    found: list[dict[str, Any]] = []
    for case in cases:
        found.append(_outcome(exercise, answer, case, deadline))
        if found[-1].get("type") in ("NotImplementedError", "TimeLimitError"):
            break  # the engine looks no further either
    return found


def _outcome(
    exercise: Exercise, answer: Any, case: Case, deadline: float
) -> dict[str, Any]:
    args, kwargs = copy.deepcopy((case.args, case.kwargs))
    use = exercise.use or call
    left = min(exercise.seconds, max(deadline - time.monotonic(), 0.1))
    try:
        value = call_with_limit(lambda: use(answer, *args, **kwargs), left)
    except BaseException as error:  # an answer that calls sys.exit() is only wrong
        raised: dict[str, Any] = wire.encode_error(error, where_it_failed(error))
        return raised
    changed = engine._changed((case.args, case.kwargs), (args, kwargs))
    return {"value": wire.encode(value), "changed": changed}


def _withhold(exercises: Mapping[str, Exercise]) -> None:
    """Take the right answers out of this process, and switch the checks off.

    A notebook calls its checks wherever it likes; here they say nothing, since what
    counts is judged outside.
    """

    def withheld(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError("while a notebook is graded, its reference is not there")

    def later(self: Exercise, answer: Any) -> CheckResult:
        text = "This answer is checked by the grader."
        return CheckResult(Verdict.NOT_ATTEMPTED, self.title, text)

    originals = [value for value in _every_exercise() if isinstance(value, Exercise)]
    for exercise in [*exercises.values(), *originals]:
        object.__setattr__(exercise, "reference", withheld)
        object.__setattr__(exercise, "mistakes", ())
        object.__setattr__(exercise, "redraw", None if exercise.redraw is None else _no)
    silent = {"__call__": later, "redrawn": lambda self, seed: self}
    for name, stand_in in silent.items():
        setattr(Exercise, name, stand_in)


def _no(generator: Any) -> NoReturn:
    raise RuntimeError("while a notebook is graded, no numbers are drawn")


def _every_exercise() -> Iterator[Any]:
    for name, module in list(sys.modules.items()):
        if name.startswith("course_utils.checks."):
            yield from list(vars(module).values())


def make_shell() -> Any:
    """An IPython that shows nothing and remembers nothing on disk."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.ast_node_interactivity = "none"
    settings.InteractiveShell.colors = "nocolor"
    shell = cast(Any, InteractiveShell.instance(config=settings))
    shell.showtraceback = lambda *args, **kwargs: None
    shell.showsyntaxerror = lambda *args, **kwargs: None
    shell._tee = lambda channel: nullcontext()  # it would keep all that is printed
    return shell


def _run_cell(shell: Any, source: str, seconds: float) -> BaseException | None:
    """Run a cell; return the error that it ended with."""
    with _alarm(seconds):
        result = shell.run_cell(source, store_history=False)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    if isinstance(error, CellTimeoutError):
        return TimeLimitError(f"the cell was still running after {seconds:g} s")
    return error


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise CellTimeoutError

    signal.signal(signal.SIGALRM, stop)
    # again and again, since a bare `except` in a loop swallows one
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    except CellTimeoutError:
        pass  # it came a moment after the cell's end
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _send(channel: int, message: dict[str, Any]) -> None:
    line = wire.to_line(message)
    if len(line) > wire.LONGEST:
        kept = {"check": message.get("check"), "name": message.get("name")}
        line = wire.to_line(kept | {"too_long": len(line)})
    while line:
        line = line[os.write(channel, line) :]
