"""Archives: the listed files come out, and nothing else, whatever the archive tries."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from course_utils.assets import CacheError, UnsafeArchiveError
from course_utils.assets.checksums import Checksums
from course_utils.assets.manifest import Unpack
from course_utils.assets.unpack import replacing, unpack_listed

TEXT = b"ten classes"
SUM = Checksums(len(TEXT), sha256=hashlib.sha256(TEXT).hexdigest())
PLAN = Unpack("set", 1000, {"set/data": SUM})


def tar_with(path: Path, *entries: tarfile.TarInfo, content: bytes = TEXT) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for entry in entries:
            entry.size = len(content) if entry.isreg() else 0
            tar.addfile(entry, io.BytesIO(content))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def zip_with(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, content in entries.items():
            whole.writestr(name, content)
    return path


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_only_listed_files_come_out(tmp_path: Path, kind: str) -> None:
    archive = tmp_path / "archive"
    if kind == "tar":
        tar_with(archive, entry("set/data"), entry("set/readme"), entry("other"))
    else:
        zip_with(archive, {"set/data": TEXT, "set/readme": TEXT, "other": TEXT})
    unpack_listed(archive, PLAN, tmp_path / "out")
    assert everything(tmp_path / "out") == ["set", "set/data"]
    assert (tmp_path / "out/set/data").read_bytes() == TEXT


EVIL: dict[str, Callable[[], tarfile.TarInfo]] = {
    "an absolute path": lambda: entry("/tmp/course-utils-evil"),
    "a path that climbs": lambda: entry("../evil"),
    "a path that climbs from within": lambda: entry("set/../../evil"),
    "a symbolic link": lambda: entry("evil", tarfile.SYMTYPE, "/etc/passwd"),
    "a link that prepares the way": lambda: entry("set", tarfile.SYMTYPE, "/tmp"),
    "a hard link": lambda: entry("evil", tarfile.LNKTYPE, "/etc/passwd"),
    "a device": lambda: entry("evil", tarfile.CHRTYPE),
    "a pipe": lambda: entry("evil", tarfile.FIFOTYPE),
}


@pytest.mark.parametrize("trick", EVIL)
def test_what_is_not_listed_is_not_touched(tmp_path: Path, trick: str) -> None:
    archive = tar_with(tmp_path / "evil.tar.gz", EVIL[trick](), entry("set/data"))
    out = tmp_path / "deep" / "out"
    unpack_listed(archive, PLAN, out)
    assert everything(tmp_path / "deep") == ["out", "out/set", "out/set/data"]
    assert not (out / "set").is_symlink()
    assert not Path("/tmp/course-utils-evil").exists()


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE,
     tarfile.DIRTYPE],
)  # fmt: skip
def test_a_listed_name_must_be_a_file(tmp_path: Path, kind: bytes) -> None:
    evil = entry("set/data", kind, "/etc/passwd")
    archive = tar_with(tmp_path / "evil.tar.gz", evil)
    with pytest.raises(UnsafeArchiveError, match=r"set/data in .* is a link, a folder"):
        unpack_listed(archive, PLAN, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("set/data")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as whole:
        whole.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match="is a link"):
        unpack_listed(tmp_path / "evil.zip", PLAN, tmp_path / "out")


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_archive_that_swells_is_refused(tmp_path: Path, kind: str) -> None:
    archive, bomb = tmp_path / "bomb", bytes(1_000_000)
    if kind == "tar":
        tar_with(archive, entry("set/data"), content=bomb)
    else:
        zip_with(archive, {"set/data": bomb})
    assert archive.stat().st_size < 5000
    with pytest.raises(UnsafeArchiveError, match=r"holds more than 1\.0 kB"):
        unpack_listed(archive, PLAN, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    archive = zip_with(tmp_path / "lie.zip", {"set/data": bytes(100_000)})
    lied = archive.read_bytes().replace(
        (100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    )
    archive.write_bytes(lied)
    with pytest.raises(UnsafeArchiveError, match=r"is damaged|holds more"):
        unpack_listed(archive, PLAN, tmp_path / "out")


def test_a_file_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    archive = tar_with(tmp_path / "twice.tar", entry("set/data"), entry("set/data"))
    with pytest.raises(UnsafeArchiveError, match="holds set/data twice"):
        unpack_listed(archive, PLAN, tmp_path / "out")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    archive = tar_with(tmp_path / "poor.tar", entry("set/other"))
    with pytest.raises(UnsafeArchiveError, match=r"lacks \['set/data'\]"):
        unpack_listed(archive, PLAN, tmp_path / "out")


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_damaged_archive_is_refused(tmp_path: Path, kind: str) -> None:
    archive = tmp_path / "torn"
    noise = hashlib.sha256(b"noise").digest() * 20  # 640 bytes
    if kind == "tar":
        tar_with(archive, entry("set/data"), content=noise)
        archive.write_bytes(archive.read_bytes()[:-60])
    else:
        zip_with(archive, {"set/data": noise})
        whole = bytearray(archive.read_bytes())
        whole[45:50] = b"wrong"
        archive.write_bytes(whole)
    with pytest.raises(UnsafeArchiveError):
        unpack_listed(archive, PLAN, tmp_path / "out")


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.tar.gz").write_text("<html>Please log in</html>")
    with pytest.raises(UnsafeArchiveError, match="neither a tar nor a zip archive"):
        unpack_listed(tmp_path / "page.tar.gz", PLAN, tmp_path / "out")


def test_an_interrupted_unpacking_leaves_the_old_folder(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "old").write_text("old")

    def interrupted() -> None:
        with replacing(tmp_path / "set") as fresh:
            (fresh / "new").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert everything(tmp_path) == ["set", "set/old"]


def test_a_killed_unpacking_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "set.unpacking").mkdir()
    (tmp_path / "set.unpacking" / "half").write_text("half")
    with replacing(tmp_path / "set") as fresh:
        (fresh / "new").write_text("new")
    assert everything(tmp_path) == ["set", "set/new"]


def test_a_disk_that_fills_up_while_unpacking_is_explained(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    archive = tar_with(tmp_path / "set.tar.gz", entry("set/data"))
    (tmp_path / "out/set").mkdir(parents=True)
    (tmp_path / "out/set/data").symlink_to("/dev/full")
    with pytest.raises(CacheError, match=r"out/set/data: No space left.*Make room"):
        unpack_listed(archive, PLAN, tmp_path / "out")
