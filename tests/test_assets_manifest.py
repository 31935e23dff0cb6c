"""The manifest: complete, honest about its sources, and refused when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils.assets import ManifestError
from course_utils.assets.manifest import course_manifest, read_manifest

GOOD = """
[thing]
file = "thing.zip"
bytes = 3
md5 = "900150983cd24fb0d6963f7d28e17f72"
checksum_source = "the publisher"
licence = "CC0"
purpose = "a test"
mirrors = [{ url = "https://example.org/thing.zip" }, { pip = "thing==1.0" }]
[thing.unpack]
opens = "a"
max_bytes = 10
files = { "a/b" = { md5 = "900150983cd24fb0d6963f7d28e17f72" } }
"""


def test_a_good_manifest_is_read() -> None:
    asset = read_manifest(GOOD)["thing"]
    assert (asset.bytes, asset.room) == (3, 13)
    assert [mirror.kind for mirror in asset.mirrors] == ["url", "pip"]


BAD = {
    "no checksum": ("md5 = ", "# ", "a checksum is missing"),
    "a short checksum": ('md5 = "9001', 'md5 = "', "expected 32 hexadecimal digits"),
    "a checksum of zeros and ohs": ("28e17f72", "28e17fO2", "hexadecimal digits"),
    "no size": ("bytes = 3\n", "", "'bytes' is missing"),
    "a size in words": ("bytes = 3\n", 'bytes = "3"\n', "bytes is '3'"),
    "no source": ("checksum_source", "# ", "'checksum_source' is missing"),
    "no licence": ("licence", "# ", "'licence' is missing"),
    "a misspelt key": ("purpose", "porpoise", r"unknown keys \['porpoise'\]"),
    "no mirrors": ("mirrors = ", "# ", "needs at least one mirror"),
    "another protocol": ("https://", "ftp://", "is no http"),
    "any version": ("thing==1.0", "thing", "NAME==VERSION"),
    "an option for pip": ("thing==1.0", "--help==1", "NAME==VERSION"),
    "a file elsewhere": ('"thing.zip"', '"../thing.zip"', "is no plain file name"),
    "an unpacked file elsewhere": ('"a/b"', '"a/../../b"', "leaves its folder"),
    "an absolute unpacked file": ('"a/b"', '"/a/b"', "leaves its folder"),
    "a drive": ('"a/b"', '"C:/b"', "leaves its folder"),
    "a backslash": ('"a/b"', "'a\\b'", "leaves its folder"),
    "no bound": ("max_bytes", "# ", r"unpack lacks \['max_bytes'\]"),
    "no TOML": ("[thing]", "[thing", "not valid TOML"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_a_mistake_is_named(mistake: str) -> None:
    old, new, message = BAD[mistake]
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(ManifestError, match=message):
        read_manifest(text)


def test_two_assets_may_not_share_a_file() -> None:
    second = GOOD.replace("[thing", "[other")
    with pytest.raises(ManifestError, match=r"share the file \['thing.zip'\]"):
        read_manifest(GOOD + second)


def test_our_checksums_of_cifar10_are_torchvisions() -> None:
    from torchvision.datasets import CIFAR10

    cifar10 = course_manifest()["cifar10"]
    assert cifar10.unpack is not None
    assert cifar10.file == CIFAR10.filename
    assert cifar10.checksums.md5 == CIFAR10.tgz_md5
    listed = [*CIFAR10.train_list, *CIFAR10.test_list]
    listed.append([CIFAR10.meta["filename"], CIFAR10.meta["md5"]])
    folder = CIFAR10.base_folder
    assert cifar10.unpack.opens == folder
    assert {f"{folder}/{name}": md5 for name, md5 in listed} == {
        name: sums.md5 for name, sums in cifar10.unpack.files.items()
    }
    assert cifar10.mirrors[-1].where == CIFAR10.url


def test_cifar10_does_not_depend_on_one_host() -> None:
    from urllib.parse import urlsplit

    mirrors = course_manifest()["cifar10"].mirrors
    assert len({urlsplit(mirror.where).hostname for mirror in mirrors}) >= 3
    assert all(mirror.where.startswith("https://") for mirror in mirrors)


def test_the_checkout_holds_the_manifest() -> None:
    root = Path(__file__).resolve().parents[1]
    assert read_manifest((root / "data/manifest.toml").read_text()) == course_manifest()
