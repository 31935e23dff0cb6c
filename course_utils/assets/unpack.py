"""Takes the listed files out of an archive, and nothing else.

An allow-list instead of a filter: only regular files whose names stand in the manifest
are read, and the manifest refuses names that leave their folder. Whatever else an
archive holds (absolute paths, `..`, links, devices) is never touched.
"""

from __future__ import annotations

import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from course_utils.assets.errors import UnsafeArchiveError, cache_error, megabytes
from course_utils.assets.manifest import Unpack

_CHUNK: Final = 1 << 20
_DAMAGED: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
)


def unpack_listed(archive: Path, plan: Unpack, folder: Path) -> None:
    """Write the listed files of a tar or zip archive below `folder`.

    Raises:
        UnsafeArchiveError: A listed file is missing, is not a regular file, stands
            there twice, or the archive holds more than `plan.max_bytes`.
        CacheError: The files cannot be written.
    """
    found: set[str] = set()
    written = 0
    try:
        for name, source in _listed(archive, plan):
            if name in found:
                raise UnsafeArchiveError(f"{archive} holds {name} twice")
            found.add(name)
            target = folder / name
            for piece in _pieces(source):
                written += len(piece)
                _refuse_more(archive, written, plan.max_bytes)
                _append(target, piece)
    except _DAMAGED as error:
        raise UnsafeArchiveError(f"{archive} is damaged: {error}") from error
    missing = sorted(plan.files.keys() - found)
    if missing:
        raise UnsafeArchiveError(f"{archive} lacks {missing}, which the manifest lists")


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    # at least one, so that an empty file is written too
    yield source.read(_CHUNK)
    while piece := source.read(_CHUNK):
        yield piece


def _append(target: Path, piece: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab") as file:
            file.write(piece)
    except OSError as error:
        raise cache_error(error, target, len(piece)) from error


def _refuse_more(archive: Path, count: int, limit: int) -> None:
    # counted, not believed: an archive may understate the size of its files
    if count > limit:
        raise UnsafeArchiveError(
            f"{archive} holds more than {megabytes(limit)}, the manifest's max_bytes"
        )


def _listed(archive: Path, plan: Unpack) -> Iterator[tuple[str, IO[bytes]]]:
    if tarfile.is_tarfile(archive):
        return _listed_in_tar(archive, plan)
    if zipfile.is_zipfile(archive):
        return _listed_in_zip(archive, plan)
    raise UnsafeArchiveError(f"{archive} is neither a tar nor a zip archive")


def _listed_in_tar(archive: Path, plan: Unpack) -> Iterator[tuple[str, IO[bytes]]]:
    total = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            total += member.size
            _refuse_more(archive, total, plan.max_bytes)
            if member.name in plan.files:
                source = tar.extractfile(member) if member.isreg() else None
                if source is None:
                    raise _not_a_file(archive, member.name)
                with source:
                    yield member.name, source


def _listed_in_zip(archive: Path, plan: Unpack) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as whole:
        total = sum(entry.file_size for entry in whole.infolist())
        _refuse_more(archive, total, plan.max_bytes)
        for entry in whole.infolist():
            if entry.filename in plan.files:
                kind = stat.S_IFMT(entry.external_attr >> 16)
                if kind not in (0, stat.S_IFREG):
                    raise _not_a_file(archive, entry.filename)
                with whole.open(entry) as source:
                    yield entry.filename, source


def _not_a_file(archive: Path, name: str) -> UnsafeArchiveError:
    return UnsafeArchiveError(
        f"{name} in {archive} is a link, a folder or a device, expected a regular file"
    )


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which then takes the place of `folder` at once.

    When filling fails or is killed, `folder` stays as it was.
    """
    fresh = folder.with_name(folder.name + ".unpacking")
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        yield fresh
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    except OSError as error:
        raise cache_error(error, folder, 0) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
