"""What one submission may use, and how the kernel is told so."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes:
        seconds: Time for the whole submission.
        cell_seconds: Time for one cell.
        memory: Bytes that all of its processes may hold in addition to what they
            begin with.
        file_size: Bytes of one file, and of all that it writes.
        processes: Number of processes at once; the kernel holds four times as many
            processes and threads back, until the referee has seen it.
    """

    seconds: float = 120.0
    cell_seconds: float = 30.0
    memory: int = 2048 * MEBIBYTE
    file_size: int = 64 * MEBIBYTE
    processes: int = 32


def apply(limits: Limits, running: int) -> None:
    """Bind this process and all that it starts; nothing it does can undo it.

    Args:
        limits: What is allowed.
        running: Threads that the user has already, since the kernel counts by user.
    """
    begun_with = int(Path("/proc/self/statm").read_text().split()[0]) if _PROC else 0
    bounds = {
        resource.RLIMIT_CPU: int(limits.seconds) + 1,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: running + 4 * limits.processes,
        resource.RLIMIT_NOFILE: 256,
    }
    if _PROC:
        bounds[resource.RLIMIT_AS] = begun_with * resource.getpagesize() + limits.memory
    for kind, wanted in bounds.items():
        hard = resource.getrlimit(kind)[1]
        bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (bound, bound))


_PROC = Path("/proc/self/statm").exists()


@dataclass(frozen=True)
class Usage:
    """What a group of processes uses at the moment: their ids, and bytes in all."""

    processes: tuple[int, ...]
    memory: int


def usage_below(pid: int, begun_with: int = 0) -> Usage:
    """Return what all descendants of a process use; nothing without /proc.

    Args:
        pid: The process.
        begun_with: Bytes that each of them shares with its parent from the beginning.
    """
    children: dict[int, list[int]] = {}
    held: dict[int, int] = {}
    for child, parent, pages in _processes():
        children.setdefault(parent, []).append(child)
        held[child] = max(pages * resource.getpagesize() - begun_with, 0)
    todo, found = [pid], []
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return Usage(tuple(found), sum(held[one] for one in found))


def resident_memory() -> int:
    """Bytes that this process holds in memory; 0 without /proc."""
    if not _PROC:
        return 0
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _processes() -> Iterator[tuple[int, int, int]]:
    """Yield (pid, parent, resident pages) of every process that can be seen."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile
        yield int(folder.name), int(fields[1]), int(fields[21])


def threads_of(user: int) -> int:
    """Count the threads of a user, of all that can be seen."""
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == user:
                count += sum(1 for _ in (folder / "task").iterdir())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return count
