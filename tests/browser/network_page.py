"""A page that shows a network explorer, and the Python that it must agree with."""

from __future__ import annotations

import base64

from playwright.sync_api import Locator, Page, expect

from course_utils.widgets import NetworkExplorer
from tests.browser.shim import state

_SEND = """(page) => {
  const bytes = page.data && Uint8Array.from(atob(page.data), (c) => c.charCodeAt(0));
  model.set('_page', { ...page, data: bytes && bytes.buffer });
}"""


def map_canvas(page: Page) -> Locator:
    """The enlarged map."""
    return page.locator(".cnn-place canvas")


def photo_canvas(page: Page) -> Locator:
    """The photograph."""
    return page.locator(".cnn-network-photo canvas")


def answer(page: Page, explorer: NetworkExplorer) -> None:
    """Bring what the page has chosen to Python, and its answer to the page."""
    explorer._where = state(page, "_where")
    sent = dict(explorer._page)
    if "data" in sent:
        sent["data"] = base64.b64encode(sent["data"]).decode("ascii")
    page.evaluate(_SEND, sent)


def expect_as_in_python(page: Page, explorer: NetworkExplorer) -> None:
    """Every word and number of the page is the one that Python gives."""
    explorer._where = state(page, "_where")
    table = explorer.table()
    facts = page.locator(".cnn-facts tr")
    expect(facts).to_have_count(len(table.rows))
    for place, row in enumerate(table.rows):
        assert facts.nth(place).locator("th, td").all_inner_texts() == list(row)
    said = [text for text in table.sentences[1:] if " says: " not in text]
    expect(page.locator(".cnn-texts p:not(:empty)")).to_have_text(said)
    status = page.locator("[role=status][aria-live=polite]")
    expect(status).to_contain_text(table.sentences[0])
