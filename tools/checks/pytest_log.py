"""A pytest plugin: writes what happens to a file, and notices a dead kernel at once.

Each line of the file that ``CHECK_LOG`` names is one event in JSON, written when it
happens; so the file still tells where a run was when it had to be killed.
"""

from __future__ import annotations

import json
import os
import time
from queue import Empty
from typing import Any

import pytest

DIED = "kernel died"


class _Log:
    def __init__(self, path: str) -> None:
        self._path = path

    def _write(self, **event: object) -> None:
        with open(self._path, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(json.dumps(event) + "\n")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write(event="start", id=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        message = report.longreprtext
        if report.skipped and isinstance(report.longrepr, tuple):
            message = report.longrepr[2].removeprefix("Skipped: ")
        self._write(
            event=report.when,
            id=report.nodeid,
            outcome=report.outcome,
            seconds=report.duration,
            message=message,
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            message = report.longreprtext
            self._write(
                event="collect", id=report.nodeid, outcome="failed", message=message
            )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to log, in the process that has all reports."""
    path = os.environ.get("CHECK_LOG")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Log(path), "check-log")
    if config.getoption("nbval", default=False):
        _watch_the_kernel()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    """End the run of a notebook whose kernel cannot go on: the rest would cascade."""
    report = yield
    text = report.longreprtext if report.failed else ""
    if DIED in text or "Timeout of" in text:
        item.session.shouldstop = "the kernel cannot go on"
    return report


def _watch_the_kernel() -> None:
    """Make nbval look, each second, whether the kernel is still there.

    By itself it waits for the whole cell timeout for the answer of a dead kernel.
    """
    from nbval.kernel import RunningKernel  # type: ignore[import-untyped]

    def await_reply(self: Any, msg_id: str, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or float("inf"))
        while True:
            wait = min(1.0, max(0.01, deadline - time.monotonic()))
            try:
                message = self.get_message(stream="shell", timeout=wait)
            except Empty:
                if not self.is_alive():
                    raise RuntimeError(DIED) from None
                if time.monotonic() >= deadline:
                    raise
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                return

    RunningKernel.await_reply = await_reply
