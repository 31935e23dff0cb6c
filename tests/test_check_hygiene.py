"""Each hygiene rule accepts a good notebook and names the place of a bad one."""

from collections.abc import Callable

import pytest
from nbformat import NotebookNode

from tests.tiny_workbook import code, notebook, printed, prose, shown
from tools.checks import hygiene
from tools.checks.exercises import exercises

TITLE = "# 1 · What?"
CARD = """## Exercise 1
**Difficulty** 2 of 5 · **importance** 5 of 5 · **about 10 minutes**

<details><summary>Hint</summary>Count.</details>"""
PNG = (  # one white pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4"
    "DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
)
ERROR = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": []}
WIDGET = "application_vnd.jupyter.widget-state+json"


def faults(*cells: NotebookNode, size: int = 1) -> list[str]:
    return hygiene.faults(notebook(prose(TITLE), *cells), "n.ipynb", size)


def test_a_good_notebook_has_no_faults() -> None:
    good = notebook(
        prose(TITLE),
        code('print("torch.hub.load, pretrained=True;")', printed("x\n")),
        prose("## Section\n\n![A cat](cat.png) and [lesson 2](02.ipynb)"),
        code("plt.show()", shown("A line rises.", image_png=PNG)),
        prose("**Figure.** A line rises."),
        code(
            "table",
            shown(text_html="<table><caption>c</caption><th scope=col>a</table>"),
        ),
        prose(CARD),
        code("checks.check_padding(padding)"),
        code("x = (1\n     % 2)  # continued;"),
    )
    assert hygiene.faults(good, "n.ipynb", 1_000_000) == []


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (code("  "), "an empty code cell"),
        (
            code("1/0", ERROR),
            "stores the error `E: v`",
        ),
        (code("w", shown(**{WIDGET: "{}"})), "stores application/vnd.jupyter.widget"),
        (code("p", printed("/home/me/x.py:3: Warning")), "path /home/me/x.py"),
        (prose("![](cat.png)"), "image `cat.png` without alt text"),
        (prose("![ ](cat.png)"), "image `cat.png` without alt text"),
        (prose('<img src="cat.png">'), "image `cat.png` without alt text"),
        (prose('text <img src="cat.png" alt=""> text'), "without alt text"),
        (code("x", shown(text_html='<img src="a.png">')), "`a.png` without alt text"),
        (prose("# Another title"), "a second h1, `Another title`"),
        (prose("### Too deep"), "h3 `Too deep` after h1; expected h2"),
        (prose("##\n\ntext"), "an empty heading of level 2"),
        (prose("Look [here](a.md)."), "link text `here` does not say"),
        (prose("Look at [this link](a.md)."), "link text `this link` does not say"),
        (prose('<a href="a.md">Link</a>'), "link text `Link` does not say"),
        (prose("<table><caption>c</caption><td>1</table>"), "without header cells"),
        (
            code("t", shown(text_html="<table><caption>c</caption><td>1</table>")),
            "without header cells",
        ),
        (code("%matplotlib inline"), "`%matplotlib inline` is a magic or shell line"),
        (code("x = 1\n!ls"), "`!ls` is a magic or shell line"),
        (code("x = = 1"), "`x = = 1` is not valid Python"),
        (code("plt.plot(x);"), "ends with `;`"),
        (code("plt.plot(x); # draw"), "ends with `;`"),
        (code("torch.hub.load('a', 'b')"), "torch.hub.load runs code"),
        (code("resnet18(pretrained=True)"), "pretrained=True is gone"),
        (code("plt.show()", shown("alt", image_png=PNG)), "the next cell must begin"),
        (code("checks.check_a(a)"), "check_a stands under an exercise card without"),
    ],
)
def test_a_bad_cell_is_named(cell: NotebookNode, message: str) -> None:
    (fault,) = faults(cell)
    assert fault.startswith("n.ipynb, cell 2 of 2 (id id1, ")
    assert message in fault


def test_a_figure_without_alt_metadata_is_named() -> None:
    cells = code("plt.show()", shown(image_png=PNG)), prose("**Figure.** Words.")
    (fault,) = faults(*cells)
    assert "cell 2 of 3" in fault
    assert "no alt text in the metadata" in fault


def changed(change: Callable[[NotebookNode], object]) -> list[str]:
    bad = notebook(prose(TITLE), code("1"), code("2"))
    change(bad)
    return hygiene.faults(bad, "n.ipynb", 1)


def test_cleared_outputs_are_noticed() -> None:
    (fault,) = changed(lambda n: n.cells[2].update(execution_count=None))
    assert "cell 3 of 3" in fault
    assert "not run, or its outputs were cleared" in fault


def test_cells_run_out_of_order_are_noticed() -> None:
    (fault,) = changed(lambda n: n.cells[2].update(execution_count=7))
    assert "execution count 7, expected 2" in fault


def test_stored_widget_state_is_noticed() -> None:
    (fault,) = changed(lambda n: n.metadata.update(widgets={}))
    assert fault.startswith("n.ipynb: stores widget state")


def test_the_first_heading_must_be_the_title() -> None:
    (fault,) = hygiene.faults(notebook(prose("## Section")), "n.ipynb", 1)
    assert "begins with h2; expected h1 in the first cell" in fault


def test_a_notebook_without_headings_is_noticed() -> None:
    (fault,) = hygiene.faults(notebook(prose("Words.")), "n.ipynb", 1)
    assert "no heading at all" in fault


def test_a_large_notebook_is_noticed() -> None:
    (fault,) = faults(size=1_000_001)
    assert "1,000,001 bytes; expected at most 1,000,000" in fault


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("**Difficulty** 2 of 5", "difficulty n of 5"),
        ("**importance** 5 of 5", "importance n of 5"),
        ("**about 10 minutes**", "about n minutes"),
        ("<details>", "a hint in <details>"),
    ],
)
def test_an_incomplete_card_names_what_is_missing(part: str, name: str) -> None:
    card = prose(CARD.replace(part, ""))
    (fault,) = faults(card, code("checks.check_a(a)"))
    assert f"without {name};" in fault


def test_a_card_may_go_on_in_the_next_cell() -> None:
    top, hint = CARD.split("\n\n")
    assert faults(prose(top), prose(hint), code("checks.check_a(a)")) == []


def test_a_card_ends_at_the_next_heading() -> None:
    (fault,) = faults(prose(CARD), prose("## Exercise 2"), code("checks.check_a(a)"))
    assert "check_a stands under an exercise card" in fault


def test_exercises_are_the_different_checks() -> None:
    cells = [code("checks.check_a(1)"), code("checks.check_a(2)"), code("check_b()")]
    assert exercises(notebook(*cells)) == {"check_a", "check_b"}
