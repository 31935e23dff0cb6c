"""Real photographs of ants and bees, cut to squares."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

ANT, BEE = 310, 309  # of ImageNet


def ants_and_bees(archive: Path, size: int, count: int) -> tuple[Tensor, Tensor]:
    """The first photographs of the validation part, as many ants as bees.

    Returns:
        Images (count, 3, size, size) in [0, 1], and their classes in ImageNet.
    """
    images, labels = [], []
    with zipfile.ZipFile(archive) as whole:
        for kind, label in (("ants", ANT), ("bees", BEE)):
            names = sorted(n for n in whole.namelist() if f"/val/{kind}/" in n)
            for name in [n for n in names if n.endswith(".jpg")][: count // 2]:
                images.append(_square(whole.read(name), size))
                labels.append(label)
    return torch.stack(images), torch.tensor(labels)


def _square(content: bytes, size: int) -> Tensor:
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
        side = 0.875 * min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        cut = picture.convert("RGB").resize(
            (size, size),
            Image.Resampling.BICUBIC,
            box=(left, top, left + side, top + side),
        )
    return torch.from_numpy(np.array(cut)).permute(2, 0, 1) / 255
