"""What Python itself refuses to a submission where the kernel has no namespaces.

An audit hook can't be taken out again, but it guards Python alone: machine code that a
submission loads with ctypes passes it. It is a fence, not a wall, and reports say so.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_PROCESSES = {"os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn"}
_PROCESSES |= {"os.system", "subprocess.Popen", "pty.spawn", "os.kill", "os.killpg"}
_CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink"}
_CHANGES |= {"os.chmod", "os.chown", "os.truncate", "os.utime", "os.chflags"}
_NETWORK = {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"}
_NETWORK |= {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_LOOKS = {"os.listdir", "os.scandir", "os.chdir"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class ForbiddenError(PermissionError):
    """A submission asked for something outside its own folder."""


def raise_fence(work: Path, readable: list[Path]) -> None:
    """Forbid this process the network, other processes and other folders, for good.

    Args:
        work: The only folder that may be changed.
        readable: Folders that may be read besides it.
    """
    own = str(work.resolve())
    roots = (own, "/dev/null", *(str(path.resolve()) for path in readable))
    plain = tuple(str(path) for path in readable)

    def inside(path: Any, allowed: tuple[str, ...]) -> bool:
        if isinstance(path, int):
            return True  # an open file: it was judged when it was opened
        full = os.path.realpath(os.fsdecode(path))
        return any(full == root or full.startswith(root + os.sep) for root in allowed)

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _NETWORK:
            raise ForbiddenError("a submission has no network")
        if event in _PROCESSES:
            raise ForbiddenError("a submission starts no processes here")
        if event == "open" and arguments[0] is not None:
            path, mode, flags = arguments
            writes = bool((flags or 0) & _WRITING) or any(
                c in (mode or "") for c in "wax+"
            )
            if not inside(path, (own, "/dev/null") if writes else roots + plain):
                raise ForbiddenError(f"outside its folder: {os.fsdecode(path)}")
        elif event in _CHANGES:
            paths = [
                a for a in arguments[:2] if isinstance(a, str | bytes | os.PathLike)
            ]
            if not all(inside(path, (own,)) for path in paths):
                raise ForbiddenError(f"outside its folder: {paths}")
        elif event in _LOOKS and not inside(arguments[0] or ".", roots + plain):
            raise ForbiddenError(f"outside its folder: {arguments[0]}")

    sys.addaudithook(guard)
