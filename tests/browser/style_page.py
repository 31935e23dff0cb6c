"""A page with the style explorer, and what it shows beside what Python says."""

from __future__ import annotations

import base64
import json
from typing import Any

import torch
from playwright.sync_api import Page, expect

from course_utils.widgets.style import StyleExplorer
from course_utils.widgets.style_run import Report
from tests.browser.shim import Opener, show, state

# as text, since 147,456 numbers one by one take a second
_PIXELS = """(node) => {
  const context = node.getContext('2d');
  const { data } = context.getImageData(0, 0, node.width, node.height);
  return btoa(Array.from(data, (value) => String.fromCharCode(value)).join(''));
}"""
_DECODED = """() => {
  const canvas = document.querySelector('.cnn-style-source');
  return canvas.getContext('2d').getImageData(9, 9, 1, 1).data[3] === 255;
}"""
# every trait is a plain value but the picture, which is bytes
_TELL = """([report, picture]) => model.set('_run', {
  ...report,
  picture: picture && new DataView(
    Uint8Array.from(atob(picture), (c) => c.charCodeAt(0)).buffer),
})"""


def explorer(**states: Any) -> StyleExplorer:
    shown = StyleExplorer()
    for name, value in states.items():
        setattr(shown, name, value)
    return shown


def opened(open_page: Opener, shown: StyleExplorer, **context: Any) -> Page:
    page = show(open_page, shown, **context)
    page.wait_for_function(_DECODED)
    return page


def same_state(page: Page) -> StyleExplorer:
    """A Python explorer in the state of the page."""
    names = ("pair", "style_weight", "style_layers")
    return explorer(**{name: state(page, name) for name in names})


def drawn(page: Page, canvas: str) -> torch.Tensor:
    """What a canvas shows, uint8, (3, H, W)."""
    node = page.locator(canvas).first
    height, width = node.evaluate("(node) => [node.height, node.width]")
    pixels = bytearray(base64.b64decode(node.evaluate(_PIXELS)))
    found = torch.frombuffer(pixels, dtype=torch.uint8)
    return found.reshape(height, width, 4).permute(2, 0, 1)[:3]


def expect_as_in_python(page: Page) -> None:
    shown = same_state(page)
    expect(page.locator(".cnn-style-words")).to_have_text(shown.table().sentences[0])
    expect(page.locator(".cnn-style > .cnn-notes")).to_have_text(
        shown.table().sentences[1]
    )
    # two decoders of the same lossy file may round differently
    difference = drawn(page, ".cnn-style-result").int() - shown.picture.int()
    assert difference.abs().float().mean() < 2
    source = drawn(page, ".cnn-style-source").int()
    content = shown.stored.content(shown.pair).int()
    assert (source - content).abs().float().mean() < 2


def tell(page: Page, report: Report) -> None:
    """What Python would send of a run."""
    rest = {**report.as_dict(), "picture": None}
    picture = report.picture and base64.b64encode(report.picture).decode("ascii")
    page.evaluate(_TELL, [json.loads(json.dumps(rest)), picture])
