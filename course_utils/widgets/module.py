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
_FEATURES: Final = (
    "core", "words", "dom", "grid", "picture", "explorer", "kernel",
    "feature_core", "feature_words", "feature_scene", "feature_maps",
    "feature_kernel", "feature_classes", "features",
)  # fmt: skip
_NETWORK: Final = (
    "core", "words", "dom", "grid", "picture", "explorer", "feature_words",
    "network_core", "network_words", "network_lists", "network_photo",
    "network_strip", "network_parts", "network",
)  # fmt: skip


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


def features_module() -> str:
    """The ES module of ``FeatureMapExplorer``: no imports, no outside request."""
    return _joined(_FEATURES, "renderFeatures")


def features_style() -> str:
    """The style of all explorers and what ``FeatureMapExplorer`` adds."""
    return style_sheet() + (_HERE / "css" / "features.css").read_text("utf-8")


def network_module() -> str:
    """The ES module of ``NetworkExplorer``: no imports, no outside request."""
    return _joined(_NETWORK, "renderNetwork")


def network_style() -> str:
    """The style of all explorers and what ``NetworkExplorer`` adds."""
    return features_style() + (_HERE / "css" / "network.css").read_text("utf-8")
