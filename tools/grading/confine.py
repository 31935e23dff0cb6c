"""Shuts the process of a submission in: as firmly as the machine allows.

Three processes serve one submission. The referee (`tools.grading.referee`) starts a
keeper; the keeper enters new namespaces, and its child, the first process in there,
runs the notebook. When the keeper ends, the kernel ends all that the notebook started.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from tools.grading import guards, jail
from tools.grading.limits import Limits, apply, threads_of


class Isolation(StrEnum):
    """How a submission is kept from the rest of the machine."""

    NAMESPACES = "namespaces"
    GUARDS = "guards"


GUARANTEES = {
    Isolation.NAMESPACES: (
        "Linux namespaces: no network, no other submission, home folder or result in "
        "sight, all processes ended with the submission"
    ),
    Isolation.GUARDS: (
        "guards within Python, since this machine allows no namespaces: network, "
        "processes and other folders are refused to Python code; machine code loaded "
        "on purpose passes them, so run strangers' submissions on Linux"
    ),
}


@cache
def isolation() -> Isolation:
    """Find out, by trying, what this machine allows."""
    root = Path(tempfile.mkdtemp(prefix="grading-"))
    user = jail.spare_user(os.getpid(), in_jail=True)
    keeper = os.fork()
    if keeper == 0:
        _silence()
        os._exit(_tried(root, user))
    _, status = os.waitpid(keeper, 0)
    root.rmdir()
    return Isolation.GUARDS if status else Isolation.NAMESPACES


def _tried(root: Path, user: int | None) -> int:
    try:
        jail.leave_namespaces()
        child = os.fork()
        if child == 0:
            jail.build_root(root, 2**20)
            jail.drop_privileges(user)
            os._exit(0)
        return 1 if os.waitpid(child, 0)[1] else 0
    except (jail.JailError, OSError):
        return 1


@dataclass(frozen=True)
class _Cell:
    """What the process of one submission is shut into.

    Attributes:
        how: The isolation to use.
        folder: Its own folder, or the place where its small world is built.
        channel: The only file descriptor that stays open.
        limits: What it may use.
        user: The user id that it runs under; None for our own.
        running: Threads that this user has already.
    """

    how: Isolation
    folder: Path
    channel: int
    limits: Limits
    user: int | None
    running: int


def start(
    work: Callable[[], None], *, channel: int, limits: Limits, how: Isolation
) -> tuple[int, Path]:
    """Run ``work`` in a keeper's child, shut in; return the keeper and its folder.

    Args:
        work: What to run; it may write to ``channel``.
        channel: The only file descriptor that stays open.
        limits: What it may use.
        how: The isolation to use.
    """
    folder = Path(tempfile.mkdtemp(prefix="grading-"))
    user = jail.spare_user(os.getpid(), in_jail=how is Isolation.NAMESPACES)
    running = threads_of(os.getuid()) if user is None else 0
    keeper = os.fork()
    if keeper:
        return keeper, folder
    try:
        _keep(work, _Cell(how, folder, channel, limits, user, running))
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(0)


def clear(folder: Path) -> None:
    """Remove the folder of a submission that has ended."""
    shutil.rmtree(folder, ignore_errors=True)


def _keep(work: Callable[[], None], cell: _Cell) -> None:
    """Be the keeper, and in its child the notebook's process."""
    os.setsid()
    if cell.how is Isolation.NAMESPACES:
        jail.leave_namespaces()
    elif sys.platform == "linux":
        # what the notebook leaves behind stays below this process, where it is found
        jail.set_process("adopt_orphans")
    jail.die_with_parent()
    child = os.fork()
    if child:
        os.close(cell.channel)
        os.waitpid(child, 0)
        return
    _shut_in(cell)
    jail.die_with_parent()  # not before: a change of user forgets it
    work()


def _shut_in(cell: _Cell) -> None:
    _close_all_but(cell.channel)
    home = cell.folder
    if cell.how is Isolation.NAMESPACES:
        jail.build_root(cell.folder, cell.limits.file_size)
        home = jail.WORK
    elif cell.user is not None:
        os.chown(home, cell.user, cell.user)
    os.chdir(home)
    os.environ.update(HOME=str(home), TMPDIR=str(home), IPYTHONDIR=str(home))
    tempfile.tempdir = None
    apply(cell.limits, cell.running)
    if cell.how is Isolation.NAMESPACES:
        jail.drop_privileges(cell.user)
        return
    if cell.user is not None:
        jail.become(cell.user)
    guards.raise_fence(home, jail.needed_folders())


def _close_all_but(channel: int) -> None:
    """Close every file but the channel; input and output lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    highest = os.sysconf("SC_OPEN_MAX")
    os.closerange(3, channel)
    os.closerange(channel + 1, min(highest, 65_536))


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (1, 2):
        os.dup2(nowhere, standard)
