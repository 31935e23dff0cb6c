"""What can go wrong with an asset; every message says what to do."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Final


class AssetError(RuntimeError):
    """The asset cannot be had; the message says why and what to do."""


class ManifestError(AssetError):
    """The manifest itself is wrong."""


class MissingAssetError(AssetError):
    """The asset is not here, and downloading was not allowed."""


class DownloadError(AssetError):
    """No mirror delivered the right bytes."""


class CacheError(AssetError):
    """The cache folder cannot be written to: read-only, full, or no folder."""


class UnsafeArchiveError(AssetError):
    """The archive holds something that must not be unpacked."""


class MirrorError(AssetError):
    """What one mirror answered instead of the right bytes.

    Args:
        answer: What was found and what was expected.
        again: Whether the same mirror deserves another attempt.
        wait: Seconds the mirror asked to wait before that attempt.
        rate: Bytes per second, where the mirror was dropped for being slow.
    """

    def __init__(
        self,
        answer: str,
        *,
        again: bool = False,
        wait: float | None = None,
        rate: float | None = None,
    ) -> None:
        super().__init__(answer)
        self.again = again
        self.wait = wait
        self.rate = rate


_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def megabytes(count: float) -> str:
    """A size in words: decimal units, as progress bars and browsers use them."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} bytes"


def free_bytes(folder: Path) -> int:
    """Free disk space where `folder` lies, or will lie once it exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def cache_error(error: OSError, path: Path, needed: int) -> CacheError:
    """Turn a failed write into a message with path, needed and free bytes."""
    reason = error.strerror or str(error)
    found = f"cannot write {path}: {reason}"
    if error.errno in _FULL:
        todo = (
            "Make room there, or set COURSE_DATA to a folder on another disk; "
            "what was downloaded so far is kept and continued."
        )
    else:
        todo = (
            "Set COURSE_DATA to a folder that you may write to, "
            "or change the permissions of this one."
        )
    try:
        free = megabytes(free_bytes(path.parent))
    except OSError:  # the folder cannot even be looked at
        free = "unknown"
    return CacheError(f"{found} (needed: {megabytes(needed)}, free: {free}). {todo}")


def not_enough_room(folder: Path, needed: int, free: int) -> CacheError:
    """The message for a disk that is too full before anything is downloaded."""
    return CacheError(
        f"{folder} has {megabytes(free)} free, but {megabytes(needed)} are needed. "
        "Make room there, or set COURSE_DATA to a folder on another disk."
    )
