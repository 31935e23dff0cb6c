"""The front end of the style explorer: source files joined, without a build."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_SCRIPTS: Final = ("dom", "explorer", "style_sheet", "style_run", "style")
_STYLES: Final = ("explorer", "style")


def front_module() -> str:
    """The ES module of ``StyleExplorer``: no imports, no outside request."""
    sources = [(_HERE / "js" / f"{name}.js").read_text("utf-8") for name in _SCRIPTS]
    return "\n".join([*sources, "export default { render: renderStyle };\n"])


def front_style() -> str:
    """The style of all explorers and what ``StyleExplorer`` adds."""
    return "".join(
        (_HERE / "css" / f"{name}.css").read_text("utf-8") for name in _STYLES
    )
