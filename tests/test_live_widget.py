"""Widgets with the ipywidgets of Colab: the words for still paper come along."""

import ipywidgets
import pytest
from IPython.core.formatters import DisplayFormatter

from course_utils.predict import predict
from course_utils.widgets import ConvolutionExplorer


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
