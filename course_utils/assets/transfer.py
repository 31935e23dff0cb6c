"""One request to one mirror: resumed, watched for stalls, and never trusted.

Chosen: httpx. It yields bytes as they arrive, so that a trickle is noticed (requests
waits for a full block), limits redirects and knows proxies; JupyterLab brings it along.
pooch verifies and renames but neither resumes nor gives up on a stalled host;
fsspec needs aiohttp for http and does neither; huggingface_hub serves one host.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from course_utils.assets.errors import MirrorError, cache_error, megabytes
from course_utils.assets.progress import Progress

if TYPE_CHECKING:
    from httpx import Response

_COME_BACK: Final = {429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Limits:
    """When a mirror is given up.

    Attributes:
        connect_seconds: Without a connection.
        silent_seconds: Without a single byte.
        slow_seconds: The window over which the rate is judged.
        slow_rate: Bytes per second below which the next mirror is tried first.
        attempts: At one mirror, without progress in between.
        pause_seconds: Before the second attempt; doubled for the third, and so on.
        longest_wait: A mirror that asks for more seconds (Retry-After) is left.
        redirects: More of them are taken for a loop.
        pip_seconds: For one `pip download`.
    """

    connect_seconds: float = 10
    silent_seconds: float = 20
    slow_seconds: float = 15
    slow_rate: float = 200_000
    attempts: int = 3
    pause_seconds: float = 1
    longest_wait: float = 20
    redirects: int = 5
    pip_seconds: float = 1200


class Pace:
    """Judges the rate once every `slow_seconds`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._since = time.monotonic()
        self._count = 0

    def add(self, count: int) -> None:
        """Count bytes that arrived.

        Raises:
            MirrorError: The rate of the window that ends now is below `slow_rate`.
        """
        self._count += count
        now = time.monotonic()
        seconds = now - self._since
        if seconds < self._limits.slow_seconds:
            return
        rate = self._count / seconds
        if rate < self._limits.slow_rate:
            raise MirrorError(
                f"is too slow: {megabytes(rate)}/s, expected at least "
                f"{megabytes(self._limits.slow_rate)}/s",
                rate=rate,
            )
        self._since, self._count = now, 0


def transfer(
    url: str,
    part: Path,
    total: int,
    limits: Limits,
    progress: Progress,
    *,
    patient: bool = False,
) -> None:
    """Bring the unfinished file `part` to `total` bytes, continuing where it ends.

    Args:
        url: The mirror.
        part: The unfinished file; every byte that arrived stays in it.
        total: The size that the manifest gives.
        limits: When to give up.
        progress: Told about every piece.
        patient: Accept any rate, so long as bytes come at all.

    Raises:
        MirrorError: The mirror answered with something else, or stopped.
        CacheError: The file cannot be written.
    """
    import httpx

    timeout = httpx.Timeout(limits.silent_seconds, connect=limits.connect_seconds)
    start = _size(part)
    with (
        _answers(part, total, limits),
        httpx.Client(
            timeout=timeout, follow_redirects=True, max_redirects=limits.redirects
        ) as client,
        client.stream("GET", url, headers=_headers(url, part, start)) as response,
    ):
        start = _start(response, start, total)
        _remember(part, url, response)
        pace = None if patient else Pace(limits)
        end = _write(response.iter_raw(), part, start, total, progress, pace)
    if end < total:
        raise MirrorError(f"ended after {end:,} of {total:,} bytes", again=True)


