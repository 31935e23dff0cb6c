"""Disks that are read-only, full or not there: explained, and nothing is lost."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock  # noqa: F401 (imported while its files may still be read)
import pytest

from course_utils.assets import CacheError
from course_utils.assets import store as store_module
from tests import http_faults as faults
from tests.http_faults import Server
from tests.test_assets_faults import DATA, asset_from, store_of
from tests.test_assets_store import child, said


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def test_a_cache_below_a_file_is_explained(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    asset = asset_from(server.add("good", faults.good(DATA)))
    with pytest.raises(CacheError) as caught:
        store_of(tmp_path / "file" / "cache", asset).get("thing")
    for part in (str(tmp_path / "file"), "needed: 60.0 kB", "free: ", "COURSE_DATA"):
        assert part in str(caught.value)


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Root may write anywhere, so the test becomes somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    above = {path: path.stat().st_mode for path in (folder, *folder.parents)}
    closed = {path: mode for path, mode in above.items() if not mode & 0o001}
    for path, mode in closed.items():
        path.chmod(mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for path, mode in closed.items():
            path.chmod(mode)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work differently")
def test_a_read_only_cache_is_explained(server: Server, tmp_path: Path) -> None:
    asset = asset_from(server.add("good", faults.good(DATA)))
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o555)
    with as_nobody(tmp_path), pytest.raises(CacheError) as caught:
        store_of(cache, asset).get("thing", quiet=True)
    for part in (str(cache), "ermission denied", "needed: 60.0 kB", "COURSE_DATA"):
        assert part in str(caught.value)
    assert not list(cache.iterdir())


def test_a_read_only_disk_is_explained(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    asset = asset_from(server.add("good", faults.good(DATA)))
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(CacheError, match="Read-only file system"):
        store_of(tmp_path / "cache", asset).get("thing")


def test_what_others_filled_is_used_from_a_read_only_cache(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = asset_from(server.add("good", faults.good(DATA)))
    store_of(tmp_path, asset).get("thing", quiet=True)
    (tmp_path / ".verified" / "thing.bin.json").unlink()

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "write_text", refuse)
    assert store_of(tmp_path, asset).get("thing").read_bytes() == DATA


def test_too_little_room_is_said_before_the_download(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = asset_from(server.add("good", faults.good(DATA)))
    monkeypatch.setattr(store_module, "free_bytes", lambda folder: 59_999)
    with pytest.raises(CacheError, match=r"60\.0 kB free, but 60\.0 kB are needed"):
        store_of(tmp_path, asset).get("thing")
    assert not server.requests


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up_is_explained(server: Server, tmp_path: Path) -> None:
    asset = asset_from(server.add("good", faults.good(DATA)))
    (tmp_path / "thing.bin.part").symlink_to("/dev/full")  # every write is one too many
    with pytest.raises(CacheError) as caught:
        store_of(tmp_path, asset).get("thing", quiet=True)
    for part in ("thing.bin.part", "No space left", "needed: 60.0 kB", "Make room"):
        assert part in str(caught.value)
    assert not (tmp_path / "thing.bin").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits on file sizes")
def test_a_disk_quota_keeps_what_arrived(server: Server, tmp_path: Path) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    url = server.add("slow", faults.slow(DATA, rate=400_000))
    answer = said(child(tmp_path, url, preexec_fn=limit))
    assert answer.startswith("CacheError: cannot write ")
    assert "File too large" in answer
    assert not (tmp_path / "thing.bin").exists()
    asset = asset_from(server.add("good", faults.good(DATA)))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA
    assert server.ranges("good") != [None]
