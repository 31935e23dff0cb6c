"""Runs on disk: written whole or not at all, and read without executing anything."""

from __future__ import annotations

import os
import pickle
import zipfile
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from course_utils.training.history import History
from course_utils.training.snapshots import SNAPSHOT_PARTS, Snapshot

_FORMAT = "course_utils checkpoint 1"
_PARTS = {"format", "records", "best_weights", "last"}


def save_checkpoint(path: str | Path, history: History) -> None:
    """Write a run, so that it can go on later or elsewhere.

    The file at ``path`` is replaced only when the new one lies on the disk, whole and
    proven to be readable; until then the old one stays.

    Args:
        path: The file, such as ``my_work/run.pt``. Missing folders are made.
        history: A history that `fit` has filled.

    Raises:
        ValueError: If the history holds no state, as one read from JSON.
        OSError: If the file cannot be written; an older one is then left as it was.
    """
    path = Path(path)
    if history.last is None:
        raise ValueError(
            "this history holds numbers alone (it was read from JSON, or is new): "
            "there is nothing to go on from. Save the one that fit returned"
        )
    data = _packed(history)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise type(error)(
            error.errno,
            f"the checkpoint cannot be written ({error.strerror}); "
            "free some space, or choose another place",
            str(path),
        ) from error
    finally:
        with suppress(OSError):  # the error that counts is already on its way
            part.unlink(missing_ok=True)


def load_checkpoint(path: str | Path) -> History:
    """Read a run that `save_checkpoint` or `fit` has written.

    Only tensors, numbers and texts are read; code within a file is never executed.

    Args:
        path: The file.

    Returns:
        The history; ``history.load_best(model)`` gives a model its best weights, and
        ``fit(..., history=history)`` goes on.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or something else. It is left as it is.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise FileNotFoundError(f"the checkpoint {path} {what}; choose a file")
    try:
        _require_whole(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file may raise anything
        raise ValueError(_unreadable(path, type(error).__name__)) from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(_unreadable(path, "it holds something else"))
    return _unpacked(path, content)


def _require_whole(path: Path) -> None:
    # PyTorch writes a zip archive with checksums, but does not compare them
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise zipfile.BadZipFile(f"{damaged} is damaged")


def _packed(history: History) -> bytes:
    assert history.last is not None  # the caller has looked
    buffer = BytesIO()
    content = {
        "format": _FORMAT,
        "records": [asdict(record) for record in history.records],
        "best_weights": history.best_weights,
        # not asdict, which copies every tensor
        "last": {part: getattr(history.last, part) for part in SNAPSHOT_PARTS},
    }
    torch.save(content, buffer)
    buffer.seek(0)
    try:
        torch.load(buffer, weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            "the model, optimizer or scheduler keeps something in its state dict that "
            f"is no tensor, number or text ({str(error).splitlines()[0]}): leave the "
            "checkpoint away, or keep that value elsewhere"
        ) from error
    return buffer.getvalue()


def _unpacked(path: Path, content: dict[str, Any]) -> History:
    try:
        if set(content) != _PARTS:
            raise ValueError(f"it holds {sorted(content)}")
        history = History.from_rows(content["records"])
        history.keep(content["best_weights"], Snapshot(**content["last"]))
    except (TypeError, ValueError) as error:
        raise ValueError(_unreadable(path, str(error))) from error
    return history


def _unreadable(path: Path, why: str) -> str:
    return (
        f"{path} cannot be read as a checkpoint of a run ({why}): it is damaged or "
        "another kind of file. It was left as it is; delete or rename it, or choose "
        "another path"
    )
