"""How much training is allowed, and how much of it is spent."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Final, Self

FULL_EPOCHS: Final = 40


@dataclass(frozen=True)
class Budget:
    """How much training is allowed, validation during the run included.

    Attributes:
        label: ``"60 s"``, or another number of seconds, or ``"full"``.
        seconds: Limit; ``None`` when epochs are counted instead. On a processor,
            time that other programs take does not count; see `train_within`.
        epochs: Number of epochs; ``None`` when the clock decides.
    """

    label: str
    seconds: float | None = None
    epochs: int | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a budget from words.

        Raises:
            ValueError: If it is neither a number of seconds nor ``"full"``.
        """
        if text == "full":
            return cls(text, epochs=FULL_EPOCHS)
        match = re.fullmatch(r"(\d+(?:\.\d+)?) ?s", str(text).strip())
        if match is None or float(match[1]) <= 0:
            raise ValueError(
                f"budget is {text!r}; write a time such as '60 s', or 'full' for "
                f"{FULL_EPOCHS} epochs"
            )
        return cls(f"{float(match[1]):g} s", seconds=float(match[1]))


class Clock:
    """How much of a budget is spent.

    On a processor it counts the time that this thread is at work. It leads every
    computation, so that this is what an idle machine would take; the clock stands
    still while other programs have the processor, but not for ever.

    Args:
        budget: What is allowed.
        batches: Number of batches in an epoch.
        device: ``"cpu"``, or another kind, for which the clock on the wall counts.
        patience: How many times the budget may pass by the clock on the wall.

    Attributes:
        done: Number of batches done; to be counted by whoever trains.
    """

    def __init__(
        self, budget: Budget, batches: int, device: str, patience: float
    ) -> None:
        self.budget, self.batches = budget, batches
        self.time = time.thread_time if device == "cpu" else time.perf_counter
        self.patience = patience
        self.done = 0
        self.start, self.wall_start = self.time(), time.perf_counter()

    def seconds(self) -> float:
        """Return the time since the clock was made."""
        return self.time() - self.start

    def progress(self) -> float:
        """Return the share of the budget that is spent, 0 to 1."""
        if self.budget.seconds is None:
            return self.done / (self.batches * (self.budget.epochs or 1))
        wall = (time.perf_counter() - self.wall_start) / self.patience
        return min(max(self.seconds(), wall) / self.budget.seconds, 1.0)
