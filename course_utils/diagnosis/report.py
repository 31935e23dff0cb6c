"""What a diagnosis found, and how it looks in a notebook and in a terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Finding:
    """One silent mistake.

    Attributes:
        name: What it is, in a few words.
        measured: What was measured, with its numbers.
        why: Why it matters.
        remedy: What to write; code stands between backticks.
    """

    name: str
    measured: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Skipped:
    """A question that could not be looked at, and what it would need."""

    reason: str


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """The mistakes found, what was looked at without a finding, and what was not.

    Attributes:
        model: Class name of the model.
        images: Number of training images that were looked at.
        findings: The mistakes, those of the data first.
        clear: The questions that were looked at and found in order.
        skipped: The questions that were not looked at, each with the reason.
    """

    model: str
    images: int
    findings: tuple[Finding, ...]
    clear: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the mistakes found."""
        return tuple(finding.name for finding in self.findings)

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        count = len(self.findings)
        found = {0: "nothing found", 1: "1 mistake found"}.get(
            count, f"{count} mistakes found"
        )
        return f"Diagnosis of {self.model} on {self.images:,} training images: {found}"

    def __repr__(self) -> str:
        blocks = [self.verdict + "."]
        blocks += [
            f"✗ {f.name}\n  Measured: {f.measured}\n  Why it matters: {f.why}\n"
            f"  What to write: {f.remedy}"
            for f in self.findings
        ]
        if self.clear:
            blocks.append(f"✓ In order: {', '.join(self.clear)}.")
        if self.skipped:
            lines = [f"  {name}: {reason}" for name, reason in self.skipped]
            blocks.append("\n".join(["○ Not looked at:", *lines]))
        return "\n\n".join(blocks)

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{escape(self.verdict)}.</strong></p>"]
        if self.findings:
            parts.append(_table(self.findings))
        if self.clear:
            clear = escape(", ".join(self.clear))
            parts.append(f'<p><span aria-hidden="true">✓</span> In order: {clear}.</p>')
        if self.skipped:
            items = "".join(
                f"<li>{escape(name)}: {_code(reason)}</li>"
                for name, reason in self.skipped
            )
            parts.append(f"<p>Not looked at:</p><ul>{items}</ul>")
        return "<div>" + "".join(parts) + "</div>"


def _table(findings: tuple[Finding, ...]) -> str:
    left = 'style="text-align: left; vertical-align: top"'
    heads = "".join(
        f'<th scope="col" {left}>{head}</th>'
        for head in ("Mistake", "Measured", "Why it matters", "What to write")
    )
    rows = "".join(
        f'<tr><th scope="row" {left}>{escape(f.name)}</th>'
        + "".join(
            f"<td {left}>{_code(text)}</td>" for text in (f.measured, f.why, f.remedy)
        )
        + "</tr>"
        for f in findings
    )
    return (
        f"<table><caption {left}>Mistakes found</caption><thead><tr>{heads}</tr>"
        f"</thead><tbody>{rows}</tbody></table>"
    )


def _code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
