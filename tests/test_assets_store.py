"""The cache: cached once, alone at work, and nothing half-done taken for done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from course_utils import assets
from course_utils.assets import AssetError, MissingAssetError
from course_utils.assets import store as store_module
from tests import http_faults as faults
from tests.http_faults import Server
from tests.test_assets_faults import DATA, asset_from, store_of

# what a second process runs: the asset, fetched from an address into a folder
CHILD = """
import sys
from pathlib import Path
from tests.test_assets_faults import asset_from, store_of
from course_utils.assets.transfer import Limits
folder, url = Path(sys.argv[1]), sys.argv[2]
try:
    print(store_of(folder, asset_from(url), Limits(slow_rate=0)).get("thing"))
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def child(folder: Path, url: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder), url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def said(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=60)[0].strip()


def test_what_is_cached_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    store = store_of(tmp_path, asset_from(server.add("good", faults.good(DATA))))
    assert store.get("thing", quiet=True) == store.get("thing", quiet=True)
    assert len(server.requests) == 1


def test_a_file_is_read_once_and_then_recognised(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(tmp_path, asset_from(server.add("good", faults.good(DATA))))
    store.get("thing", quiet=True)
    monkeypatch.setattr("course_utils.assets.checksums.file_digests", None)
    assert store.present("thing")


def test_a_changed_file_is_noticed_and_kept_aside(
    server: Server, tmp_path: Path
) -> None:
    store = store_of(tmp_path, asset_from(server.add("good", faults.good(DATA))))
    path = store.get("thing", quiet=True)
    path.write_bytes(bytes(len(DATA)))
    assert not store.present("thing")
    assert store.get("thing", quiet=True).read_bytes() == DATA
    assert (tmp_path / "thing.bin.wrong").read_bytes() == bytes(len(DATA))


def test_verify_finds_what_size_and_time_hide(server: Server, tmp_path: Path) -> None:
    store = store_of(tmp_path, asset_from(server.add("good", faults.good(DATA))))
    path = store.get("thing", quiet=True)
    state = path.stat()
    path.write_bytes(bytes(len(DATA)))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(MissingAssetError, match=r"has sha256 \w+, expected"):
        store.verify("thing")
    assert not store.present("thing")  # and it is not trusted from now on


def test_a_file_put_there_by_hand_is_verified_and_used(tmp_path: Path) -> None:
    (tmp_path / "thing.bin").write_bytes(DATA)
    store = store_of(tmp_path, asset_from("http://127.0.0.1:1/none"))
    assert store.get("thing").read_bytes() == DATA


def test_a_wrong_file_put_there_by_hand_is_explained(tmp_path: Path) -> None:
    (tmp_path / "thing.bin").write_bytes(DATA[:100])
    store = store_of(tmp_path, asset_from("http://127.0.0.1:1/none"))
    with pytest.raises(MissingAssetError, match="has 100 bytes, expected 60,000"):
        store.get("thing", fetch=False)


def test_half_a_stamp_is_no_stamp(server: Server, tmp_path: Path) -> None:
    store = store_of(tmp_path, asset_from(server.add("good", faults.good(DATA))))
    store.get("thing", quiet=True)
    (tmp_path / ".verified" / "thing.bin.json").write_text('{"thing.bin": [600')
    assert store.present("thing")


def test_without_permission_to_fetch_size_and_command_are_named(tmp_path: Path) -> None:
    store = store_of(tmp_path, asset_from("http://127.0.0.1:1/none"))
    with pytest.raises(MissingAssetError) as caught:
        store.get("thing", fetch=False)
    for part in ("60.0 kB", "tools.fetch_data thing", "assets.get('thing')"):
        assert part in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_an_unknown_name_gets_the_list(tmp_path: Path) -> None:
    store = store_of(tmp_path, asset_from("http://127.0.0.1:1/none"))
    with pytest.raises(AssetError, match="no asset 'thin'; the manifest has: thing"):
        store.get("thin")


def test_offline_is_offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(MissingAssetError, match="Unset COURSE_OFFLINE"):
        assets.get("cifar10")


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False)]
)
def test_how_offline_is_spelt(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv("COURSE_OFFLINE", value)
    assert assets.offline() is expected


def test_the_cache_is_in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    root = Path(__file__).resolve().parents[1]
    assert assets.cache_folder() == root / "data" / "cache"


def test_the_cache_is_the_users_without_a_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(store_module, "checkout", lambda: None)
    assert assets.cache_folder().name == "cnn-workbook"


def test_the_library_can_be_imported_without_its_heavy_parts() -> None:
    code = (
        "import sys, course_utils.assets; "
        "print([m for m in ('httpx', 'tqdm', 'filelock', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_two_processes_fetch_once(server: Server, tmp_path: Path) -> None:
    url = server.add("slow", faults.slow(DATA, rate=60_000))
    both = [child(tmp_path, url) for _ in range(2)]
    lines = [said(process).splitlines() for process in both]
    assert [line[-1] for line in lines] == [str(tmp_path / "thing.bin")] * 2
    assert len(server.requests) == 1


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited 30 s in vain"
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_download_is_not_done_and_goes_on(
    server: Server, tmp_path: Path, how: signal.Signals
) -> None:
    url = server.add("slow", faults.slow(DATA, rate=5_000))
    part = tmp_path / "thing.bin.part"
    process = child(tmp_path, url, stderr=subprocess.DEVNULL)
    _wait_for(lambda: part.exists() and part.stat().st_size > 1000)
    process.send_signal(how)
    process.communicate(timeout=30)
    arrived = part.stat().st_size
    assert 0 < arrived < len(DATA)
    assert not (tmp_path / "thing.bin").exists()

    asset = asset_from(server.add("good", faults.good(DATA)))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA
    assert server.ranges("good") == [f"bytes={arrived}-"]
