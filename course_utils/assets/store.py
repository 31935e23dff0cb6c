"""The cache folder: what is there, what is right, and how it gets there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from course_utils.assets.checksums import first_problem
from course_utils.assets.download import download
from course_utils.assets.errors import (
    AssetError,
    MissingAssetError,
    cache_error,
    free_bytes,
    megabytes,
    not_enough_room,
)
from course_utils.assets.manifest import Asset, checkout
from course_utils.assets.progress import Progress
from course_utils.assets.transfer import Limits
from course_utils.assets.unpack import replacing, unpack_listed

_CHUNK: Final = 1 << 20


def cache_folder() -> Path:
    """Where assets lie: COURSE_DATA, else data/cache/, else the user's cache."""
    chosen = os.environ.get("COURSE_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute()
    root = checkout()
    if root is not None:
        return root / "data" / "cache"
    from platformdirs import user_cache_path

    return user_cache_path("cnn-workbook", appauthor=False)


def offline() -> bool:
    """Whether COURSE_OFFLINE forbids downloads."""
    return os.environ.get("COURSE_OFFLINE", "").lower() not in ("", "0", "false", "no")


@dataclass(frozen=True)
class Status:
    """One asset as it lies in the cache."""

    asset: Asset
    path: Path
    present: bool
    unfinished_bytes: int


class Store:
    """A folder with the assets of a manifest.

    Nothing is given its final name before it is verified: downloads grow in
    `<file>.part`, archives unpack in `<name>.unpacking`; both are renamed last.

    Args:
        assets: The manifest.
        folder: The cache; made when first written to.
        limits: When a mirror is given up.
    """

    def __init__(
        self, assets: Mapping[str, Asset], folder: Path, limits: Limits | None = None
    ) -> None:
        self.assets = assets
        self.folder = folder
        self.limits = limits or Limits()

    def asset(self, name: str) -> Asset:
        """The manifest's entry.

        Raises:
            AssetError: There is none of this name.
        """
        if name not in self.assets:
            known = ", ".join(sorted(self.assets))
            raise AssetError(f"there is no asset {name!r}; the manifest has: {known}")
        return self.assets[name]

    def file(self, name: str) -> Path:
        """Where the downloaded file lies, or would lie."""
        return self.folder / self.asset(name).file

    def path(self, name: str) -> Path:
        """What a lesson opens: the file itself, or what was unpacked from it."""
        unpack = self.asset(name).unpack
        return self.folder / name / unpack.opens if unpack else self.file(name)

    def get(self, name: str, *, fetch: bool = True, quiet: bool = False) -> Path:
        """The path of a verified asset, downloaded and unpacked where necessary.

        Raises:
            MissingAssetError: It is not here and `fetch` is False.
            AssetError: Another reason; the message says what to do.
        """
        asset = self.asset(name)
        if self._ready(asset):
            return self.path(name)
        if not fetch and self._file_problem(asset):
            raise MissingAssetError(self._missing(asset))
        with self._alone(asset, quiet):
            if not self._ready(asset):  # another process may have been faster
                if self._file_problem(asset):
                    self._fetch(asset, quiet)
                self._unpack(asset)
        return self.path(name)

    def present(self, name: str) -> bool:
        """Whether `get` would need no network."""
        asset = self.asset(name)
        return self._ready(asset) or self._file_problem(asset) is None

    def verify(self, name: str) -> None:
        """Read every byte of the asset again and compare.

        Raises:
            MissingAssetError: It is not here, or not as it should be.
        """
        asset = self.asset(name)
        problems: list[str | None] = []
        if asset.unpack and (self.folder / name).is_dir():
            problems.append(self._unpacked_problem(asset, again=True))
        # an archive may be deleted once it is unpacked
        if not problems or (self.folder / asset.file).exists():
            problems.append(self._file_problem(asset, again=True))
        found = [problem for problem in problems if problem]
        if found:
            raise MissingAssetError(f"{'; '.join(found)}. {self._how(asset)}")

    def status(self) -> list[Status]:
        """Every asset of the manifest, whether it is here, and where."""
        return [
            Status(asset, self.path(name), self.present(name), self._arrived(asset))
            for name, asset in self.assets.items()
        ]

    def install(self, name: str, source: IO[bytes]) -> Path:
        """Take an asset's file from an open file, verify it and unpack it.

        Raises:
            AssetError: The bytes are not the asset's, or cannot be written.
        """
        asset = self.asset(name)
        part = self._part(asset)
        with self._alone(asset, quiet=True):
            self._require_room(asset.room)
            _copy(source, part, asset.bytes)
            problem = asset.checksums.problem(part)
            if problem:
                part.unlink()
                raise AssetError(
                    f"this is not {asset.file}: it {problem}. Get the bundle again."
                )
            self._accept(asset)
            self._unpack(asset)
        return self.path(name)

    def _part(self, asset: Asset) -> Path:
        return self.folder / f"{asset.file}.part"

    def _arrived(self, asset: Asset) -> int:
        part = self._part(asset)
        return part.stat().st_size if part.is_file() else 0

    def _ready(self, asset: Asset) -> bool:
        if asset.unpack:
            return self._unpacked_problem(asset) is None
        return self._file_problem(asset) is None

    def _file_problem(self, asset: Asset, *, again: bool = False) -> str | None:
        expected = {asset.file: asset.checksums}
        stamp = self.folder / ".verified" / f"{asset.file}.json"
        return first_problem(self.folder, expected, stamp, again=again)

    def _unpacked_problem(self, asset: Asset, *, again: bool = False) -> str | None:
        assert asset.unpack is not None
        stamp = self.folder / ".verified" / f"{asset.name}.unpacked.json"
        folder = self.folder / asset.name
        return first_problem(folder, asset.unpack.files, stamp, again=again)

    def _fetch(self, asset: Asset, quiet: bool) -> None:
        self._require_room(asset.room - self._arrived(asset))
        part = self._part(asset)
        with Progress(asset.name, asset.bytes, quiet=quiet) as progress:
            download(asset, part, self.limits, progress)
        self._accept(asset)

    def _require_room(self, needed: int) -> None:
        free = free_bytes(self.folder)
        if free < needed:
            raise not_enough_room(self.folder, needed, free)

    def _accept(self, asset: Asset) -> None:
        """Give the verified part its final name."""
        part, file = self._part(asset), self.folder / asset.file
        try:
            _to_disk(part)
            if file.exists():  # wrong, or it would not have been fetched: keep it
                file.replace(file.with_name(f"{file.name}.wrong"))
            part.replace(file)
            part.with_name(f"{part.name}.json").unlink(missing_ok=True)
        except OSError as error:
            raise cache_error(error, file, 0) from error
        self._file_problem(asset)  # leaves its stamp

    def _unpack(self, asset: Asset) -> None:
        if asset.unpack is None or self._ready(asset):
            return
        with replacing(self.folder / asset.name) as fresh:
            unpack_listed(self.folder / asset.file, asset.unpack, fresh)
            for name, checksums in asset.unpack.files.items():
                problem = checksums.problem(fresh / name)
                if problem:
                    raise AssetError(f"{name} from {asset.file} {problem}")
                _to_disk(fresh / name)
        self._unpacked_problem(asset)  # leaves its stamp

    @contextmanager
    def _alone(self, asset: Asset, quiet: bool) -> Iterator[None]:
        """Hold the asset's lock: other processes wait and find the work done."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / f".{asset.file}.lock")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0.5)
        except Timeout:
            if not quiet:
                print(f"{asset.name}: another program is fetching it; waiting for it.")
            lock.acquire()
        except OSError as error:
            raise cache_error(error, self.folder, asset.room) from error
        try:
            yield
        finally:
            lock.release()

    def _missing(self, asset: Asset) -> str:
        file = self.folder / asset.file
        found = self._file_problem(asset) if file.exists() else f"{file} is not there"
        return f"{asset.name} is not on this computer: {found}. {self._how(asset)}"

    def _how(self, asset: Asset) -> str:
        first = "Unset COURSE_OFFLINE, which forbids downloads, and then: " * offline()
        return (
            f"{first}Fetch it ({megabytes(asset.bytes)}) with "
            f"`python -m tools.fetch_data {asset.name}` (or all that the lessons use "
            "with `make data`), or in Python with "
            f"`from course_utils import assets; assets.get({asset.name!r})`."
        )


def _copy(source: IO[bytes], target: Path, expected: int) -> None:
    """Copy a file, and no more than one block beyond its expected size."""
    target.unlink(missing_ok=True)
    count = 0
    while count <= expected and (chunk := source.read(_CHUNK)):
        count += len(chunk)
        try:
            with target.open("ab") as file:
                file.write(chunk)
        except OSError as error:
            raise cache_error(error, target, expected) from error


def _to_disk(path: Path) -> None:
    """Bytes before the name, so that a power cut leaves no empty file behind."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
