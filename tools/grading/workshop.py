"""Where submissions are graded: a warm zygote, and the way to hand it jobs."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Lock

from tools.building.project import ROOT
from tools.grading import jobs
from tools.grading.jobs import Job, Report
from tools.grading.outline import Outline

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH")
_ZYGOTE = (sys.executable, "-m", "tools.grading.zygote")
_WARM_UP = 300.0  # seconds; a cold disk takes its time


class WorkshopError(Exception):
    """The zygote itself does not work; the message says what it printed last."""


class Workshop:
    """A zygote for one lesson; call `close` in the end.

    Args:
        outline: The lesson's.
    """

    def __init__(self, outline: Outline) -> None:
        self._busy = Lock()  # one submission at a time, however many threads ask
        self._folder = Path(tempfile.mkdtemp(prefix="workshop-"))
        (self._folder / "outline.json").write_text(outline.to_json(), "utf-8")
        self._process: subprocess.Popen[str] | None = None

    def grade(self, job: Job) -> Report:
        """Grade a submission.

        Raises:
            WorkshopError: If the zygote breaks; the next job gets a new one.
        """
        with self._busy:
            try:
                return self._grade(job)
            except WorkshopError:
                self._stop()
                raise

    def close(self) -> None:
        """End the zygote and remove its folder."""
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _grade(self, job: Job) -> Report:
        process = self._running()
        paths = {name: self._folder / f"{name}.json" for name in ("job", "report")}
        paths["report"].unlink(missing_ok=True)
        paths["job"].write_text(job.to_json(), "utf-8")
        assert process.stdin is not None
        try:
            request = {name: str(path) for name, path in paths.items()}
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkshopError(self._last_words()) from error
        self._reply(process, job.limits.seconds * 3 + 120)
        paths["job"].unlink()
        if not paths["report"].exists():
            raise WorkshopError(self._last_words())
        return jobs.read(paths["report"])

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
            self._reply(self._process, _WARM_UP)
        return self._process

    def _start(self) -> subprocess.Popen[str]:
        # nothing of the teacher's environment, which may hold tokens, goes inside
        environment = {k: os.environ[k] for k in _KEPT if k in os.environ}
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment |= {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "MPLBACKEND": "agg",
            "COURSE_WEIGHTS": "small",
            "COURSE_OFFLINE": "1",
            "IPYTHONDIR": str(self._folder / "ipython"),
        }
        with (self._folder / "log.txt").open("a") as log:
            return subprocess.Popen(
                [*_ZYGOTE, str(self._folder / "outline.json")],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def _reply(self, process: subprocess.Popen[str], seconds: float) -> str:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        line = process.stdout.readline() if ready else ""
        if not line:
            raise WorkshopError(self._last_words())
        return line.strip()

    def _last_words(self) -> str:
        log = (self._folder / "log.txt").read_text("utf-8", errors="replace")
        return f"The grader's own process broke: {log[-500:].strip() or 'no message'}"

    def _stop(self) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._process = None


_open: dict[str, Workshop] = {}


def shared_workshop(outline: Outline) -> Workshop:
    """The one workshop of this process for a lesson."""
    key = outline.to_json()
    if key not in _open:
        _open[key] = Workshop(outline)
    return _open[key]


def close_shared() -> None:
    """Close every workshop of this process."""
    while _open:
        _open.popitem()[1].close()
