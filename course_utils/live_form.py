"""What the prediction and the quiz share: a live form, and its words on still paper."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any, Final

import anywidget

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


class LiveForm(anywidget.AnyWidget):
    """A widget that also says in plain HTML what it asks.

    A live notebook shows the widget; GitHub, paper and a notebook without a kernel show
    the HTML.
    """

    _css = STATIC / "form.css"

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(lambda _widget, content, _buffers: self.on_typed(content))

    def on_typed(self, content: dict[str, Any]) -> None:
        """Take what the browser sent."""
        raise NotImplementedError

    def still_html(self) -> str:
        """Return what to show where no widget can live."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        assert bundle is not None  # only a widget without a view has none
        data, metadata = bundle
        return {**data, "text/html": self.still_html()}, metadata
