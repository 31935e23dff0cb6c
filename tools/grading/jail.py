"""A world with nothing in it but Python, the library and an empty folder.

Where Linux allows it, a submission runs in namespaces of its own: it has no network,
sees no process but its own, and its file system holds read-only copies of what it needs
to run. Other submissions, the home folder and the results are not forbidden to it; they
do not exist. Elsewhere `tools.grading.guards` forbids the same within Python.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import site
import sys
import sysconfig
from contextlib import suppress
from functools import cache
from pathlib import Path

from tools.building.project import ROOT

WORK = Path("/submission")
_NEW = {"mount": 0x20000, "user": 0x10000000, "process": 0x20000000}
_NEW |= {"network": 0x40000000, "ipc": 0x08000000}
_READ_ONLY, _BIND, _REMOUNT, _REC, _PRIVATE = 0x1, 0x1000, 0x20, 0x4000, 0x40000
_NO_SUID, _NO_DEVICES = 0x2, 0x4
_DETACH = 2
_SETTING = {"death_signal": 1, "dumpable": 4, "adopt_orphans": 36}
_SETTING |= {"no_new_privileges": 38}
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
_SETTINGS = ("ld.so.cache", "fonts", "localtime", "alternatives", "mime.types")
_DEVICES = ("null", "zero", "full", "random", "urandom")


class JailError(Exception):
    """The kernel refuses a part of it; the message says which."""


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def ask(name: str, *arguments: object) -> None:
    """Call a function of the C library that gives 0 where it succeeds."""
    if getattr(_libc(), name)(*arguments) != 0:
        raise JailError(f"{name}: {os.strerror(ctypes.get_errno())}")


def set_process(name: str, value: int = 1) -> None:
    """Set an attribute of this process in the kernel."""
    numbers = (_SETTING[name], value, 0, 0, 0)
    ask("prctl", *(ctypes.c_ulong(number) for number in numbers))


def _mount(source: str, target: Path, kind: str, flags: int, data: str = "") -> None:
    names = [text.encode() or None for text in (source, str(target), kind)]
    ask("mount", *names, ctypes.c_ulong(flags), data.encode() or None)


def leave_namespaces() -> None:
    """Enter new namespaces; the next child is the first process of its own world.

    Raises:
        JailError: If the kernel or a container forbids it.
    """
    if platform.system() != "Linux":
        raise JailError(f"namespaces: {platform.system()} has none")
    user, group = os.getuid(), os.getgid()
    wanted = sum(_NEW.values()) - (_NEW["user"] if user == 0 else 0)
    ask("unshare", wanted)
    if user != 0:
        set_process("dumpable")
        own = Path("/proc/self")
        try:
            (own / "setgroups").write_text("deny")
            (own / "uid_map").write_text(f"{user} {user} 1")
            (own / "gid_map").write_text(f"{group} {group} 1")
        except OSError as error:
            raise JailError(f"user namespace: {error.strerror}") from error


def needed_folders() -> list[Path]:
    """What Python, its packages and the lessons read; nothing of it is secret."""
    packages = [*site.getsitepackages(), *sys.path, sys.prefix, sys.base_prefix]
    outside = [Path(path) for path in packages if path and Path(path) != ROOT]
    outside.append(Path(sysconfig.get_path("stdlib")))
    ours = [ROOT / "course_utils", ROOT / "data"]
    system = [Path(path) for path in _SYSTEM]
    settings = [Path("/etc") / name for name in _SETTINGS]
    wanted = {*outside, *ours, *system, *settings}
    return sorted(path for path in wanted if os.access(path, os.R_OK))


def build_root(root: Path, space: int) -> None:
    """Make the small world below ``root`` and move into it, for good.

    Args:
        root: An empty folder; nothing in it changes for other processes.
        space: Bytes that may be written in all.

    Raises:
        JailError: If the kernel refuses.
    """
    _mount("", Path("/"), "", _REC | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", _NO_SUID | _NO_DEVICES, "size=1m,mode=0755")
    (root / "dev" / "shm").mkdir(parents=True)
    for name in _DEVICES:
        (root / "dev" / name).touch()
        _mount(f"/dev/{name}", root / "dev" / name, "", _BIND)
    scratch = {WORK: space, Path("/tmp"): space // 4, Path("/dev/shm"): space // 4}
    for path, size in scratch.items():
        place = root / path.relative_to("/")
        place.mkdir(exist_ok=True)
        _mount(
            "tmpfs", place, "tmpfs", _NO_SUID | _NO_DEVICES, f"size={size},mode=1777"
        )
    for path in needed_folders():
        _show(path, root)
    _show_processes(root / "proc")
    old = root / "old"
    old.mkdir()
    ask("pivot_root", str(root).encode(), str(old).encode())
    os.chdir("/")
    ask("umount2", b"/old", _DETACH)
    Path("/old").rmdir()
    _mount("", Path("/"), "", _BIND | _REMOUNT | _READ_ONLY)
    os.chdir(WORK)


def _show(path: Path, root: Path) -> None:
    """Bind a folder or file read-only at its own place, a link as a link."""
    place = root / path.relative_to("/")
    if place.exists() or place.is_symlink():
        return  # a part of something that is shown already
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() and path.parent == Path("/"):
        place.symlink_to(path.readlink())
        return
    if path.is_dir():
        place.mkdir()
    else:
        place.touch()
    _mount(str(path), place, "", _BIND | _REC)
    kept = os.statvfs(place).f_flag
    flags = kept & 0xC0F  # what was forbidden before has to stay so
    flags |= 0x200000 if kept & 0x1000 else 0  # relatime has another number here
    _mount("", place, "", _BIND | _REMOUNT | _READ_ONLY | flags)


def _show_processes(place: Path) -> None:
    place.mkdir()
    with suppress(JailError):  # some containers forbid it: then /proc is empty
        _mount("proc", place, "proc", _NO_SUID | _NO_DEVICES)


def drop_privileges(user: int | None) -> None:
    """Become ``user`` where this is root, and give up every capability."""
    if user is not None:
        become(user)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    ask("capset", header, (ctypes.c_uint32 * 6)())
    set_process("no_new_privileges")


def become(user: int) -> None:
    """Give up being root, for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def die_with_parent() -> None:
    """Have the kernel end this process as soon as its parent is gone."""
    if platform.system() == "Linux":
        set_process("death_signal", int(signal.SIGKILL))


def spare_user(number: int, *, in_jail: bool) -> int | None:
    """A user id that nobody has; None if this process cannot go on under it.

    Args:
        number: Another number gives another id.
        in_jail: Whether there is a small world; outside, Python itself may lie in a
            folder that only we can read.
    """
    return 61_000 + number % 4_000 if _can_be_another(in_jail) else None


@cache
def _can_be_another(in_jail: bool) -> bool:
    """Find out by trying: root in a container is not always one."""
    needed = [] if in_jail else needed_folders()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        become(61_000)
        os._exit(0 if all(os.access(path, os.R_OK) for path in needed) else 1)
    except OSError:
        os._exit(1)
