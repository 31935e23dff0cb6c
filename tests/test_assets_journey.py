"""The whole way: mirror, verify, unpack, open; wheels; bundle; the two commands."""

from __future__ import annotations

import hashlib
import pickle
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_utils import assets
from course_utils.assets import AssetError, Store
from course_utils.assets.checksums import Checksums
from course_utils.assets.manifest import Asset, Mirror, Unpack
from tests import http_faults as faults
from tests.http_faults import Server
from tests.official_layout import BATCHES, FOLDER, archive_of, official_files
from tools import fetch_data, offline_bundle


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def sums(data: bytes) -> Checksums:
    return Checksums(len(data), sha256=hashlib.sha256(data).hexdigest())


def small_cifar10(*urls: str) -> tuple[Asset, bytes]:
    """The asset in the official layout, and its archive."""
    files = official_files()
    archive = archive_of(files)
    listed = {name: sums(content) for name, content in files.items()}
    asset = Asset(
        name="cifar10",
        file="cifar-10-python.tar.gz",
        checksums=sums(archive),
        checksum_source="computed here",
        licence="none",
        purpose="a test",
        mirrors=tuple(Mirror("url", url) for url in urls),
        lessons=("04",),
        unpack=Unpack(FOLDER, 1_000_000, listed),
    )
    return asset, archive


