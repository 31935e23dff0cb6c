"""One line of progress with rate and time left, where somebody can see it."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self


class Progress:
    """A progress bar and a voice; silent when `quiet`, no bar in logs and pipes.

    Args:
        label: What is being downloaded.
        total: Bytes in all.
        quiet: Say nothing at all.
    """

    def __init__(self, label: str, total: int, *, quiet: bool = False) -> None:
        from tqdm import tqdm  # type: ignore[import-untyped]

        self._quiet = quiet
        self._position: int | None = None
        # the text bar on purpose, in notebooks too: it leaves no widget state behind
        self._bar: Any = tqdm(
            desc=label,
            total=total,
            unit="B",
            unit_scale=True,
            ncols=79,
            nrows=20,  # some terminals report none, and tqdm then shows no bar
            mininterval=0.2,
            file=sys.stdout,
            disable=quiet or not _is_watched(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def at(self, position: int) -> None:
        """Show that `position` bytes are here: also after a resume or a restart."""
        if self._bar.disable:
            return
        if self._position is None or position < self._position:
            self._bar.reset()
            # resumed bytes must not count as speed
            self._bar.initial = self._bar.n = self._bar.last_print_n = position
            self._bar.refresh()
        else:
            self._bar.update(position - self._position)
        self._position = position

    def say(self, sentence: str) -> None:
        """Print one sentence, above the bar where there is one."""
        if not self._quiet:
            self._bar.write(sentence, file=sys.stdout)


def _is_watched() -> bool:
    in_notebook = type(sys.stdout).__module__.startswith("ipykernel")
    return in_notebook or sys.stdout.isatty()