def announced_bytes(url: str, limits: Limits) -> int:
    """Ask a server how large a file is, without fetching it.

    Raises:
        MirrorError: It cannot be reached, or answers with something else.
    """
    import httpx

    timeout = httpx.Timeout(limits.silent_seconds, connect=limits.connect_seconds)
    headers = {"User-Agent": "cnn-workbook", "Accept-Encoding": "identity"}
    with (
        _answers(Path(), 0, limits),
        httpx.Client(
            timeout=timeout, follow_redirects=True, max_redirects=limits.redirects
        ) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        length = response.headers.get("Content-Length", "")
        if response.status_code != HTTPStatus.OK or not length.isdecimal():
            answer = f"{response.status_code} {response.reason_phrase}".strip()
            raise MirrorError(f"answered {answer}, expected the size of a file")
        return int(length)


@contextmanager
def _answers(part: Path, total: int, limits: Limits) -> Iterator[None]:
    """Turn what httpx raises into what the mirror answered."""
    import httpx

    try:
        yield
    except httpx.TooManyRedirects as error:
        raise MirrorError(f"redirects in a loop (over {limits.redirects})") from error
    except httpx.ConnectTimeout as error:
        answer = f"gave no connection within {limits.connect_seconds:g} s"
        raise MirrorError(answer) from error
    except httpx.TimeoutException as error:
        raise MirrorError(
            f"sent nothing for {limits.silent_seconds:g} s (after "
            f"{_size(part):,} of {total:,} bytes)"
        ) from error
    except httpx.ConnectError as error:
        raise MirrorError(f"cannot be reached: {error}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        answer = f"broke off after {_size(part):,} of {total:,} bytes: {error}"
        raise MirrorError(answer, again=True) from error


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _headers(url: str, part: Path, start: int) -> dict[str, str]:
    headers = {"User-Agent": "cnn-workbook", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        # only the mirror that gave an ETag understands it; between mirrors the size
        # in Content-Range and the checksum of the whole decide
        known = _recall(part)
        if known.get("url") == url and known.get("etag"):
            headers["If-Range"] = known["etag"]
    return headers


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _recall(part: Path) -> dict[str, str]:
    try:
        found = json.loads(_note(part).read_text("utf-8"))
    except (OSError, ValueError):  # no note, or half a one: ask without If-Range
        return {}
    return found if isinstance(found, dict) else {}


def _remember(part: Path, url: str, response: Response) -> None:
    etag = response.headers.get("ETag", "")
    strong = etag if etag.startswith('"') else ""  # If-Range allows no weak ones
    try:
        note = json.dumps({"url": url, "etag": strong})
        _note(part).write_text(note, "utf-8")
    except OSError as error:
        raise cache_error(error, _note(part), len(note)) from error


def _start(response: Response, start: int, total: int) -> int:
    """Where the body of this response belongs; refuses every other answer."""
    status = response.status_code
    if status == HTTPStatus.PARTIAL_CONTENT and start:
        return _checked_range(response.headers.get("Content-Range", ""), start, total)
    if status != HTTPStatus.OK:
        raise MirrorError(
            f"answered {status} {response.reason_phrase}".strip(),
            again=status in _COME_BACK,
            wait=_wait(response.headers.get("Retry-After", "")),
        )
    kind = response.headers.get("Content-Type", "")
    if kind.startswith("text/html"):
        raise MirrorError("sent a web page (text/html) instead of the file")
    length = response.headers.get("Content-Length", str(total))
    if length != str(total):
        raise MirrorError(f"announces {length} bytes, expected {total}")
    return 0  # the server ignores ranges, or its file changed


def _checked_range(header: str, start: int, total: int) -> int:
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", header)
    if not found or int(found[1]) != start or found[2] not in (str(total), "*"):
        raise MirrorError(
            f"answered with the range {header!r}, expected 'bytes {start}-.../{total}'"
        )
    return start


def _wait(retry_after: str) -> float | None:
    """Seconds to wait; a date counts as too long, and the next mirror is tried."""
    if not retry_after:
        return None
    return float(retry_after) if retry_after.isdecimal() else float("inf")


def _write(
    pieces: Iterator[bytes],
    part: Path,
    start: int,
    total: int,
    progress: Progress,
    pace: Pace | None,
) -> int:
    """Write the pieces from position `start`; return where the file ends."""
    end = start
    progress.at(end)
    with _open_at(part, start, total) as file:
        for piece in pieces:
            if end + len(piece) > total:
                raise MirrorError(f"sent more than the expected {total:,} bytes")
            _put(piece, file, part, total - end)
            end += len(piece)
            progress.at(end)
            if pace:
                pace.add(len(piece))
    return end


def _put(piece: bytes, file: FileIO, part: Path, needed: int) -> None:
    rest = memoryview(piece)
    try:
        while rest:  # unbuffered: a full disk may take a part of it
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise cache_error(error, part, needed) from error


def _open_at(part: Path, start: int, total: int) -> FileIO:
    try:
        # not cut off at `start`: a mirror that begins anew and then breaks off
        # must not destroy what came from another one
        file = part.open("r+b" if part.exists() else "wb", buffering=0)
        file.seek(start)
        return file
    except OSError as error:
        raise cache_error(error, part, total - start) from error
