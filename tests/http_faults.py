"""A web server on 127.0.0.1 that misbehaves on demand, in every way that hosts do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

Fault = Callable[["Handler"], None]
PIECE = 4096


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    path: str
    range: str | None
    if_range: str | None


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the fault that stands at its path."""

    server: Server

    def do_GET(self) -> None:
        headers = self.headers
        request = Request(self.path, headers.get("Range"), headers.get("If-Range"))
        self.server.requests.append(request)
        try:
            self.server.faults[self.path](self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has left, as it may

    def log_message(self, *arguments: object) -> None:
        """Keep test output clean."""

    def reply(self, status: int, **headers: str | int) -> None:
        """Send status and headers; underscores in names become dashes."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def first_byte(self) -> int:
        """Where the client wants the body to begin."""
        wanted = self.headers.get("Range", "bytes=0-")
        return int(wanted.removeprefix("bytes=").rstrip("-"))


class Server(ThreadingHTTPServer):
    """Use it as a context manager; `add` puts a fault behind an address."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults: dict[str, Fault] = {}
        self.requests: list[Request] = []
        self.closing = threading.Event()

    def __enter__(self) -> Self:
        # polled often, so that shutting down costs a test no half second
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def add(self, name: str, fault: Fault) -> str:
        """Answer requests for `name` with `fault`; return the address."""
        self.faults[f"/{name}"] = fault
        return self.url(name)

    def url(self, name: str) -> str:
        """The address of `name`."""
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def ranges(self, name: str) -> list[str | None]:
        """The Range headers that requests for `name` carried."""
        return [seen.range for seen in self.requests if seen.path == f"/{name}"]


def good(data: bytes, etag: str = '"v1"') -> Fault:
    """Serve the data; continue where the client asks."""

    def serve(handler: Handler) -> None:
        start = handler.first_byte()
        _head(handler, data, start, etag)
        handler.wfile.write(data[start:])

    return serve


def _head(handler: Handler, data: bytes, start: int, etag: str = '"v1"') -> None:
    length = len(data) - start
    if start:
        span = f"bytes {start}-{len(data) - 1}/{len(data)}"
        handler.reply(206, Content_Length=length, Content_Range=span, ETag=etag)
    else:
        handler.reply(200, Content_Length=length, ETag=etag)


def ignores_range(data: bytes) -> Fault:
    """Serve the whole file whatever the client asks for."""

    def serve(handler: Handler) -> None:
        handler.reply(200, Content_Length=len(data))
        handler.wfile.write(data)

    return serve


def wrong_range(data: bytes) -> Fault:
    """Answer 206 with another range than the one asked for."""

    def serve(handler: Handler) -> None:
        span = f"bytes 0-{len(data) - 1}/{len(data)}"
        handler.reply(206, Content_Length=len(data), Content_Range=span)
        handler.wfile.write(data)

    return serve


def breaks_off(data: bytes, *, each: int) -> Fault:
    """Close the connection after `each` bytes, every time."""

    def serve(handler: Handler) -> None:
        start = handler.first_byte()
        _head(handler, data, start)
        handler.wfile.write(data[start : start + each])

    return serve


def ends_early(data: bytes) -> Fault:
    """Send half of the file, no length announced, and end as if that were all."""

    def serve(handler: Handler) -> None:
        handler.reply(200)
        handler.wfile.write(data[: len(data) // 2])

    return serve


def never_ends(data: bytes) -> Fault:
    """Send the file without announcing a length, and go on sending."""

    def serve(handler: Handler) -> None:
        handler.reply(200)
        while not handler.server.closing.is_set():
            handler.wfile.write(data)

    return serve


def announces(data: bytes, length: int) -> Fault:
    """Lie about the length, then send the data."""

    def serve(handler: Handler) -> None:
        handler.reply(200, Content_Length=length)
        handler.wfile.write(data)

    return serve


def status(code: int, **headers: str | int) -> Fault:
    """Answer with a status and a short text."""

    def serve(handler: Handler) -> None:
        handler.reply(code, Content_Length=4, **headers)
        handler.wfile.write(b"oops")

    return serve


def first(times: int, fault: Fault, then: Fault) -> Fault:
    """Behave like `fault` the first `times` times, and like `then` ever after."""
    left = iter(range(times))

    def serve(handler: Handler) -> None:
        (fault if next(left, None) is not None else then)(handler)

    return serve


def redirect(target: str) -> Fault:
    """Send the client elsewhere."""
    return lambda handler: handler.reply(302, Location=target, Content_Length=0)


def web_page(length: int) -> Fault:
    """Send a web page of exactly the expected length, as log-in portals do."""
    page = b"<html>Please log in</html>".ljust(length)

    def serve(handler: Handler) -> None:
        handler.reply(200, Content_Type="text/html", Content_Length=length)
        handler.wfile.write(page)

    return serve


def hangs(data: bytes, *, after: int | None = None) -> Fault:
    """Fall silent: before any answer, or `after` so many bytes of the file."""

    def serve(handler: Handler) -> None:
        if after is not None:
            start = handler.first_byte()
            _head(handler, data, start)
            handler.wfile.write(data[start : start + after])
            handler.wfile.flush()
        handler.server.closing.wait(30)

    return serve


def slow(data: bytes, *, rate: float) -> Fault:
    """Serve the data at `rate` bytes per second, without ever falling silent."""

    def serve(handler: Handler) -> None:
        start = handler.first_byte()
        _head(handler, data, start)
        step = max(1, round(rate / 50))
        for at in range(start, len(data), step):
            handler.wfile.write(data[at : at + step])
            handler.wfile.flush()
            time.sleep(1 / 50)

    return serve
