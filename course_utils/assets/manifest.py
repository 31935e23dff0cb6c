"""The manifest: what each asset is, where it comes from, and how it is recognised."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

from course_utils.assets.checksums import Checksums
from course_utils.assets.errors import ManifestError

_ROOT: Final = Path(__file__).resolve().parents[2]
_ASSET_KEYS: Final = {
    "file", "bytes", "md5", "sha256", "checksum_source", "licence", "purpose",
    "lessons", "mirrors", "unpack",
}  # fmt: skip
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_FILE: Final = re.compile(r"\w[\w.+-]*")
_PIP: Final = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.+!-]+")


@dataclass(frozen=True)
class Mirror:
    """One place that serves the asset: a URL, or `NAME==VERSION` for pip."""

    kind: Literal["url", "pip"]
    where: str


@dataclass(frozen=True)
class Unpack:
    """What is taken out of an archive: the listed files and nothing else.

    Attributes:
        opens: The folder or file that a lesson opens, as the archive names it.
        max_bytes: An archive that holds more than this is refused.
        files: Every file taken out, with its checksums.
    """

    opens: str
    max_bytes: int
    files: Mapping[str, Checksums]


@dataclass(frozen=True)
class Asset:
    """One entry of the manifest.

    Attributes:
        file: Name of the downloaded file in the cache.
        checksums: How the right bytes are recognised (includes their number).
        checksum_source: Where the checksums are known from.
        lessons: The lessons that use it; `make data` fetches those with any.
        mirrors: Tried in this order.
        unpack: Set where the file is an archive.
    """

    name: str
    file: str
    checksums: Checksums
    checksum_source: str
    licence: str
    purpose: str
    mirrors: tuple[Mirror, ...]
    lessons: tuple[str, ...] = ()
    unpack: Unpack | None = field(default=None)

    @property
    def bytes(self) -> int:
        """Size of the downloaded file."""
        assert self.checksums.bytes is not None  # refused in `read_manifest`
        return self.checksums.bytes

    @property
    def room(self) -> int:
        """Bytes of disk that download and unpacking take together."""
        return self.bytes + (self.unpack.max_bytes if self.unpack else 0)


def checkout() -> Path | None:
    """The workbook's folder, or None where only the library is installed."""
    return _ROOT if (_ROOT / "data" / "manifest.toml").is_file() else None


def course_manifest() -> dict[str, Asset]:
    """The workbook's own manifest, from the checkout or from the installed library."""
    root = checkout()
    if root is not None:
        return read_manifest((root / "data" / "manifest.toml").read_text("utf-8"))
    packaged = files("course_utils.assets").joinpath("manifest.toml")
    return read_manifest(packaged.read_text("utf-8"))


def read_manifest(text: str) -> dict[str, Asset]:
    """Read and check a manifest.

    Raises:
        ManifestError: It is not TOML, or an entry lacks something or is unsafe.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"the manifest is not valid TOML: {error}") from error
    assets = {name: _asset(name, table) for name, table in tables.items()}
    names = [asset.file for asset in assets.values()]
    twice = {name for name in names if names.count(name) > 1}
    _require(not twice, "manifest", f"several assets share the file {sorted(twice)}")
    return assets


def _require(condition: bool, name: str, complaint: str) -> None:
    if not condition:
        raise ManifestError(f"asset {name!r}: {complaint}. Correct data/manifest.toml.")


def _asset(name: str, table: dict[str, Any]) -> Asset:
    _require(bool(_NAME.fullmatch(name)), name, "names are lower case, digits, _")
    _require(isinstance(table, dict), name, "expected a table [NAME]")
    unknown = table.keys() - _ASSET_KEYS
    _require(not unknown, name, f"unknown keys {sorted(unknown)}")
    for key in ("file", "checksum_source", "licence", "purpose"):
        value = table.get(key)
        _require(isinstance(value, str) and value != "", name, f"{key!r} is missing")
    file = table["file"]
    _require(bool(_FILE.fullmatch(file)), name, f"file {file!r} is no plain file name")
    checksums = _checksums(name, table)
    _require(checksums.bytes is not None, name, "'bytes' is missing")
    return Asset(
        name=name,
        file=file,
        checksums=checksums,
        checksum_source=table["checksum_source"],
        licence=table["licence"],
        purpose=table["purpose"],
        mirrors=_mirrors(name, table.get("mirrors", [])),
        lessons=tuple(table.get("lessons", ())),
        unpack=_unpack(name, table["unpack"]) if "unpack" in table else None,
    )


def _checksums(name: str, table: dict[str, Any]) -> Checksums:
    try:
        return Checksums(table.get("bytes"), table.get("md5"), table.get("sha256"))
    except ValueError as error:
        raise ManifestError(
            f"asset {name!r}: {error}. Correct data/manifest.toml."
        ) from error


def _mirrors(name: str, entries: list[dict[str, str]]) -> tuple[Mirror, ...]:
    _require(len(entries) > 0, name, "needs at least one mirror")
    return tuple(_mirror(name, entry) for entry in entries)


def _mirror(name: str, entry: dict[str, str]) -> Mirror:
    if "url" in entry:
        url = entry["url"]
        right = url.startswith(("https://", "http://"))
        _require(right, name, f"mirror {url!r} is no http(s) address")
        return Mirror("url", url)
    spec = entry.get("pip", "")
    right = bool(_PIP.fullmatch(spec))
    _require(right, name, f"mirror {entry} has neither url nor pip = 'NAME==VERSION'")
    return Mirror("pip", spec)


def _unpack(name: str, table: dict[str, Any]) -> Unpack:
    missing = {"opens", "max_bytes", "files"} - table.keys()
    _require(not missing, name, f"unpack lacks {sorted(missing)}")
    contents = {path: _checksums(name, sums) for path, sums in table["files"].items()}
    _require(len(contents) > 0, name, "unpack lists no files")
    for path in (*contents, table["opens"]):
        _require(_stays_below(path), name, f"unpack path {path!r} leaves its folder")
    return Unpack(table["opens"], table["max_bytes"], contents)


def _stays_below(path: str) -> bool:
    """Whether a path of an archive is relative and plain on every system."""
    parts = PurePosixPath(path).parts
    plain = not re.search(r'[\\:*?"<>|\x00-\x1f]', path)
    return plain and bool(parts) and parts[0] != "/" and ".." not in parts
