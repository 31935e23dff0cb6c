"""Segmentations of real photographs that a real network made, to be looked at again.

The network itself is not part of the workbook; `tools.record_segmentation` ran it once
and kept what it said: a class for every pixel, as a PNG with a palette.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from course_utils.assets.manifest import checkout

if TYPE_CHECKING:
    from torch import Tensor

FOLDER: Final = "segmentation"


def masks_folder() -> Path:
    """Where the masks lie: in a checkout, or in the installed library."""
    root = checkout()
    # an installed library carries recordings under another name: this module has theirs
    library = Path(str(files("course_utils")))
    return (root / "data/recorded" if root else library / "recorded_runs") / FOLDER


def recorded_mask(name: str) -> Tensor:
    """Read the recorded classes of a photograph's pixels.

    Args:
        name: Of the photograph, such as ``"chelsea"``.

    Returns:
        Classes, int64, (H, W): of the size that
        `course_utils.segmentation.fit_photo` gives the photograph.

    Raises:
        FileNotFoundError: If there is no such recording.
    """
    import numpy as np
    import torch
    from PIL import Image

    path = masks_folder() / f"{name}.png"
    if not path.is_file():
        there = sorted(file.stem for file in masks_folder().glob("*.png"))
        raise FileNotFoundError(
            f"there is no recorded mask of {name!r}; there are: "
            f"{', '.join(there) or 'none'}. They are part of the workbook, so get them "
            "anew: git restore data/recorded"
        )
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image)).long()
