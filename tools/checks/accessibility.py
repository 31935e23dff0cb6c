"""Rules that let everyone read a notebook, whatever they read it with.

With the rules on alt text, headings and links in ``hygiene`` they ask all that the
extension jupyterlab-a11y-checker asks, but one thing: it reads the text within pictures
and measures its contrast. Here figures must be opaque instead, so that their dark text
keeps its white ground on a dark page.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from tools import markdown

Fault = tuple[int | None, str]
_LEAST_CONTRAST = 4.5  # of text and its ground: WCAG 2, level AA
_COLOUR = re.compile(r"(?:^|;)\s*(color|background(?:-color)?)\s*:\s*([^;]+)")
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


def repeated_headings(notebook: NotebookNode) -> Iterator[Fault]:
    """No two headings of level 1 or 2 have the same words."""
    seen: set[str] = set()
    for index, cell in enumerate(notebook.cells):
        found = markdown.headings(cell.source) if cell.cell_type == "markdown" else []
        for words in (words for level, words in found if level <= 2 and words):
            if words.casefold() in seen:
                yield index, f"a second heading `{words}`; say what is new in this one"
            seen.add(words.casefold())


def addresses_as_link_text(notebook: NotebookNode) -> Iterator[Fault]:
    """A link's words are no address: nobody wants to hear one spelt."""
    for index, facts in _html(notebook):
        links = list(facts.links)
        if notebook.cells[index].cell_type == "markdown":
            links += markdown.links(notebook.cells[index].source)
        for text in {link.text for link in links if not link.is_image}:
            if re.match(r"https?://|www\.", text):
                yield index, f"link text `{text}` is an address; name what is there"


def incomplete_tables(notebook: NotebookNode) -> Iterator[Fault]:
    """HTML tables have a caption, and header cells that say what they are head of."""
    for index, facts in _html(notebook):
        if facts.tables_without_caption:
            yield index, "an HTML table without <caption>; say what it shows"
        if facts.headers_without_scope:
            yield index, 'a header cell without scope; write scope="col" or scope="row"'
        if facts.headers_without_words:
            yield index, "a header cell without words; make it a <td>"


def unreadable_colours(notebook: NotebookNode) -> Iterator[Fault]:
    """Text in a colour of its own stands on a ground of its own, with contrast."""
    for index, facts in _html(notebook):
        for style in facts.styles:
            colours = dict(_COLOUR.findall(style))
            text = colours.pop("color", None)
            ground = next(iter(colours.values()), None)
            if text is not None and ground is None:
                yield index, f"`{style}` sets a text colour without its ground"
            elif text is not None and ground is not None:
                ratio = contrast(text.strip(), ground.strip())
                if ratio is not None and ratio < _LEAST_CONTRAST:
                    yield (
                        index,
                        f"`{style}` has a contrast of {ratio:.1f}; expected 4.5",
                    )


def transparent_figures(notebook: NotebookNode) -> Iterator[Fault]:
    """A figure brings its ground with it: dark labels vanish on a dark page."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            png = output.get("data", {}).get("image/png")
            if png and not _is_opaque(png):
                yield index, "its figure is transparent; call plots.use_style() first"


RULES = (
    repeated_headings,
    addresses_as_link_text,
    incomplete_tables,
    unreadable_colours,
    transparent_figures,
)


def contrast(one: str, other: str) -> float | None:
    """The contrast of two colours such as ``#fff``, 1 to 21; None for other forms.

    Source: relative luminance and contrast ratio of WCAG 2.
    """
    if not (_HEX.fullmatch(one) and _HEX.fullmatch(other)):
        return None
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    shares = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [
        s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _html(notebook: NotebookNode) -> Iterator[tuple[int, markdown.HtmlFacts]]:
    """The HTML of each cell: in its prose, or among its outputs."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            yield index, markdown.html_facts(cell.source)
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                yield index, markdown.HtmlFacts.of(str(output.data["text/html"]))


def _is_opaque(png: str) -> bool:
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(png)))
    if "A" not in image.getbands():
        return "transparency" not in image.info
    lowest, _ = image.getchannel("A").getextrema()
    return bool(lowest == 255)
