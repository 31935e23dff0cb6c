"""Run a training script on several processes of this machine, as ``torchrun`` does.

    run = run_on_ranks("train_many.py", folder, processes=2, restarts=1)
    print(run)                         # what each rank printed, in the order of ranks

The processes find one another over the loopback interface: no network is needed, and a
host name that nobody knows does no harm.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_GRACE: Final = 10.0  # seconds in which the launcher may end its processes itself
# by number: the host's own name may lead nowhere
_THIS_MACHINE: Final = "--local-addr=127.0.0.1"
_LOOPBACK: Final = {"linux": "lo", "darwin": "lo0"}
_LIVES: Final = ("first", "second", "third", "fourth", "fifth")
# the launcher's own summary of a failure
_FAILED: Final = re.compile(r"rank\s+: (\d+) \(.*\n\s+exitcode\s+: (-?\d+)")


class RanksError(RuntimeError):
    """A run on several processes that did not come to its end; says which and why."""


@dataclass(frozen=True)
class RankOutput:
    """What one process said.

    Attributes:
        life: 1 from the start, 2 after the first restart, and so on.
        rank: Which of the processes, from 0.
        printed: Its standard output.
        complaints: Its standard error.
    """

    life: int
    rank: int
    printed: str
    complaints: str


@dataclass(frozen=True)
class Run:
    """What all processes said, sorted by life and rank; ``print`` shows it.

    Attributes:
        outputs: One entry for each process of each life.
        seconds: How long it took, with the start of the processes.
    """

    outputs: tuple[RankOutput, ...]
    seconds: float

    @property
    def lives(self) -> int:
        """How often the processes were started: 1 more than they were restarted."""
        return max((output.life for output in self.outputs), default=0)

    def lines(self, rank: int, life: int = 1) -> list[str]:
        """Return what one process printed in one life, line by line."""
        for output in self.outputs:
            if (output.life, output.rank) == (life, rank):
                return output.printed.splitlines()
        known = [(output.life, output.rank) for output in self.outputs]
        raise ValueError(
            f"there is no rank {rank} in life {life}; (life, rank) is one of {known}"
        )

    def __str__(self) -> str:
        lines: list[str] = []
        for life in range(1, self.lives + 1):
            if self.lives > 1:
                lines.append(f"{_ordinal(life)} life")
            indent = "  " if self.lives > 1 else ""
            for output in self.outputs:
                if output.life == life:
                    printed = output.printed.splitlines()
                    lines += [
                        f"{indent}rank {output.rank} | {text}" for text in printed
                    ]
        return "\n".join(lines)


def run_on_ranks(
    script: str | Path,
    *arguments: str | Path,
    processes: int = 2,
    restarts: int = 0,
    seconds: float = 120,
) -> Run:
    """Start a script on several processes that know of one another, and wait for them.

    It is ``torchrun --standalone --nproc_per_node=…`` with a time limit. When the time
    is over or you interrupt, every process is ended.

    Args:
        script: A Python file that calls `torch.distributed.init_process_group`.
        arguments: What the script finds in ``sys.argv[1:]``.
        processes: How many; each is a rank.
        restarts: How often all are started anew when one has failed.
        seconds: Time limit for everything.

    Returns:
        What each process printed.

    Raises:
        FileNotFoundError: If there is no such script.
        RanksError: If a process failed once too often, or time was over; the message
            names the ranks and what ended them.
    """
    script = Path(script)
    if not script.is_file():
        raise FileNotFoundError(f"there is no script {script}; write it first")
    _require_torch_distributed()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        options = ["--standalone", f"--nproc_per_node={processes}", _THIS_MACHINE]
        options += [f"--max-restarts={restarts}", f"--log-dir={logs}", "--redirects=3"]
        command = [sys.executable, "-m", "torch.distributed.run", *options]
        command += [str(script), *map(str, arguments)]
        code = _launch(command, logs / "launcher.log", seconds)
        outputs = _outputs(logs)
        words = (logs / "launcher.log").read_text("utf-8", errors="replace")
    if code is None:
        raise RanksError(
            f"{script.name} was ended after {seconds:g} seconds. Does a rank wait for "
            "another one that never comes, or is the machine busy? Last words: "
            + _last_words(outputs)
        )
    if code != 0:
        raise RanksError(f"{script.name} failed: {_causes(words, outputs)}")
    return Run(outputs, time.perf_counter() - begin)


def _require_torch_distributed() -> None:
    import torch.distributed

    if not (torch.distributed.is_available() and torch.distributed.is_gloo_available()):
        raise RanksError(
            "this build of PyTorch has no torch.distributed with gloo, so one process "
            "is all it can run; install PyTorch from pytorch.org"
        )


def _launch(command: list[str], log: Path, seconds: float) -> int | None:
    """Return the launcher's exit code, or None if it had to be ended."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.setdefault("OMP_NUM_THREADS", "1")
    # a new meeting point for each life: in a shared one, ranks of the second life may
    # find the addresses of the first (github.com/pytorch/pytorch/issues/167288)
    environment.setdefault("TORCH_DISABLE_SHARE_RDZV_TCP_STORE", "1")
    if sys.platform == "win32":
        environment.setdefault("USE_LIBUV", "0")  # Windows builds come without it
    if sys.platform in _LOOPBACK:
        environment.setdefault("GLOO_SOCKET_IFNAME", _LOOPBACK[sys.platform])
    with log.open("w") as file:
        launcher = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            return launcher.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _stop(launcher)


def _stop(launcher: subprocess.Popen[bytes]) -> None:
    """End the launcher and its processes, which live in sessions of their own."""
    if launcher.poll() is not None:
        return
    import psutil  # type: ignore[import-untyped]

    family = psutil.Process(launcher.pid).children(recursive=True)
    launcher.terminate()
    with suppress(subprocess.TimeoutExpired):
        launcher.wait(_GRACE)
    launcher.kill()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    launcher.wait()


def _outputs(logs: Path) -> tuple[RankOutput, ...]:
    found = []
    for path in logs.glob("*/attempt_*/*/stdout.log"):
        life = int(path.parents[1].name.removeprefix("attempt_")) + 1
        printed = path.read_text("utf-8", errors="replace")
        complaints = path.with_name("stderr.log").read_text("utf-8", errors="replace")
        found.append(RankOutput(life, int(path.parent.name), printed, complaints))
    return tuple(sorted(found, key=lambda output: (output.life, output.rank)))


def _causes(words: str, outputs: tuple[RankOutput, ...]) -> str:
    """Say of each rank that failed by itself what ended it."""
    last_life = outputs[-1].life if outputs else 0
    complaints = {o.rank: o.complaints for o in outputs if o.life == last_life}
    codes = {int(rank): int(code) for rank, code in _FAILED.findall(words)}
    causes = [
        f"rank {rank} {_cause(code, complaints.get(rank, ''))}"
        for rank, code in sorted(codes.items())
        if code != -signal.SIGTERM  # ended by the launcher, because of another one
    ]
    return "; ".join(causes) or (words.strip() or "no reason given").splitlines()[-1]


def _cause(code: int, complaints: str) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    raised = complaints.strip().splitlines() or [f"ended with exit code {code}"]
    return f"ended with {raised[-1]}" if complaints.strip() else raised[-1]


def _last_words(outputs: tuple[RankOutput, ...]) -> str:
    said = [
        f"rank {o.rank}: {o.printed.splitlines()[-1]}" for o in outputs if o.printed
    ]
    return "; ".join(said) or "none"


def _ordinal(life: int) -> str:
    return _LIVES[life - 1] if life <= len(_LIVES) else f"{life}th"
