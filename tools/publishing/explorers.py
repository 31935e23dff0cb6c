"""Explorers that live on a page: their state, and the module that draws them.

They compute in the browser, so that a page needs no kernel, only something that stands
in for the widget's model (``static/live.js``).
"""

from __future__ import annotations

import ast
import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from anywidget import AnyWidget
from nbformat import NotebookNode

from course_utils.widgets import ConvolutionExplorer, PoolingExplorer
from tools.building.project import BuildError

MODULES: Final = "explorers.js"  # among the site's static files
_LIVE: Final[dict[str, type[AnyWidget]]] = {
    "ConvolutionExplorer": ConvolutionExplorer,
    "PoolingExplorer": PoolingExplorer,
}
_SHOWN: Final = re.compile(r"(\w+)\(.*\)")  # one line: tables have the same beginning


class LiveExplorers:
    """The explorers of one notebook that compute in the browser."""

    def __init__(self, cells: Sequence[NotebookNode]) -> None:
        sources = [cell.source for cell in cells if cell.cell_type == "code"]
        self._made = [widget for source in sources for widget in _made_in(source)]
        self._shown = False

    def html(self, cell: NotebookNode, data: Mapping[str, Any]) -> str | None:
        """Return the live form of an output, or None where it shows no such explorer.

        Raises:
            BuildError: If the notebook does not make the explorer from plain values.
        """
        text = data.get("text/plain", "")
        shown = _SHOWN.fullmatch(text)
        if shown is None or shown[1] not in _LIVE:
            return None
        widget = next((w for w in self._made if repr(w) == text), None)
        if widget is None:
            raise BuildError(
                f"cell {cell.id} shows {text}; expected one that the notebook makes "
                "from literal arguments, so that the site can make it too"
            )
        self._shown = True
        kind = type(widget).__name__
        return (
            f'<div class="live" data-module="{kind}">{data["text/html"]}'
            f'<script type="application/json">{state_json(widget)}</script></div>'
        )

    def script(self) -> str:
        """The fence that loads the modules, on pages that need them."""
        if not self._shown:
            return ""
        return f'```{{raw}} html\n<script src="_static/{MODULES}"></script>\n```'


def modules() -> str:
    """The script that hands the explorers' modules to ``live.js``.

    As texts: a browser refuses to load a module from a page that was opened as a file.
    """
    sources = {name: str(widget._esm) for name, widget in _LIVE.items()}
    return f"window.explorerModules = {json.dumps(sources)};\n"


def style() -> str:
    """The explorers' style sheet."""
    return str(ConvolutionExplorer._css)


def state_json(widget: AnyWidget) -> str:
    """What Python would send: every synced state of a widget's own, without code.

    Bytes become ``{"base64": …}``; the text may stand within a script element.
    """
    inherited = {*AnyWidget.class_trait_names(), "_esm", "_css", "_anywidget_id"}
    state = {n: getattr(widget, n) for n in widget.keys if n not in inherited}
    return json.dumps(state, default=_binary).replace("</", "<\\/")


def _made_in(source: str) -> Iterator[AnyWidget]:
    """Make what the code makes with literal arguments."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        widget = _LIVE.get(node.func.id)
        try:
            args = [ast.literal_eval(arg) for arg in node.args]
            kwargs = {str(k.arg): ast.literal_eval(k.value) for k in node.keywords}
        except ValueError:
            continue  # not literal; needed only if the page shows it
        if widget is not None:
            yield widget(*args, **kwargs)


def _binary(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode("ascii")}
