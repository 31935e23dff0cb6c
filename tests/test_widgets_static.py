"""The explorers without a kernel: table in words, filmstrip, fallback, front end."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from course_utils.widgets import ConvolutionExplorer, PoolingExplorer
from course_utils.widgets.explorer import Explorer
from course_utils.widgets.table import spread

mpl.use("agg")

EXPLORERS = [ConvolutionExplorer, PoolingExplorer]


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_table_prints_one_line_a_step() -> None:
    table = ConvolutionExplorer(padding=1, stride=2).table()
    lines = repr(table).splitlines()
    assert lines[0].endswith("output=3x3): 9 of 9 steps")
    assert lines[1] == "Output height and width: ⌊(6 + 2·1 − 1·(3−1) − 1)/2⌋ + 1 = 3"
    assert len(lines) == 2 + 9
    assert lines[2].startswith(
        "output position row 0, column 0; window rows −1, 0, 1; "
        "window columns −1, 0, 1; value 0·(−1) + 0·(−2)"
    )


def test_table_names_pixels_that_are_never_visited() -> None:
    assert "Never visited: row 5 and column 5 of the input (11 of 36 pixels)" in repr(
        ConvolutionExplorer(stride=2).table()
    )


def test_table_of_a_misfit_is_the_sentence() -> None:
    assert repr(ConvolutionExplorer(dilation=4).table()).endswith(
        "kernel spans 9 pixels but the padded input has only 6; "
        "lower kernel_size or dilation, or raise padding"
    )


def test_table_of_a_shifted_image_counts_the_changes() -> None:
    explorer = PoolingExplorer(shift=(0, 1))
    assert explorer.changed_text() in repr(explorer.table())


def test_table_has_caption_and_header_cells() -> None:
    tags = Tags(ConvolutionExplorer().table(4)._repr_html_()).seen
    assert [tag for tag, _ in tags].count("caption") == 1
    scopes = [attributes["scope"] for tag, attributes in tags if tag == "th"]
    assert scopes == ["col"] * 4 + ["row"] * 4


def test_table_of_a_photograph_shows_a_few_spread_steps() -> None:
    assert len(ConvolutionExplorer("camera").table().rows) == 8


def test_spread_includes_both_ends() -> None:
    assert spread(16, 4) == [0, 5, 10, 15]
    assert spread(3, 8) == [0, 1, 2]
    assert spread(9, 1) == [0]


@pytest.mark.parametrize("explorer", EXPLORERS)
def test_without_a_kernel_a_table_is_shown_beside_the_live_view(
    explorer: type[Explorer],
) -> None:
    bundle = explorer()._repr_mimebundle_()
    assert bundle is not None
    assert set(bundle[0]) == {
        "text/plain",
        "text/html",
        "application/vnd.jupyter.widget-view+json",
    }
    plain = bundle[0]["text/plain"].removesuffix("…")  # the oldest ipywidgets cut it
    assert repr(explorer()).startswith(plain)
    assert len(plain) > 99
    assert "<caption>" in bundle[0]["text/html"]
    assert len(bundle[0]["text/html"]) < 5000


def test_convolution_filmstrip_draws_four_pictures_a_step() -> None:
    explorer = ConvolutionExplorer(padding=1)
    figure = explorer.filmstrip(steps=2)
    titles = [ax.get_title() for ax in figure.axes]
    sums = [explorer.step(place).sum for place in ((0, 0), (5, 5))]
    assert titles[::4] == ["input", "input"]
    assert titles[2::4] == [f"products, sum {s:.0f}".replace("-", "−") for s in sums]
    plt.close(figure)


def test_filmstrip_leaves_values_still_to_come_blank() -> None:
    figure = ConvolutionExplorer().filmstrip(steps=2)
    written = [text.get_text() for text in figure.axes[3].texts]
    assert written == ["−11"] + [""] * 15
    plt.close(figure)


@pytest.mark.parametrize("explorer", EXPLORERS)
def test_filmstrip_draws_photographs(explorer: type[Explorer]) -> None:
    figure = explorer(image="camera").filmstrip(steps=1)  # type: ignore[call-arg]
    figure.canvas.draw()
    plt.close(figure)


def test_filmstrip_refuses_no_steps() -> None:
    with pytest.raises(ValueError, match="steps is 0; it must be at least 1"):
        ConvolutionExplorer().filmstrip(0)


@pytest.mark.parametrize("explorer", EXPLORERS)
def test_front_end_is_one_module_without_imports_or_addresses(
    explorer: type[Explorer],
) -> None:
    module = str(explorer._esm)
    assert not re.search(r"^\s*import\b", module, re.MULTILINE)
    assert "http" not in module + str(explorer._css)
    assert module.count("export default") == 1
