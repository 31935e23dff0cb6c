"""One Chromium for all browser tests; skipped visibly where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tools.browser import INSTALL_CHROMIUM, chromium_path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running Chromium: the system's, or the one Playwright keeps."""
    with sync_playwright() as playwright:
        path = chromium_path(playwright)
        if path is None:
            pytest.skip(INSTALL_CHROMIUM)
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open HTML in a page of its own; errors and outside requests fail the test."""
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
