"""Each accessibility rule accepts what is readable and names what is not."""

import base64
import io

import pytest
from nbformat import NotebookNode
from PIL import Image

from tests.tiny_workbook import code, notebook, prose, shown
from tools.checks import accessibility

TABLE = '<table><caption>Sizes</caption><tr><th scope="col">side</th></tr></table>'


def faults(*cells: NotebookNode) -> list[str]:
    made = notebook(prose("# 1 · What?"), *cells)
    return [fault for rule in accessibility.RULES for _, fault in rule(made)]


def figure(mode: str, colour: tuple[int, ...]) -> NotebookNode:
    written = io.BytesIO()
    Image.new(mode, (2, 2), colour).save(written, "PNG")
    png = base64.b64encode(written.getvalue()).decode("ascii")
    return code("plt.show()", shown("A square.", image_png=png))


@pytest.mark.parametrize(
    "cell",
    [
        prose("## One\n\n### Again\n\n## Two\n\n### Again"),
        prose("[the paper](https://example.org)"),
        code("table", shown(text_html=TABLE)),
        prose(TABLE),
        code("x", shown(text_html='<b style="color: #000; background: #fff">a</b>')),
        code("x", shown(text_html='<b style="border-left: 1em solid #cc6677">a</b>')),
        figure("RGB", (255, 255, 255)),
        figure("RGBA", (255, 255, 255, 255)),
    ],
)
def test_readable_cell_has_no_faults(cell: NotebookNode) -> None:
    assert faults(cell) == []


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (prose("## One\n\ntext\n\n## one"), "a second heading `one`"),
        (prose("## 1 · What?"), "a second heading `1 · What?`"),
        (prose("[https://a.org](https://a.org)"), "`https://a.org` is an address"),
        (prose('<a href="https://a.org">www.a.org</a>'), "`www.a.org` is an address"),
        (
            code("t", shown(text_html=TABLE.replace("caption>", "p>"))),
            "without <caption>",
        ),
        (prose(TABLE.replace(' scope="col"', "")), "a header cell without scope"),
        (prose(TABLE.replace("side", " ")), "a header cell without words"),
        (
            code("x", shown(text_html='<p style="margin: 0; color: #333">a</p>')),
            "sets a text colour without its ground",
        ),
        (
            code("x", shown(text_html='<p style="color:#777;background:#888">a</p>')),
            "has a contrast of 1.3; expected 4.5",
        ),
        (figure("RGBA", (255, 255, 255, 0)), "its figure is transparent"),
    ],
)
def test_unreadable_cell_is_named(cell: NotebookNode, message: str) -> None:
    (fault,) = faults(cell)
    assert message in fault


def test_black_on_white_has_the_largest_contrast() -> None:
    assert accessibility.contrast("#000", "#ffffff") == pytest.approx(21)


def test_contrast_of_named_colours_is_unknown() -> None:
    assert accessibility.contrast("red", "#fff") is None
