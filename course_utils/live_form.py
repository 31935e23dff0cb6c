"""What the prediction and the quiz share: a live form, and its words on still paper."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any, Final

from course_utils.live_widget import LiveWidget

STATIC: Final = Path(__file__).parent / "_static"


def script(name: str) -> str:
    """Return a front-end script together with the helpers that all forms use."""
    parts = (STATIC / "form.js", STATIC / name)
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


def prose(text: str) -> str:
    """Return a text as HTML, with `code` between backticks and *stress*."""

    def mark(found: re.Match[str]) -> str:
        code, stress = found.groups()
        return f"<code>{code}</code>" if code else f"<em>{stress}</em>"

    return re.sub(r"`([^`]+)`|(?<!\w)\*(\w[^*`]*(?<!\s))\*(?!\w)", mark, escape(text))


class LiveForm(LiveWidget):
    """A widget that asks, and that hears what was typed."""

    _css = STATIC / "form.css"

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(lambda _widget, content, _buffers: self.on_typed(content))

    def on_typed(self, content: dict[str, Any]) -> None:
        """Take what the browser sent."""
        raise NotImplementedError
