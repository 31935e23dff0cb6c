"""The pooling explorer in Chromium without Jupyter: shift, mode, padding."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from course_utils.widgets import PoolingExplorer
from tests.browser.shim import Opener, cells, press, show


def test_a_shift_marks_and_counts_what_changed(open_page: Opener) -> None:
    page = show(open_page, PoolingExplorer())
    expect(page.locator(".cnn-change")).to_contain_text("The image is not shifted.")
    press(page, "horizontal shift", "ArrowRight")
    explorer = PoolingExplorer(shift=(0, 1))
    count = int(explorer.changed.sum())
    expect(page.locator("td.cnn-changed")).to_have_count(count)
    expect(page.locator(".cnn-change")).to_contain_text(f"{count} of 9 values changed.")


def test_pooling_shows_the_average(open_page: Opener) -> None:
    page = show(open_page, PoolingExplorer("five_by_five", kernel_size=3, stride=1))
    page.locator("[data-control=mode]").select_option("average")
    assert cells(page, "Output")[0] == "1.67"
    expect(page.locator(".cnn-numbers")).to_contain_text("/9 ≈ 1.67")


def test_pooling_refuses_padding_over_half_the_window(open_page: Opener) -> None:
    explorer = PoolingExplorer(padding=2)
    with pytest.raises(ValueError, match="at most half") as error:
        _ = explorer.output
    page = show(open_page, explorer)
    expect(page.locator(".cnn-error")).to_have_text(str(error.value))


def test_padding_of_a_maximum_is_minus_infinity(open_page: Opener) -> None:
    page = show(open_page, PoolingExplorer(padding=1))
    expect(page.locator("td.cnn-pad").first).to_have_text("−∞")
