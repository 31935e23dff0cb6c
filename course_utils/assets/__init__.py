"""Data and weights by name: verified, resumed, and never half-done.

>>> from course_utils import assets
>>> folder = assets.get("cifar10")  # cached, else downloaded  # doctest: +SKIP

Two environment variables: COURSE_DATA names another cache folder, and
COURSE_OFFLINE=1 forbids every download.
"""

from __future__ import annotations

from pathlib import Path

from course_utils.assets.errors import (
    AssetError,
    CacheError,
    DownloadError,
    ManifestError,
    MissingAssetError,
    UnsafeArchiveError,
)
from course_utils.assets.manifest import course_manifest
from course_utils.assets.store import Status, Store, cache_folder, offline

__all__ = [
    "AssetError",
    "CacheError",
    "DownloadError",
    "ManifestError",
    "MissingAssetError",
    "Status",
    "Store",
    "UnsafeArchiveError",
    "cache_folder",
    "course_store",
    "get",
    "offline",
    "present",
    "status",
    "verify",
]


def course_store() -> Store:
    """The workbook's own assets in the cache folder of the moment."""
    return Store(course_manifest(), cache_folder())


def get(name: str, *, download: bool = True, quiet: bool = False) -> Path:
    """The path of a verified asset: from the cache, else downloaded.

    Args:
        name: Its name in `data/manifest.toml`.
        download: Whether the network may be used; COURSE_OFFLINE=1 forbids it too.
        quiet: Print neither progress nor which mirrors failed.

    Returns:
        A file, or for an archive the folder or file that was unpacked from it.

    Raises:
        MissingAssetError: It is not here and may not be downloaded.
        DownloadError: No mirror delivered it.
        CacheError: The cache folder is read-only or full.
    """
    return course_store().get(name, fetch=download and not offline(), quiet=quiet)


def present(name: str) -> bool:
    """Whether `get(name)` needs no network."""
    return course_store().present(name)


def status() -> list[Status]:
    """Every asset of the manifest and whether it is here."""
    return course_store().status()


def verify(name: str) -> None:
    """Read every byte of an asset again and compare it with the manifest.

    Raises:
        MissingAssetError: It is not here, or not as it should be.
    """
    course_store().verify(name)
