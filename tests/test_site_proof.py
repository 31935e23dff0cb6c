"""What the proof of a finished site finds, and what it lets pass."""

from pathlib import Path

import pytest

from tools.publishing.proof import prove


def faults(folder: Path, **pages: str) -> tuple[str, ...]:
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html, "utf-8")
    return prove(folder).faults


@pytest.mark.parametrize(
    "element",
    [
        '<a href="b.html">',
        '<a href="b.html#caf%C3%A9">',
        '<a href="#here"><b id="here">',
        '<a href="https://example.org/nothing">',
        '<a href="mailto:a@example.org">',
        '<link href="b.html?v=1">',
        '<img src="data:image/png;base64,AA">',
    ],
)
def test_good_link_passes(tmp_path: Path, element: str) -> None:
    assert faults(tmp_path, a=element, b='<p id="café">') == ()


@pytest.mark.parametrize(
    ("element", "fault"),
    [
        ('<a href="c.html">', "a.html: c.html leads to no file"),
        ('<a href="b.html#x">', "a.html: b.html#x leads to no place in b.html"),
        ('<a href="#x">', "a.html: #x leads to no place in a.html"),
        ('<img src="//a.org/x.png">', "a.html: <img> asks another host for //a.org/x"),
        ('<script src="https://a.org/x">', "<script> asks another host for https://a"),
        ('<link href="http://a.org/x">', "<link> asks another host for http://a.org"),
    ],
)
def test_fault_is_named_with_its_page(tmp_path: Path, element: str, fault: str) -> None:
    (found,) = faults(tmp_path, a=element, b='<p id="y">')
    assert fault in found


def test_pages_in_folders_are_followed_from_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "c.html").write_text('<a href="../a.html"><a href="d">')
    assert faults(tmp_path, a="") == ("deep/c.html: d leads to no file",)


def test_pages_and_links_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="a.html"><a href="#"><p>')
    proof = prove(tmp_path)
    assert (proof.pages, proof.links) == (1, 2)
