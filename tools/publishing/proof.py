"""Proves of a finished site that its links resolve and that it needs nobody else."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote

_TARGETS: Final = {"href", "src", "srcset", "poster", "data"}
_ELSEWHERE: Final = re.compile(r"([a-z][a-z0-9+.-]*:)?//|mailto:", re.IGNORECASE)


@dataclass
class _Page(HTMLParser):
    """The targets of a page's links and files, and the places they may lead to."""

    targets: list[tuple[str, str]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where an element leads, and its id."""
        for name, value in attrs:
            if name in _TARGETS and value:
                self.targets.append((tag, value))
            if name == "id" and value:
                self.places.add(value)


@dataclass(frozen=True)
class Proof:
    """What was looked at and what was found.

    Attributes:
        pages: Number of pages.
        links: Number of links and files on them.
        faults: One message for each that is not as it should be.
    """

    pages: int
    links: int
    faults: tuple[str, ...]


def prove(site: Path) -> Proof:
    """Follow every link of a site's pages to its file and to its place there.

    Links may lead to other hosts; pictures, scripts and style sheets come from here.
    """
    pages = {}
    for path in sorted(site.rglob("*.html")):
        page = _Page()
        page.feed(path.read_text("utf-8"))
        pages[path.relative_to(site).as_posix()] = page
    faults = tuple(fault for name in pages for fault in _faults(site, pages, name))
    return Proof(len(pages), sum(len(p.targets) for p in pages.values()), faults)


def _faults(site: Path, pages: dict[str, _Page], name: str) -> Iterator[str]:
    for tag, target in pages[name].targets:
        if _ELSEWHERE.match(target):
            if tag != "a":
                yield f"{name}: <{tag}> asks another host for {target}"
            continue
        if target.startswith("data:"):
            continue
        address, _, place = target.partition("#")
        path = unquote(re.sub(r"\?.*", "", address))
        file = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        file = file if path else name
        if not (site / file).is_file():
            yield f"{name}: {target} leads to no file"
        elif place and file in pages and unquote(place) not in pages[file].places:
            yield f"{name}: {target} leads to no place in {file}"
