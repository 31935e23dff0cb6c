"""Steps of an explorer as a table in words: for GitHub, paper and screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_LEFT: Final = ' style="text-align: left"'  # notebooks align cells to the right


@dataclass(frozen=True)
class StepTable:
    """A table with caption and header cells, and sentences above it.

    ``print`` shows the sentences and one line a step; a notebook shows real HTML.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    sentences: Sequence[str] = ()

    def __repr__(self) -> str:
        lines = [self.caption, *self.sentences]
        for row in self.rows:
            pairs = zip(self.header, row, strict=True)
            lines.append("; ".join(f"{name} {cell}" for name, cell in pairs))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th scope="col"{_LEFT}>{escape(name)}</th>' for name in self.header
        )
        body = "".join(f"<tr>{_html_row(row)}</tr>" for row in self.rows)
        text = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences)
        if not self.rows:
            return f"<p><strong>{escape(self.caption)}</strong></p>{text}"
        return (
            f"{text}<table><caption>{escape(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def _html_row(row: Sequence[str]) -> str:
    first, *others = (escape(cell) for cell in row)
    cells = "".join(f"<td{_LEFT}>{cell}</td>" for cell in others)
    return f'<th scope="row"{_LEFT}>{first}</th>{cells}'


def spread(total: int, steps: int) -> list[int]:
    """``steps`` whole numbers from 0 to ``total - 1``, evenly spaced, ends included."""
    if total <= steps:
        return list(range(total))
    if steps == 1:
        return [0]
    return [round(i * (total - 1) / (steps - 1)) for i in range(steps)]