@pytest.fixture
def store(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The small CIFAR-10 behind a broken and a good mirror, as the course's own."""
    asset, archive = small_cifar10(server.url("gone"), server.url("good"))
    server.add("gone", faults.status(404))
    server.add("good", faults.good(archive))
    store = Store({"cifar10": asset}, tmp_path / "cache")
    monkeypatch.setattr(assets, "course_store", lambda: store)
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    return store


def test_the_archive_is_fetched_verified_unpacked_and_opened(store: Store) -> None:
    folder = assets.get("cifar10", quiet=True)
    assert folder == store.folder / "cifar10" / FOLDER
    assert sorted(path.name for path in folder.iterdir()) == ["batches.meta", *BATCHES]
    with (folder / "test_batch").open("rb") as file:
        batch = pickle.load(file, encoding="bytes")
    assert batch[b"data"].shape == (20, 3072)
    assets.verify("cifar10")


def test_torchvision_opens_the_same_folder(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import CIFAR10

    folder = assets.get("cifar10", quiet=True)
    meta = (folder / "batches.meta").read_bytes()
    monkeypatch.setattr(CIFAR10, "_check_integrity", lambda self: True)
    monkeypatch.setitem(CIFAR10.meta, "md5", hashlib.md5(meta).hexdigest())
    assert len(CIFAR10(folder.parent, train=True)) == 100


def test_a_lost_file_is_unpacked_again_without_the_network(
    store: Store, server: Server
) -> None:
    folder = assets.get("cifar10", quiet=True)
    (folder / "test_batch").unlink()
    seen = len(server.requests)
    assert (assets.get("cifar10", download=False) / "test_batch").is_file()
    assert len(server.requests) == seen


def test_the_archive_may_be_deleted_once_it_is_unpacked(store: Store) -> None:
    assets.get("cifar10", quiet=True)
    store.file("cifar10").unlink()
    assert assets.get("cifar10", download=False).is_dir()
    assets.verify("cifar10")


def test_an_unpacked_folder_put_there_by_hand_is_used(store: Store) -> None:
    for name, content in official_files().items():
        path = store.folder / "cifar10" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert assets.present("cifar10")
    assert assets.get("cifar10", download=False).is_dir()


def test_a_wrong_file_in_the_archive_never_gets_its_name(
    store: Store, tmp_path: Path
) -> None:
    asset = store.asset("cifar10")
    assert asset.unpack is not None
    wrong = dict(asset.unpack.files) | {f"{FOLDER}/test_batch": sums(b"other")}
    unpack = Unpack(FOLDER, 1_000_000, wrong)
    other = Asset(**{**vars(asset), "unpack": unpack})
    with pytest.raises(
        AssetError, match=r"test_batch from cifar-10-python\.tar\.gz has"
    ):
        Store({"cifar10": other}, tmp_path / "new").get("cifar10", quiet=True)
    assert not (tmp_path / "new/cifar10").exists()


# --- the two commands ---------------------------------------------------------------


def test_fetch_shows_sizes_and_asks_before_it_downloads(
    store: Store, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch_data.main([]) == 1
    printed = capsys.readouterr().out
    assert "free in" in printed
    assert "missing" in printed
    assert "make data YES=1" in printed
    assert not server.requests


def test_fetch_fetches_what_lessons_use(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch_data.main(["--yes"]) == 0
    assert fetch_data.main([]) == 0
    assert "Everything is here." in capsys.readouterr().out


def test_fetch_knows_an_interrupted_download(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.folder.mkdir()
    (store.folder / "cifar-10-python.tar.gz.part").write_bytes(bytes(2000))
    fetch_data.main([])
    assert "missing, 2.0 kB arrived" in capsys.readouterr().out


def test_fetch_complains_about_an_unknown_name(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch_data.main(["cifar100"]) == 1
    assert "the manifest has: cifar10" in capsys.readouterr().err


def test_fetch_verifies_what_is_here(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch_data.main(["--yes"])
    assert fetch_data.main(["--verify"]) == 0
    assert "cifar10: every byte is right" in capsys.readouterr().out


@pytest.fixture
def bundle(store: Store, tmp_path: Path) -> Path:
    assets.get("cifar10", quiet=True)
    path = tmp_path / "build" / "offline-bundle.tar"
    assert offline_bundle.main(["pack", str(path)]) == 0
    return path


def elsewhere(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Another computer, without a network."""
    other = Store(store.assets, folder)
    monkeypatch.setattr(assets, "course_store", lambda: other)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    return other


def test_a_bundle_fills_another_computer(
    store: Store, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere(store, tmp_path / "other", monkeypatch)
    assert offline_bundle.main(["unpack", str(bundle)]) == 0
    assert (assets.get("cifar10") / "test_batch").is_file()
    assets.verify("cifar10")


def test_the_same_assets_give_the_same_bundle(bundle: Path) -> None:
    before = bundle.read_bytes()
    offline_bundle.main(["pack", str(bundle)])
    assert bundle.read_bytes() == before


def test_a_bundle_says_what_it_is(store: Store, bundle: Path) -> None:
    with tarfile.open(bundle) as tar:
        texts = {
            name: tar.extractfile(f"offline-bundle/{name}").read().decode()  # type: ignore[union-attr]
            for name in ("README.txt", "SHA256SUMS")
        }
    asset = store.asset("cifar10")
    assert texts["SHA256SUMS"] == f"{asset.checksums.sha256}  {asset.file}\n"
    assert "unpack offline-bundle.tar" in texts["README.txt"]
    assert f"licence: {asset.licence}" in texts["README.txt"]


def test_a_bundle_without_anything_is_not_written(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert offline_bundle.main(["pack", str(tmp_path / "bundle.tar")]) == 1
    assert "not in the bundle: cifar10" in capsys.readouterr().out
    assert not (tmp_path / "bundle.tar").exists()


DAMAGE = {
    "cut off": (lambda whole: whole[: len(whole) // 2], "cannot read the bundle"),
    "altered": (lambda whole: whole[:50_000] + b"?" + whole[50_001:], "has sha256"),
    "another file": (lambda whole: b"<html>" * 1000, "cannot read the bundle"),
    "an empty tar": (lambda whole: bytes(10_240), "holds no asset"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_bundle_installs_nothing(
    store: Store,
    bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    change, message = DAMAGE[damage]
    bundle.write_bytes(change(bundle.read_bytes()))
    other = elsewhere(store, tmp_path / "other", monkeypatch)
    assert offline_bundle.main(["unpack", str(bundle)]) == 1
    assert message in capsys.readouterr().err
    assert not other.file("cifar10").exists()
    assert not other.present("cifar10")


def test_a_bundle_that_is_not_there_is_explained(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert offline_bundle.main(["unpack", str(tmp_path / "none.tar")]) == 1
    assert "No such file" in capsys.readouterr().err
