"""A checksum of which only the beginning is known."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from course_utils.assets.checksums import Checksums

DIGEST = hashlib.sha256(b"right").hexdigest()


def test_the_beginning_of_a_digest_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"right")
    assert Checksums(None, sha256_starts=DIGEST[:8]).problem(path) is None


def test_another_beginning_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"wrong")
    problem = Checksums(None, sha256_starts=DIGEST[:8]).problem(path)
    assert problem is not None
    assert problem.endswith(f"expected {DIGEST[:8]}…")


def test_a_whole_digest_outweighs_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"wrong")
    begins = hashlib.sha256(b"wrong").hexdigest()[:8]
    both = Checksums(None, sha256=DIGEST, sha256_starts=begins)
    assert "expected " + DIGEST in (both.problem(path) or "")


@pytest.mark.parametrize("starts", ["", "f37072f", "F37072FD", "f37072fg", "0" * 65])
def test_a_beginning_has_eight_digits_or_more(starts: str) -> None:
    with pytest.raises(ValueError, match="sha256_starts is"):
        Checksums(None, sha256_starts=starts)
