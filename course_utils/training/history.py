"""What a training run did, epoch by epoch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from html import escape
from typing import Any, Self

from torch import nn

from course_utils.training.snapshots import Snapshot, load_weights

Weights = dict[str, Any]
_HEADINGS = ("Epoch", "Training loss", "Validation loss", "Validation accuracy")


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of a run.

    Attributes:
        epoch: Number of the epoch, from 1.
        train_loss: Mean loss per image while training.
        val_loss: Mean loss per validation image, after the epoch.
        val_accuracy: Share of validation images predicted rightly, from 0 to 1.
        seconds: Time of the epoch, its evaluation included.
    """

    epoch: int
    train_loss: float
    val_loss: float
    val_accuracy: float
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """Return the texts of a table's row, without the time."""
        return (
            str(self.epoch),
            f"{self.train_loss:.3f}",
            f"{self.val_loss:.3f}",
            f"{self.val_accuracy:.1%}",
        )


@dataclass(frozen=True)
class _Kept:
    records: tuple[EpochRecord, ...]
    best_weights: Weights | None = None
    last: Snapshot | None = None


class History:
    """The epochs of a run, and the weights of the best one; shown as a table.

    The best epoch has the highest validation accuracy; of several, the lowest
    validation loss. The table leaves the times out, so that it is the same when the
    run is repeated; they stand in the records and in `table`.
    """

    def __init__(self, records: tuple[EpochRecord, ...] = ()) -> None:
        self._kept = _Kept(records)

    @property
    def records(self) -> tuple[EpochRecord, ...]:
        """One record an epoch, in order."""
        return self._kept.records

    @property
    def best_weights(self) -> Weights | None:
        """State dict of the best epoch; ``None`` where none was kept."""
        return self._kept.best_weights

    @property
    def last(self) -> Snapshot | None:
        """All that is needed to go on after the last epoch; ``None`` if not kept."""
        return self._kept.last

    def add(self, record: EpochRecord, snapshot: Snapshot) -> None:
        """Append an epoch; keep its weights if it is the best so far."""
        better = self.best is None or _rank(record) > _rank(self.best)
        weights = snapshot.model if better else self.best_weights
        # in one assignment, so that an interruption finds all of it or nothing
        self._kept = _Kept((*self.records, record), weights, snapshot)

    def keep(self, best_weights: Weights | None, last: Snapshot) -> None:
        """Take over the state that belongs to the records."""
        self._kept = _Kept(self.records, best_weights, last)

    @property
    def best(self) -> EpochRecord | None:
        """The record of the best epoch; ``None`` before the first."""
        return max(self.records, key=_rank, default=None)

    @property
    def train_losses(self) -> list[float]:
        """Training loss of every epoch."""
        return [record.train_loss for record in self.records]

    @property
    def val_losses(self) -> list[float]:
        """Validation loss of every epoch."""
        return [record.val_loss for record in self.records]

    @property
    def val_accuracies(self) -> list[float]:
        """Validation accuracy of every epoch, from 0 to 1."""
        return [record.val_accuracy for record in self.records]

    @property
    def seconds(self) -> float:
        """Time of all epochs together."""
        return sum(record.seconds for record in self.records)

    def load_best(self, model: nn.Module) -> None:
        """Give ``model`` the weights of the best epoch.

        Raises:
            ValueError: If no weights were kept, or they belong to another model.
        """
        if self.best_weights is None:
            raise ValueError(
                "this history holds no weights: it has no epoch yet, or it was read "
                "from JSON, which keeps the numbers alone. Load the run's checkpoint: "
                "fit(..., checkpoint=path) with the same number of epochs"
            )
        load_weights(model, self.best_weights, "the history")

    def to_json(self) -> str:
        """Return the records as JSON; the weights are not part of it."""
        return json.dumps([asdict(record) for record in self.records], indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the history that `to_json` wrote.

        Raises:
            ValueError: If the text is something else.
        """
        try:
            return cls.from_rows(json.loads(text))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"this is no history ({error}); expected the text that "
                "history.to_json() returned"
            ) from error

    @classmethod
    def from_rows(cls, rows: list[dict[str, Any]]) -> Self:
        """Return the history with these records, each a dict of its fields."""
        names = {field.name for field in fields(EpochRecord)}
        if not isinstance(rows, list):
            raise ValueError(f"it is a {type(rows).__name__}, not a list of records")
        for row in rows:
            if set(row) != names:
                raise ValueError(f"a record has {sorted(row)}, not {sorted(names)}")
        return cls(tuple(EpochRecord(**row) for row in rows))

    def table(self, *, times: bool = False) -> str:
        """Return the table as text, with the seconds of each epoch if asked."""
        rows = self._rows(times)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True))
            for row in rows
        ]
        marks = ["", *("  ← best" if r is self.best else "" for r in self.records)]
        return "\n".join(line + mark for line, mark in zip(lines, marks, strict=True))

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        return self.table() if self.records else "no epoch yet"

    def _repr_html_(self) -> str:
        if not self.records:
            return "<p>no epoch yet</p>"
        head, *rows = self._rows(times=False)
        heads = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
        body = "".join(
            f'<tr><th scope="row">{row[0]}{" (best)" if record is self.best else ""}'
            f"</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>"
            for row, record in zip(rows, self.records, strict=True)
        )
        return (
            '<table><caption style="text-align: left">Training, epoch by epoch'
            f"</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _rows(self, times: bool) -> list[tuple[str, ...]]:
        extra = ("Seconds",) if times else ()
        rows = [(*_HEADINGS, *extra)]
        for record in self.records:
            seconds = (f"{record.seconds:.1f}",) if times else ()
            rows.append((*record.cells(), *seconds))
        return rows


def _rank(record: EpochRecord) -> tuple[float, float]:
    return record.val_accuracy, -record.val_loss
