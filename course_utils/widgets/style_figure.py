"""The style explorer as a static figure, for GitHub and paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F

from course_utils.style.figure import show_grid
from course_utils.widgets.style_data import UNSTORED, YOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from course_utils.widgets.style import StyleExplorer


def style_filmstrip(explorer: StyleExplorer) -> Figure:
    """Results of the chosen pair: layers down, every second weight to the right."""
    if explorer.pair == YOURS:
        raise ValueError(f"pair is {YOURS!r}. {UNSTORED}")
    grid, (row, column) = explorer.stored, explorer.place()
    shown = range(column % 2, len(grid.weights), 2)  # the chosen one is among them
    pictures = [
        [F.avg_pool2d(grid.result(explorer.pair, i, j) / 255, 2) for j in shown]
        for i in range(len(grid.layers))
    ]
    return show_grid(
        pictures,
        [f"weight {grid.weights[j]:g}" for j in shown],
        ["layers " + ", ".join(map(str, layers)) for layers in grid.layers],
        mark=(row, column // 2),
    )
