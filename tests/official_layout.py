"""CIFAR-10's official archive in small: same names, same pickles, random images.

The official files were written by Python 2, whose strings are neither Python 3's `str`
nor its `bytes`: which of them comes back depends on the `encoding` given to pickle.
"""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
from typing import Any, ClassVar

import numpy as np

FOLDER = "cifar-10-batches-py"
BATCHES = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
CLASSES = [
    "airplane", "automobile", "bird", "cat", "deer",
    "dog", "frog", "horse", "ship", "truck",
]  # fmt: skip


class _Python2Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]
    """Writes strings as Python 2 did."""

    dispatch: ClassVar[dict[type, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_python2_string(self, text: str | bytes) -> None:
        content = text.encode() if isinstance(text, str) else text
        self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)

    dispatch[str] = save_python2_string
    dispatch[bytes] = save_python2_string


def python2_pickle(value: object) -> bytes:
    """Pickle a value as Python 2 would have."""
    buffer = io.BytesIO()
    _Python2Pickler(buffer, protocol=2).dump(value)
    return buffer.getvalue()


def official_files(images: int = 20, seed: int = 0) -> dict[str, bytes]:
    """The seven files by their names in the archive, `images` images in each batch."""
    generator = np.random.default_rng(seed)
    files = {}
    for name in BATCHES:
        labels = [int(label) for label in generator.integers(0, 10, images)]
        files[name] = python2_pickle(
            {
                "batch_label": f"random batch {name}",
                "labels": labels,
                "data": generator.integers(0, 256, (images, 3072), dtype=np.uint8),
                "filenames": [f"{CLASSES[label]}.png" for label in labels],
            }
        )
    meta = {"num_cases_per_batch": images, "label_names": CLASSES, "num_vis": 3072}
    files["batches.meta"] = python2_pickle(meta)
    return {f"{FOLDER}/{name}": content for name, content in files.items()}


def archive_of(files: dict[str, bytes]) -> bytes:
    """The files as a `.tar.gz`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
