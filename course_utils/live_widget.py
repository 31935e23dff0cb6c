"""What all widgets share: alive in a notebook, and readable where no kernel runs."""

from __future__ import annotations

from typing import Any

import anywidget


class LiveWidget(anywidget.AnyWidget):
    """A widget that also says in plain HTML what it shows.

    A live notebook shows the widget; GitHub, paper and a notebook without a kernel show
    the HTML.
    """

    # the ipywidgets of Colab (version 7) would send the widget without the HTML
    _ipython_display_ = None

    def still_html(self) -> str:
        """Return what to show where no widget can live."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        assert bundle is not None  # only a widget without a view has none
        data, metadata = bundle
        return {**data, "text/html": self.still_html()}, metadata
