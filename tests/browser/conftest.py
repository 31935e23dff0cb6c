"""One Chromium for all browser tests; skipped visibly where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

INSTALL = (
    "no Chromium found: install it with `apt-get install chromium`, "
    "or run `python -m playwright install chromium`"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def _chromium_path(playwright: Playwright) -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    own = playwright.chromium.executable_path
    return found or (own if Path(own).is_file() else None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running Chromium: the system's, or the one Playwright keeps."""
    with sync_playwright() as playwright:
        path = _chromium_path(playwright)
        if path is None:
            pytest.skip(INSTALL)
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open HTML text in a page of its own; errors and outside requests fail the test."""
    pages: list[Page] = []
    faults: list[str] = []

    def open_html(html: str, **context: object) -> Page:
        page = chromium.new_page(**context)
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda r: r.url.startswith("http") and faults.append(f"asked for {r.url}"),
        )
        page.set_content(html)
        return page

    yield open_html
    for page in pages:
        page.close()
    assert faults == []
