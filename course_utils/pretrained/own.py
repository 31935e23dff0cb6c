"""The small networks that were trained for this workbook and come with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.assets.checksums import file_digests
from course_utils.assets.manifest import checkout
from course_utils.pretrained.files import Model, load_strictly, read_state
from course_utils.pretrained.network import Channels, Network, WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn


_AGAIN = "The file is part of the workbook, so get it anew: git restore data/weights"


def weights_folder() -> Path:
    """Where the shipped weights lie: in a checkout, or in the installed library."""
    root = checkout()
    # an installed library carries them under another name: this module has theirs
    installed = Path(str(files("course_utils"))) / "shipped_weights"
    return root / "data" / "weights" if root else installed


def shipped(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the index of shipped networks: for each its size, checksum and facts."""
    index = (folder or weights_folder()) / "index.json"
    if not index.is_file():
        return {}
    entries: dict[str, dict[str, Any]] = json.loads(index.read_text("utf-8"))
    return entries


def own_state(name: str, folder: Path | None = None) -> dict[str, Tensor]:
    """Read the verified weights of one of our own networks.

    Args:
        name: Of the file ``data/weights/<name>.safetensors``.
        folder: Another folder than the workbook's.

    Raises:
        WeightsError: There is no such network, or its file is missing or damaged.
    """
    folder = folder or weights_folder()
    entries = shipped(folder)
    path = folder / f"{name}.safetensors"
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none"
        raise WeightsError(
            f"the workbook ships no network {name!r}; it ships: {known}. {_AGAIN}"
        )
    if not path.is_file():
        raise WeightsError(f"{path} is not there. {_AGAIN}")
    found = file_digests(path, {"sha256": None})["sha256"]
    if found != entries[name]["sha256"]:
        raise WeightsError(
            f"{path} has SHA-256 {found}, expected {entries[name]['sha256']}: it was "
            f"changed or damaged. {_AGAIN}"
        )
    return read_state(path)


def load_own(name: str, model: Model, folder: Path | None = None) -> Model:
    """Load one of our own networks into a model, strictly, and set it to evaluate.

    Args:
        name: Of the file ``data/weights/<name>.safetensors``.
        model: Built with random weights; changed in place.
        folder: Another folder than the workbook's.

    Returns:
        The same model, in evaluation mode.

    Raises:
        WeightsError: The file is missing or damaged, or holds another network.
    """
    folder = folder or weights_folder()
    path = folder / f"{name}.safetensors"
    load_strictly(model, own_state(name, folder), f"our {name}", path)
    return model.eval()


def describe(
    name: str, title: str, model: nn.Module, channels: Mapping[str, Channels]
) -> Network:
    """Return one of our own networks with what the index says about it.

    Args:
        name: In the index.
        title: In prose.
        model: Loaded.
        channels: "mean" and "std" that it normalises with; empty for none.
    """
    from course_utils.drawn import CLASS_NAMES

    entry = shipped()[name]
    figures = ", ".join(f"{key} {value}" for key, value in entry["figures"].items())
    return Network(
        model=model,
        name=name,
        title=title,
        source="ours",
        origin=f"trained for this workbook by {entry['script']}",
        score=entry.get("score", figures),
        top1=None,
        licence=entry.get("licence", "BSD-3-Clause"),
        bytes=entry["bytes"],
        classes=["background", *CLASS_NAMES],
        input_size=entry.get("input_size", 96),
        mean=channels.get("mean"),
        std=channels.get("std"),
    )
