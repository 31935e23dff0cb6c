"""How the right bytes are recognised, and how that is remembered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_HEX: Final = {"md5": 32, "sha256": 64}
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class Checksums:
    """Size, MD5 and SHA-256 of a file, as far as they are known.

    Of some files the publisher gives only how the SHA-256 begins (`sha256_starts`).
    MD5 guards against accidents; against malice only SHA-256 does. An asset whose
    publisher gives MD5 alone carries that: a checksum is copied, never made up.
    """

    bytes: int | None
    md5: str | None = None
    sha256: str | None = None
    sha256_starts: str | None = None

    def __post_init__(self) -> None:
        if not self.digests():
            raise ValueError("a checksum is missing: give md5, sha256 or both")
        if self.bytes is not None and not (type(self.bytes) is int and self.bytes >= 0):
            raise ValueError(f"bytes is {self.bytes!r}, expected a whole number")
        starts = self.sha256_starts
        if starts is not None and not re.fullmatch("[0-9a-f]{8,64}", starts):
            raise ValueError(
                f"sha256_starts is {starts!r}, expected 8 hexadecimal digits or more"
            )
        for name, value in {"md5": self.md5, "sha256": self.sha256}.items():
            if value is not None and not re.fullmatch(
                f"[0-9a-f]{{{_HEX[name]}}}", value
            ):
                raise ValueError(
                    f"{name} is {value!r}, expected {_HEX[name]} hexadecimal digits"
                )

    def digests(self) -> dict[str, str]:
        """The known digests, or how they begin, by the name of their algorithm."""
        known = {"md5": self.md5, "sha256": self.sha256 or self.sha256_starts}
        return {name: value for name, value in known.items() if value is not None}

    def problem(self, path: Path) -> str | None:
        """What is wrong with the file at `path`, in words; None when it is right."""
        if not path.is_file():
            return "is not there"
        size = path.stat().st_size
        if self.bytes is not None and size != self.bytes:
            return f"has {size:,} bytes, expected {self.bytes:,}"
        for name, found in file_digests(path, self.digests()).items():
            expected = self.digests()[name]
            if not found.startswith(expected):
                more = "…" if len(expected) < _HEX[name] else ""
                return f"has {name} {found}, expected {expected}{more}"
        return None


def file_digests(path: Path, algorithms: Mapping[str, object]) -> dict[str, str]:
    """Digests of a file in one reading, by the names of `hashlib`."""
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            for hasher in hashes.values():
                hasher.update(chunk)
    return {name: hasher.hexdigest() for name, hasher in hashes.items()}


def first_problem(
    folder: Path,
    expected: Mapping[str, Checksums],
    stamp: Path,
    *,
    again: bool = False,
) -> str | None:
    """What is wrong with the files of a folder; None when all are right.

    A file is read once; then `stamp` remembers its size and time of change, and
    it is read again only when one of them differs, or `again` is set.
    """
    known = {} if again else _read_stamp(stamp)
    marks: dict[str, list[Any]] = {}
    for name, checksums in expected.items():
        path = folder / name
        mark = _mark(path, checksums)
        if mark is None or known.get(name) != mark:
            problem = checksums.problem(path)
            if problem:
                _forget(stamp)
                return f"{path} {problem}"
        marks[name] = _mark(path, checksums) or []
    if marks != known:
        _write_stamp(stamp, marks)
    return None


def _mark(path: Path, checksums: Checksums) -> list[Any] | None:
    if not path.is_file():
        return None
    state = path.stat()
    return [state.st_size, state.st_mtime_ns, checksums.digests()]


def _read_stamp(stamp: Path) -> dict[str, Any]:
    try:
        found = json.loads(stamp.read_text("utf-8"))
    except (OSError, ValueError):  # no stamp, or half a one: the files are read again
        return {}
    return found if isinstance(found, dict) else {}


def _forget(stamp: Path) -> None:
    with contextlib.suppress(OSError):  # see `_write_stamp`
        stamp.unlink(missing_ok=True)


def _write_stamp(stamp: Path, marks: dict[str, list[Any]]) -> None:
    # a stamp only saves time: a read-only folder that others filled serves without it
    with contextlib.suppress(OSError):
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(json.dumps(marks, indent=1), "utf-8")
