"""What a step of the check found."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class StepResult:
    """One row of the table: a step, how it ended and what it has to say.

    Attributes:
        detail: A few words for the table.
        messages: One message a fault; each names the place and what was expected.
        seconds: How long the step took.
    """

    name: str
    status: Status
    detail: str = ""
    messages: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class NotebookRun:
    """One notebook executed from top to bottom and compared with what it stores.

    Attributes:
        notebook: Its path, relative to the project.
        proven: Number of code cells that ran and gave the stored output.
        excused: Place and reason of each cell that ran but may give another output.
        failures: One message a fault.
    """

    notebook: str
    proven: int = 0
    excused: list[tuple[str, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


def judged(
    name: str, messages: list[str], good: str, faults: str = "faults"
) -> StepResult:
    """Pass with the words ``good``, or fail with the number of messages."""
    if not messages:
        return StepResult(name, "passed", good)
    return StepResult(name, "failed", f"{len(messages)} {faults}", tuple(messages))


def timed(name: str, step: Callable[[], StepResult]) -> StepResult:
    """Run a step and note its time; a step that breaks fails, the others go on."""
    begin = time.perf_counter()
    try:
        result = step()
    except Exception as error:
        message = f"{name} could not be carried out: {type(error).__name__}: {error}"
        result = StepResult(name, "failed", "broke off", (message,))
    return replace(result, seconds=time.perf_counter() - begin)
