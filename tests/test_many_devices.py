"""Scripts on several processes: what is shown, what failed, and that none is left."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from course_utils import many_devices
from course_utils.many_devices import RankOutput, RanksError, Run, run_on_ranks

TWO_LIVES = Run(
    (
        RankOutput(1, 0, "a\nb\n", ""),
        RankOutput(1, 1, "c\n", "complaint"),
        RankOutput(2, 0, "d\n", ""),
        RankOutput(2, 1, "", ""),
    ),
    seconds=1.0,
)


def test_run_is_shown_by_life_and_rank() -> None:
    assert str(TWO_LIVES).splitlines() == [
        "first life",
        "  rank 0 | a",
        "  rank 0 | b",
        "  rank 1 | c",
        "second life",
        "  rank 0 | d",
    ]


def test_run_of_one_life_is_shown_without_counting_lives() -> None:
    assert str(Run(TWO_LIVES.outputs[:2], 1.0)).splitlines()[0] == "rank 0 | a"


def test_lines_of_one_rank_in_one_life() -> None:
    assert TWO_LIVES.lines(0) == ["a", "b"]
    assert TWO_LIVES.lines(0, life=2) == ["d"]
    assert TWO_LIVES.lives == 2


def test_unknown_rank_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"no rank 7 in life 1.*\(2, 1\)"):
        TWO_LIVES.lines(7)


def test_missing_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no script"):
        run_on_ranks(tmp_path / "nowhere.py")


def test_time_limit_is_said(tmp_path: Path) -> None:
    script = tmp_path / "sleep.py"
    script.write_text("import time\ntime.sleep(600)\n")
    with pytest.raises(RanksError, match=r"sleep.py was ended after 0.1 seconds"):
        run_on_ranks(script, seconds=0.1)


def test_failure_is_said_in_words_after_the_last_restart(tmp_path: Path) -> None:
    """No torch in the script, so that it starts at once: two lives, then the end."""
    script = tmp_path / "fails.py"
    script.write_text(
        "import os, sys, time\n"
        "open(sys.argv[1], 'a').write('x')\n"
        "if os.environ['RANK'] == '1':\n"
        "    raise ValueError('no picture 7')\n"
        "time.sleep(600)\n"
    )
    with pytest.raises(
        RanksError,
        match=r"fails.py failed: rank 1 ended with ValueError: no picture 7$",
    ):
        run_on_ranks(script, tmp_path / "starts", restarts=1)
    assert (tmp_path / "starts").read_text() == "xxxx"


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_interrupt_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even one that does not listen when it is asked to end."""
    monkeypatch.setattr(many_devices, "_GRACE", 1.0)
    script = tmp_path / "deaf.py"
    script.write_text(
        "import os, pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pathlib.Path(sys.argv[1], str(os.getpid())).touch()\n"
        "time.sleep(600)\n"
    )
    pids = tmp_path / "pids"
    pids.mkdir()

    def interrupt() -> None:
        while len(list(pids.iterdir())) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_on_ranks(script, pids, seconds=600)
    for path in pids.iterdir():
        if psutil.pid_exists(int(path.name)):  # a dead one that nobody waits for
            assert psutil.Process(int(path.name)).status() == psutil.STATUS_ZOMBIE
