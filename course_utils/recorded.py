"""Runs that took too long, or another machine, and were recorded to be replayed."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from course_utils.assets.manifest import checkout


def recorded(name: str) -> dict[str, Any]:
    """Read a recorded run: what was measured, how, and on which machine.

    Args:
        name: Of the file ``data/recorded/<name>.json``, written by a script.

    Raises:
        FileNotFoundError: If there is no such recording.
    """
    root = checkout()
    # an installed library carries them under another name: this module has theirs
    folder = root / "data/recorded" if root else files("course_utils") / "recorded_runs"
    file = folder / f"{name}.json"
    if not file.is_file():
        raise FileNotFoundError(
            f"there is no recording {name!r} ({file}); recordings are part of the "
            "workbook, so get it anew: git restore data/recorded"
        )
    run: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return run
