"""A style transfer that runs beside the notebook: with progress, and can be stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from course_utils.style.pictures import as_bytes
from course_utils.style.transfer import State

Kind = Literal["idle", "running", "done", "stopped", "failed"]

_PAUSE: Final = 0.4  # seconds between two pictures that are sent to the page


@dataclass(frozen=True)
class Report:
    """How a run stands: what the page shows.

    Attributes:
        state: Where in its life the run is.
        what: What is computed, in words.
        message: A sentence for the reader.
        step: How many steps are finished.
        steps: How many are planned.
        picture: The latest picture as a WebP file.
    """

    state: Kind = "idle"
    what: str = ""
    message: str = "“Run for real” computes the setting on the left in your own kernel."
    step: int = 0
    steps: int = 0
    picture: bytes | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report for the page."""
        return dict(vars(self))


class Run:
    """One computation in a thread of its own.

    Args:
        states: Begins the computation and yields its states; called in the thread.
        what: What is computed, in words.
        steps: How many steps are planned.
        report: Called in the thread with each report.
    """

    def __init__(
        self,
        states: Callable[[], Iterator[State]],
        what: str,
        steps: int,
        report: Callable[[Report], None],
    ) -> None:
        self._states = states
        self._tell = report
        self._stop = threading.Event()
        self._begun = time.monotonic()
        self._told = self._begun
        self._report = Report("running", what, f"Preparing: {what}.", 0, steps)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.last: State | None = None

    @property
    def running(self) -> bool:
        """Whether it still computes."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._tell(self._report)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end after the step it is at."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended; return whether it has."""
        self._thread.join(seconds)
        return not self.running

    def _work(self) -> None:
        try:
            for state in self._states():
                self.last = state
                self._progress(state)
                if self._stop.is_set():
                    break
        except Exception as error:  # shown where the button was pressed
            self._end("failed", f"It failed. {type(error).__name__}: {error}")
        else:
            done = self.last is not None and self.last.step == self._report.steps
            self._end(*(("done", "Done") if done else ("stopped", "Stopped")))

    def _progress(self, state: State) -> None:
        now = time.monotonic()
        if state.step and now - self._told < _PAUSE:
            return
        self._told = now
        left = ""
        if state.step:
            seconds = (
                (now - self._begun) / state.step * (self._report.steps - state.step)
            )
            left = f", about {seconds:.0f} s to go"
        message = f"Step {state.step} of {self._report.steps}{left}."
        self._send(state, message)

    def _end(self, state: Kind, words: str) -> None:
        report = self._report
        if state != "failed" and self.last is not None:
            words += f" after step {self.last.step} of {report.steps}: {report.what}."
        self._report = replace(report, state=state)
        self._send(self.last, words)

    def _send(self, state: State | None, message: str) -> None:
        shown = replace(self._report, message=message)
        if state is not None:
            shown = replace(shown, step=state.step, picture=as_bytes(state.picture))
        self._tell(shown)
