"""The explorers' front end: source files joined to one module, without a build."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_SHARED: Final = (
    "core", "words", "dom", "grid", "picture", "explorer", "fields", "desk",
)  # fmt: skip
# Named exports let tests call the pure functions; the browser module must have one
# default export, which differs by widget.
_CONVOLUTION: Final = (*_SHARED, "kernel", "convolution")
_POOLING: Final = (*_SHARED, "pooling")


def _joined(names: tuple[str, ...], render: str) -> str:
    sources = [(_HERE / "js" / f"{name}.js").read_text("utf-8") for name in names]
    return "\n".join([*sources, f"export default {{ render: {render} }};\n"])


def convolution_module() -> str:
    """The ES module of ``ConvolutionExplorer``: no imports, no outside request."""
    return _joined(_CONVOLUTION, "renderConvolution")


def pooling_module() -> str:
    """The ES module of ``PoolingExplorer``: no imports, no outside request."""
    return _joined(_POOLING, "renderPooling")


def style_sheet() -> str:
    """The style of both explorers, light and dark."""
    return (_HERE / "css" / "explorer.css").read_text("utf-8")
