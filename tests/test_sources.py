"""The sources that the lessons name: addresses in one form, years that can be right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LESSONS = sorted((Path(__file__).parents[1] / "lessons").glob("*.py"))
ARXIV = re.compile(r"\(https://arxiv\.org/abs/(\d\d)\d\d\.(\d+)\), (\d{4})")


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_paper_is_dated_when_it_was_posted_or_in_the_year_after(path: Path) -> None:
    for posted, number, year in ARXIV.findall(path.read_text("utf-8")):
        assert 0 <= int(year) - (2000 + int(posted)) <= 1, (posted, number, year)
        # since 2015 the archive numbers its papers with five digits
        assert len(number) == (5 if int(posted) >= 15 else 4), (posted, number)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_address_is_secure_and_whole(path: Path) -> None:
    for address in re.findall(r"\]\((\w+://[^\s)]*)\)?", path.read_text("utf-8")):
        assert re.fullmatch(r"https://[\w.-]+\.[a-z]+/\S+", address), address


def test_papers_are_looked_at() -> None:
    found = [year for path in LESSONS for year in ARXIV.findall(path.read_text())]
    assert len(found) > 40
