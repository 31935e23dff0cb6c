"""The progress bar: one line, rate and time left, only where somebody looks."""

from __future__ import annotations

import io
import re
import sys
import time

import pytest

from course_utils.assets.progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def as_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    # called by the test itself: between fixture and test, pytest puts its own back
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    return stream


def test_a_terminal_sees_one_line_with_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = as_terminal(monkeypatch)
    with Progress("cifar10", 1_000_000) as progress:
        progress.at(0)
        time.sleep(0.21)  # the bar is drawn five times a second
        progress.at(500_000)
    shown = terminal.getvalue()
    assert re.search(
        r"cifar10:  50%.* 500k/1\.00M \[\d\d:\d\d<\d\d:\d\d, .*B/s\]", shown
    )
    assert shown.count("\n") == 1  # at the very end
    assert max(map(len, shown.split("\r"))) <= 80


def test_a_resumed_download_begins_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = as_terminal(monkeypatch)
    with Progress("cifar10", 1_000_000) as progress:
        progress.at(300_000)
        assert progress._bar.initial == 300_000  # so that it does not count as speed
    assert "30%" in terminal.getvalue()


def test_a_restart_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = as_terminal(monkeypatch)
    with Progress("cifar10", 1_000_000) as progress:
        progress.at(300_000)
        progress.at(900_000)
        progress.at(100_000)
    assert "10%" in terminal.getvalue().split("\r")[-1]


def test_a_quiet_terminal_stays_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = as_terminal(monkeypatch)
    with Progress("cifar10", 1_000_000, quiet=True) as progress:
        progress.at(500_000)
        progress.say("a mirror failed")
    assert terminal.getvalue() == ""
