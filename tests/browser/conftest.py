"""One Chromium for all browser tests; skipped visibly where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.lab import Lesson, copy_lessons, open_lesson
from tools.browser import INSTALL_CHROMIUM, chromium_path, running_lab


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


@pytest.fixture(scope="session")
def lab(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab on copies of the lessons, started once."""
    with running_lab(copy_lessons(tmp_path_factory.mktemp("lessons"))) as address:
        yield address


@pytest.fixture(scope="module")
def lesson(
    request: pytest.FixtureRequest, chromium: Browser, lab: str
) -> Iterator[Lesson]:
    """The lesson that a test module names in ``LESSON``, open, every cell run."""
    opened = open_lesson(chromium, lab, request.module.LESSON)
    yield opened
    opened.page.close()
