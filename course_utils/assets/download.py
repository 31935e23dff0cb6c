"""The mirrors in order, until one has delivered the right bytes."""

from __future__ import annotations

import time
from pathlib import Path

from course_utils.assets.errors import DownloadError, MirrorError
from course_utils.assets.manifest import Asset, Mirror
from course_utils.assets.progress import Progress
from course_utils.assets.transfer import Limits, transfer
from course_utils.assets.wheels import pip_download


def download(asset: Asset, part: Path, limits: Limits, progress: Progress) -> None:
    """Fill `part` with the asset's bytes and verify them.

    Every mirror is tried in the manifest's order. What one delivered the next
    continues. A mirror that is merely slow is left, and only where no other delivers
    does the download go on there, the fastest first.

    Raises:
        DownloadError: No mirror delivered; the message lists what each answered.
        CacheError: The file cannot be written.
    """
    answers: dict[Mirror, MirrorError] = {}
    for mirror in asset.mirrors:
        try:
            return _complete(asset, mirror, part, limits, progress)
        except MirrorError as answer:
            answers[mirror] = answer
            progress.say(f"{asset.name}: {mirror.where} {answer}")
    slow = [mirror for mirror in asset.mirrors if answers[mirror].rate is not None]
    for mirror in sorted(slow, key=lambda mirror: -(answers[mirror].rate or 0)):
        progress.say(f"{asset.name}: slow is better than nothing: {mirror.where}")
        try:
            return _complete(asset, mirror, part, limits, progress, patient=True)
        except MirrorError as answer:
            answers[mirror] = answer
    raise DownloadError(_no_mirror(asset, answers, part.parent))


def _complete(
    asset: Asset,
    mirror: Mirror,
    part: Path,
    limits: Limits,
    progress: Progress,
    *,
    patient: bool = False,
) -> None:
    """Get the right bytes from one mirror, or raise what it answered."""
    continued = part.is_file() and part.stat().st_size > 0
    _fill(asset, mirror, part, limits, progress, patient)
    problem = asset.checksums.problem(part)
    if problem and continued:  # perhaps the earlier piece was wrong, not this mirror
        part.unlink()
        _fill(asset, mirror, part, limits, progress, patient)
        problem = asset.checksums.problem(part)
    if problem:
        part.unlink()
        raise MirrorError(f"sent the wrong bytes: the file {problem}")


def _fill(
    asset: Asset,
    mirror: Mirror,
    part: Path,
    limits: Limits,
    progress: Progress,
    patient: bool,
) -> None:
    if mirror.kind == "pip":
        return pip_download(mirror.where, asset.file, part, limits)
    total = asset.bytes
    tries = 0
    while (start := _size(part)) < total:
        try:
            transfer(mirror.where, part, total, limits, progress, patient=patient)
        except MirrorError as answer:
            # a hundredth of the file is progress: then counting starts anew
            tries = 1 if _size(part) - start >= max(1, total // 100) else tries + 1
            if not answer.again or tries >= limits.attempts:
                raise
            _wait(answer, tries, limits, progress)


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _wait(answer: MirrorError, tries: int, limits: Limits, progress: Progress) -> None:
    seconds = answer.wait
    if seconds is None:
        seconds = limits.pause_seconds * 2 ** (tries - 1)
    if seconds > limits.longest_wait:
        raise answer
    progress.say(f"{answer}; trying again in {seconds:g} s")
    time.sleep(seconds)


def _no_mirror(asset: Asset, answers: dict[Mirror, MirrorError], folder: Path) -> str:
    listed = "\n".join(
        f"  - {mirror.where}\n    {answer}" for mirror, answer in answers.items()
    )
    digest = ", ".join(f"{k} {v}" for k, v in asset.checksums.digests().items())
    return (
        f"{asset.name} ({asset.bytes:,} bytes) could not be downloaded. "
        f"Each mirror and what it answered:\n{listed}\n"
        "What to do:\n"
        "  - try again later: what has arrived is kept and continued; or\n"
        f"  - by hand: put the file at {folder / asset.file}\n"
        f"    (its {digest}); or\n"
        "  - from a USB stick or your course page: "
        "python -m tools.offline_bundle unpack offline-bundle.tar"
    )
