"""Every way in which a mirror can fail: injected, survived, and explained."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from course_utils.assets import DownloadError, Store
from course_utils.assets.checksums import Checksums
from course_utils.assets.manifest import Asset, Mirror
from course_utils.assets.transfer import Limits
from tests import http_faults as faults
from tests.http_faults import Fault, Server

DATA = random.Random(0).randbytes(60_000)
QUICK = Limits(
    connect_seconds=1,
    silent_seconds=0.4,
    slow_seconds=0.2,
    slow_rate=100_000,
    attempts=3,
    pause_seconds=0.01,
    longest_wait=0.3,
)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def asset_from(*urls: str, data: bytes = DATA) -> Asset:
    """An asset whose right bytes are `data`."""
    return Asset(
        name="thing",
        file="thing.bin",
        checksums=Checksums(len(data), sha256=hashlib.sha256(data).hexdigest()),
        checksum_source="computed here",
        licence="none",
        purpose="a test",
        mirrors=tuple(Mirror("url", url) for url in urls),
    )


def store_of(folder: Path, asset: Asset, limits: Limits = QUICK) -> Store:
    return Store({asset.name: asset}, folder, limits)


def failure(folder: Path, asset: Asset, limits: Limits = QUICK) -> str:
    """The message of a download that must fail and leave nothing that looks done."""
    with pytest.raises(DownloadError) as caught:
        store_of(folder, asset, limits).get("thing", quiet=True)
    assert not (folder / "thing.bin").exists()
    assert not store_of(folder, asset).present("thing")
    message = str(caught.value)
    assert str(folder / "thing.bin") in message  # where to put it by hand
    assert "python -m tools.offline_bundle unpack" in message
    return message


FAULTS: dict[str, tuple[Fault, str]] = {
    "403": (faults.status(403), "answered 403 Forbidden"),
    "404": (faults.status(404), "answered 404 Not Found"),
    "429": (faults.status(429), "answered 429 Too Many Requests"),
    "429, come back in an hour": (
        faults.status(429, Retry_After=3600),
        "answered 429 Too Many Requests",
    ),
    "503": (faults.status(503), "answered 503 Service Unavailable"),
    "503 with a date": (
        faults.status(503, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"),
        "answered 503 Service Unavailable",
    ),
    "announces too much": (
        faults.announces(DATA, 90_000),
        "announces 90000 bytes, expected 60000",
    ),
    "announces too little": (
        faults.announces(DATA, 30_000),
        "announces 30000 bytes, expected 60000",
    ),
    "ends early": (faults.ends_early(DATA), "ended after 30,000 of 60,000 bytes"),
    "never ends": (faults.never_ends(DATA), "sent more than the expected 60,000 bytes"),
    "breaks off at once": (
        faults.breaks_off(DATA, each=0),
        "broke off after 0 of 60,000 bytes",
    ),
    "a web page": (faults.web_page(60_000), "sent a web page (text/html)"),
    "wrong bytes": (
        faults.good(bytes(60_000)),
        f"sent the wrong bytes: the file has sha256 "
        f"{hashlib.sha256(bytes(60_000)).hexdigest()}, expected "
        f"{hashlib.sha256(DATA).hexdigest()}",
    ),
    "hangs without a byte": (
        faults.hangs(DATA),
        "sent nothing for 0.4 s (after 0 of 60,000 bytes)",
    ),
    "hangs in the middle": (
        faults.hangs(DATA, after=20_000),
        "sent nothing for 0.4 s (after 20,000 of 60,000 bytes)",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_mirror_is_named_with_its_answer(
    server: Server, tmp_path: Path, fault: str
) -> None:
    behaviour, answer = FAULTS[fault]
    url = server.add("bad", behaviour)
    message = failure(tmp_path, asset_from(url))
    assert f"{url}\n    {answer}" in message


@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_mirror_makes_up_for_a_faulty_one(
    server: Server, tmp_path: Path, fault: str
) -> None:
    bad = server.add("bad", FAULTS[fault][0])
    asset = asset_from(bad, server.add("good", faults.good(DATA)))
    path = store_of(tmp_path, asset).get("thing", quiet=True)
    assert path.read_bytes() == DATA
    assert not list(tmp_path.glob("*.part*"))


def test_an_unreachable_mirror_is_named(tmp_path: Path) -> None:
    with Server() as gone:
        url = gone.url("thing")
    assert "cannot be reached: " in failure(tmp_path, asset_from(url))


def test_a_redirect_is_followed(server: Server, tmp_path: Path) -> None:
    target = server.add("target", faults.good(DATA))
    asset = asset_from(server.add("start", faults.redirect(target)))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA


def test_redirects_in_a_loop_end(server: Server, tmp_path: Path) -> None:
    server.add("one", faults.redirect(server.url("two")))
    server.add("two", faults.redirect(server.url("one")))
    message = failure(tmp_path, asset_from(server.url("one")))
    assert "redirects in a loop (over 5)" in message
    assert len(server.requests) == 6


def test_every_mirror_is_listed_with_its_own_answer(
    server: Server, tmp_path: Path
) -> None:
    urls = [server.add(str(code), faults.status(code)) for code in (403, 404)]
    message = failure(tmp_path, asset_from(*urls))
    assert f"{urls[0]}\n    answered 403" in message
    assert f"{urls[1]}\n    answered 404" in message


def test_a_busy_mirror_is_asked_again_after_the_time_it_names(
    server: Server, tmp_path: Path
) -> None:
    busy = faults.status(429, Retry_After=0)
    asset = asset_from(server.add("busy", faults.first(2, busy, faults.good(DATA))))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA
    assert len(server.requests) == 3


def test_a_mirror_that_asks_for_an_hour_is_not_waited_for(
    server: Server, tmp_path: Path
) -> None:
    failure(tmp_path, asset_from(server.add("b", faults.status(429, Retry_After=3600))))
    assert len(server.requests) == 1


def test_a_forbidding_mirror_is_asked_once(server: Server, tmp_path: Path) -> None:
    failure(tmp_path, asset_from(server.add("bad", faults.status(403))))
    assert len(server.requests) == 1


def test_a_broken_connection_goes_on_where_it_broke(
    server: Server, tmp_path: Path
) -> None:
    asset = asset_from(server.add("torn", faults.breaks_off(DATA, each=25_000)))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA
    assert server.ranges("torn") == [None, "bytes=25000-", "bytes=50000-"]
    assert [seen.if_range for seen in server.requests] == [None, '"v1"', '"v1"']


def test_the_next_mirror_goes_on_where_the_first_fell_silent(
    server: Server, tmp_path: Path
) -> None:
    silent = server.add("silent", faults.hangs(DATA, after=20_000))
    asset = asset_from(silent, server.add("good", faults.good(DATA)))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA
    assert server.ranges("good") == ["bytes=20000-"]
    assert server.requests[-1].if_range is None  # the other mirror's ETag says nothing


def unfinished(folder: Path, piece: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "thing.bin.part").write_bytes(piece)


def test_a_mirror_that_ignores_ranges_is_read_from_the_start(
    server: Server, tmp_path: Path
) -> None:
    unfinished(tmp_path, DATA[:20_000])
    asset = asset_from(server.add("simple", faults.ignores_range(DATA)))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA


def test_a_mirror_that_begins_anew_and_stops_loses_nothing(
    server: Server, tmp_path: Path
) -> None:
    unfinished(tmp_path, DATA[:40_000])
    url = server.add("bad", faults.ends_early(DATA))
    failure(tmp_path, asset_from(url))
    assert (tmp_path / "thing.bin.part").read_bytes() == DATA[:40_000]


def test_an_answer_with_another_range_is_refused(
    server: Server, tmp_path: Path
) -> None:
    unfinished(tmp_path, DATA[:20_000])
    message = failure(tmp_path, asset_from(server.add("bad", faults.wrong_range(DATA))))
    assert "'bytes 0-59999/60000', expected 'bytes 20000-.../60000'" in message


@pytest.mark.parametrize("piece", [b"x" * 20_000, b"x" * 60_000, b"x" * 70_000])
def test_a_wrong_piece_from_before_costs_a_restart_and_not_the_mirror(
    server: Server, tmp_path: Path, piece: bytes
) -> None:
    unfinished(tmp_path, piece)
    asset = asset_from(server.add("good", faults.good(DATA)))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA
    assert server.ranges("good")[-1] is None


def test_a_slow_mirror_is_left_for_a_quick_one(server: Server, tmp_path: Path) -> None:
    slow = server.add("slow", faults.slow(DATA, rate=20_000))
    asset = asset_from(slow, server.add("good", faults.good(DATA)))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA
    continued = server.ranges("good")[0]
    assert continued is not None  # what the slow one delivered was not fetched again
    assert int(continued.removeprefix("bytes=").rstrip("-")) > 0


def test_slow_is_better_than_nothing(server: Server, tmp_path: Path) -> None:
    slow = server.add("slow", faults.slow(DATA, rate=90_000))
    slower = server.add("slower", faults.slow(DATA, rate=20_000))
    asset = asset_from(slower, slow, server.add("gone", faults.status(404)))
    assert store_of(tmp_path, asset).get("thing", quiet=True).read_bytes() == DATA
    assert [seen.path for seen in server.requests] == [
        "/slower", "/slow", "/gone", "/slow",
    ]  # fmt: skip


def test_a_slow_mirror_that_also_fails_is_said_to(
    server: Server, tmp_path: Path
) -> None:
    url = server.add("slow", faults.slow(DATA, rate=20_000))
    gone = faults.first(1, server.faults["/slow"], faults.status(404))
    server.add("slow", gone)
    assert "answered 404" in failure(tmp_path, asset_from(url))


def test_failed_mirrors_are_reported_while_the_download_goes_on(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = server.add("bad", faults.status(404))
    asset = asset_from(bad, server.add("good", faults.good(DATA)))
    store_of(tmp_path, asset).get("thing")
    printed = capsys.readouterr().out
    assert printed == f"thing: {bad} answered 404 Not Found\n"  # and no bar in a pipe


def test_quiet_says_nothing(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = server.add("bad", faults.status(404))
    asset = asset_from(bad, server.add("good", faults.good(DATA)))
    store_of(tmp_path, asset).get("thing", quiet=True)
    assert capsys.readouterr() == ("", "")


def test_a_rate_above_the_limit_is_left_alone(server: Server, tmp_path: Path) -> None:
    asset = asset_from(server.add("even", faults.slow(DATA, rate=90_000)))
    limits = replace(QUICK, slow_rate=2_000)
    store_of(tmp_path, asset, limits).get("thing", quiet=True)
    assert server.ranges("even") == [None]
