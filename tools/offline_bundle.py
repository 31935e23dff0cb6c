"""One file with all data and weights, for a USB stick or a course page.

python -m tools.offline_bundle pack            writes build/offline-bundle.tar
python -m tools.offline_bundle unpack FILE     installs a bundle, verified
"""

from __future__ import annotations

import argparse
import io
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from course_utils import assets
from course_utils.assets.checksums import file_digests
from course_utils.assets.errors import cache_error, megabytes
from course_utils.assets.manifest import Asset

BUNDLE: Final = Path("build") / "offline-bundle.tar"
_FOLDER: Final = "offline-bundle"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(arguments)
    store = assets.course_store()
    try:
        if options.command == "pack":
            return _pack(store, options.file)
        return _unpack(store, options.file)
    except assets.AssetError as error:
        print(error, file=sys.stderr)
        return 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.offline_bundle",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, default in (("pack", BUNDLE), ("unpack", None)):
        command = commands.add_parser(name)
        optional = "?" if default else None
        command.add_argument("file", nargs=optional, type=Path, default=default)
    return parser.parse_args(arguments)


def _pack(store: assets.Store, bundle: Path) -> int:
    packed: list[Asset] = []
    missing: list[Asset] = []
    for asset in store.assets.values():
        file = store.file(asset.name)
        problem = asset.checksums.problem(file)
        (missing if problem else packed).append(asset)
    for asset in missing:
        print(
            f"not in the bundle: {asset.name} ({megabytes(asset.bytes)}); "
            f"fetch it first: python -m tools.fetch_data {asset.name}"
        )
    if not packed:
        print("Nothing to pack.", file=sys.stderr)
        return 1
    write_bundle(store, packed, bundle)
    names = ", ".join(asset.name for asset in packed)
    print(f"{bundle} ({megabytes(bundle.stat().st_size)}): {names}")
    return 0


def write_bundle(store: assets.Store, packed: Sequence[Asset], bundle: Path) -> None:
    """Write the bundle: the files, SHA256SUMS and a README, same input same bytes.

    Raises:
        CacheError: The bundle cannot be written.
    """
    part = bundle.with_name(bundle.name + ".part")
    needed = sum(asset.bytes for asset in packed)
    try:
        bundle.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(part, "w") as tar:
            _add_text(tar, "README.txt", _readme(packed))
            _add_text(tar, "SHA256SUMS", _sums(store, packed))
            for asset in packed:
                file = store.file(asset.name)
                with file.open("rb") as source:
                    tar.addfile(_entry(asset.file, asset.bytes), source)
        part.replace(bundle)
    except OSError as error:
        raise cache_error(error, part, needed) from error
    finally:
        part.unlink(missing_ok=True)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(f"{_FOLDER}/{name}")
    entry.size = size
    return entry


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    tar.addfile(_entry(name, len(content)), io.BytesIO(content))


def _sums(store: assets.Store, packed: Sequence[Asset]) -> str:
    return "".join(
        f"{file_digests(store.file(asset.name), {'sha256': None})['sha256']}"
        f"  {asset.file}\n"
        for asset in packed
    )


def _readme(packed: Sequence[Asset]) -> str:
    listed = "\n".join(
        f"- {asset.file} ({megabytes(asset.bytes)})\n"
        f"  {asset.purpose}\n  licence: {asset.licence}"
        for asset in packed
    )
    return (
        "Data and weights of the CNN workbook, to be used without a network.\n\n"
        "In the workbook's folder, with this file as it is:\n\n"
        "    python -m tools.offline_bundle unpack offline-bundle.tar\n\n"
        "By hand: unpack it and copy the files below into data/cache/;\n"
        "they are verified when a lesson first uses them.\n\n"
        f"{listed}\n"
    )


def _unpack(store: assets.Store, bundle: Path) -> int:
    by_entry = {f"{_FOLDER}/{a.file}": a for a in store.assets.values()}
    installed = 0
    try:
        with tarfile.open(bundle) as tar:
            for member in tar:
                asset = by_entry.get(member.name)
                source = tar.extractfile(member) if asset and member.isreg() else None
                if asset and source:
                    print(f"{asset.name}: {_install(store, asset, source)}")
                    installed += 1
    except (OSError, EOFError, tarfile.TarError) as error:
        raise assets.AssetError(
            f"cannot read the bundle {bundle}: {error}. "
            f"Assets installed before: {installed}. Get the bundle again."
        ) from error
    if not installed:
        raise assets.AssetError(
            f"{bundle} holds no asset of data/manifest.toml. Was it packed with "
            "`python -m tools.offline_bundle pack` of this version?"
        )
    return 0


def _install(store: assets.Store, asset: Asset, source: IO[bytes]) -> str:
    if store.present(asset.name):
        return "is here already"
    return str(store.install(asset.name, source))


if __name__ == "__main__":
    raise SystemExit(main())
