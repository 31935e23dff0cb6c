"""What build and checks read in a markdown text: links, headings, plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable("table")
_CODE = re.compile(r"(```.*?```|~~~.*?~~~|``.+?``|`[^`]*`)", re.DOTALL)
_TARGET = re.compile(r"""(\]\(|\b(?:href|src)=["'])([^)\s"']+)""")


@dataclass(frozen=True)
class Link:
    """A link or an image: where it points and the words that stand for it."""

    target: str
    text: str
    is_image: bool = False


@dataclass
class HtmlFacts(HTMLParser):
    """Links, images, anchors, tables and inline styles of a piece of HTML."""

    links: list[Link] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    tables_without_header: int = 0
    tables_without_caption: int = 0
    headers_without_scope: int = 0
    headers_without_words: int = 0
    styles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open_link: list[str] | None = None
        self._open_header = ""
        self._tables: list[set[str]] = []  # the elements of each open table

    @classmethod
    def of(cls, text: str) -> HtmlFacts:
        """Read a whole piece of HTML."""
        facts = cls()
        facts.feed(text)
        facts.close()
        return facts

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note images, styles, the beginning of links and tables, and their parts."""
        values = {name: value or "" for name, value in attrs}
        self.anchors += [values[name] for name in ("id", "name") if values.get(name)]
        self.styles += [values["style"]] if "style" in values else []
        if tag == "img":
            image = Link(values.get("src", ""), values.get("alt", ""), is_image=True)
            self.links.append(image)
            self.handle_data(image.text)
        elif tag == "a" and "href" in values:
            self._open_link = [values["href"]]
        elif tag == "table":
            self._tables.append(set())
        elif self._tables and tag in ("th", "caption"):
            self._tables[-1].add(tag)
            self._open_header = ""
            self.headers_without_scope += tag == "th" and "scope" not in values

    def handle_data(self, data: str) -> None:
        """Collect the words of an open link or header cell."""
        self._open_header += data
        if self._open_link is not None:
            self._open_link.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of links and tables."""
        if tag == "a" and self._open_link is not None:
            target, *words = self._open_link
            self.links.append(Link(target, "".join(words).strip()))
            self._open_link = None
        elif tag == "th":
            self.headers_without_words += not self._open_header.strip()
        elif tag == "table" and self._tables:
            found = self._tables.pop()
            self.tables_without_header += "th" not in found
            self.tables_without_caption += "caption" not in found


def headings(text: str) -> list[tuple[int, str]]:
    """Return (level, plain text) of each heading."""
    tokens = _PARSER.parse(text)
    return [
        (int(token.tag[1]), _words(following))
        for token, following in pairwise(tokens)
        if token.type == "heading_open"
    ]


def links(text: str) -> list[Link]:
    """Return every link and image, in markdown or HTML, outside code."""
    found = []
    for token in _PARSER.parse(text):
        if token.type == "inline":
            found += list(_inline_links(token.children or []))
    return found + html_facts(text).links


def html_facts(text: str) -> HtmlFacts:
    """Return what the pieces of HTML in a markdown text hold."""
    pieces = []
    for token in _PARSER.parse(text):
        if token.type == "html_block":
            pieces.append(token.content)
        for child in token.children or []:
            if child.type in ("html_inline", "text"):
                pieces.append(child.content)
    return HtmlFacts.of("\n".join(pieces))


def plain(text: str) -> str:
    """Return the words of a paragraph, without its markup."""
    tokens = [token for token in _PARSER.parse(text) if token.type == "inline"]
    words = " ".join(_words(token) for token in tokens)
    return re.sub(r"\s+", " ", words.replace("$", "")).strip()


def redirect_links(text: str, redirect: Callable[[str], str]) -> str:
    """Pass every relative link target outside code through ``redirect``."""

    def replace(match: re.Match[str]) -> str:
        target = match[2]
        return match[1] + (redirect(target) if is_relative(target) else target)

    parts = _CODE.split(text)
    parts[::2] = [_TARGET.sub(replace, part) for part in parts[::2]]
    return "".join(parts)


def is_relative(target: str) -> bool:
    """Whether a link target is a file of this project."""
    return not re.match(r"[a-z][a-z0-9+.-]*:|#|//", target, re.IGNORECASE)


def _inline_links(tokens: list[Token]) -> Iterator[Link]:
    for position, token in enumerate(tokens):
        if token.type == "image":
            yield Link(str(token.attrs["src"]), _words(token), is_image=True)
        if token.type == "link_open":
            inside: list[Token] = []
            for later in tokens[position + 1 :]:
                if later.type == "link_close":
                    break
                inside.append(later)
            yield Link(str(token.attrs["href"]), "".join(map(_word, inside)).strip())


def _words(token: Token) -> str:
    return "".join(_word(child) for child in token.children or []).strip()


def _word(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "html_inline":
        return ""
    return _words(token) if token.type == "image" else token.content
