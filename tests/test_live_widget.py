"""Widgets with the ipywidgets of Colab: the words for still paper come along."""

import ast
from pathlib import Path

import ipywidgets
import pytest
from IPython.core.formatters import DisplayFormatter

from course_utils.predict import predict
from course_utils.widgets import ConvolutionExplorer

ROOT = Path(__file__).parents[1]


def seven(self: ipywidgets.Widget, **_: object) -> None:
    raise AssertionError("shown as by ipywidgets 7, without the HTML")


@pytest.mark.parametrize("make", [ConvolutionExplorer, lambda: predict("How many?")])
def test_the_html_comes_along_where_ipywidgets_7_would_drop_it(
    monkeypatch: pytest.MonkeyPatch, make: type
) -> None:
    monkeypatch.setattr(ipywidgets.Widget, "_ipython_display_", seven, raising=False)
    formatter = DisplayFormatter()
    formatter.ipython_display_formatter.catch_format_error = False
    data, _ = formatter.format(make())
    assert "text/html" in data
    assert "application/vnd.jupyter.widget-view+json" in data


def test_no_class_needs_traitlets_newer_than_colabs() -> None:
    # before 5.10, `class Number(TraitType[int, int])` is a TypeError
    for file in (ROOT / "course_utils").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = [b for b in node.bases if isinstance(b, ast.Subscript)]
                assert not [b for b in bases if "trait" in ast.unparse(b).lower()], file
