"""What a check answers, and how it looks in a notebook, in a terminal and on paper."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from html import escape


class Verdict(StrEnum):
    """The three answers that a check can give."""

    PASS = "PASS"
    NOT_ATTEMPTED = "NOT ATTEMPTED"
    FAIL = "FAIL"


# symbol and edge colour of each verdict; the word always stands beside them
_LOOKS = {
    Verdict.PASS: ("✓", "#117733"),
    Verdict.NOT_ATTEMPTED: ("○", "#6699cc"),
    Verdict.FAIL: ("✗", "#cc6677"),
}


@dataclass(frozen=True, repr=False)
class CheckResult:
    """The verdict on one answer.

    Attributes:
        verdict: PASS, NOT ATTEMPTED or FAIL.
        exercise: Title of the exercise.
        message: What was found, in one or two sentences.
        hint: What to do next; empty when there is nothing to add.
        mistake: Name of the known mistake that the answer shows, if any.
    """

    verdict: Verdict
    exercise: str
    message: str
    hint: str = ""
    mistake: str = ""

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.verdict is Verdict.PASS

    def __repr__(self) -> str:
        symbol, _ = _LOOKS[self.verdict]
        lines = [f"{symbol} {self.verdict} · {self.exercise}", f"  {self.message}"]
        if self.hint:
            lines.append(f"  Hint: {self.hint}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        symbol, colour = _LOOKS[self.verdict]
        hint = (
            f"<p><strong>Hint:</strong> {in_html(self.hint)}</p>" if self.hint else ""
        )
        return (
            f'<div style="border-left: 0.4em solid {colour}; padding: 0.1em 1em">'
            f'<p><strong><span aria-hidden="true">{symbol}</span> {self.verdict}'
            f"</strong> · {in_html(self.exercise)}</p><p>{in_html(self.message)}</p>"
            f"{hint}</div>"
        )


def in_html(text: str) -> str:
    """Escape ``text`` for HTML and set what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
