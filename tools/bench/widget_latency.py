"""Time from a key press on a slider to changed pixels, in a real JupyterLab.

Two sliders in one notebook change the stride of the same convolution of the same
photograph: that of our explorer, and an ipywidgets slider that redraws with ``Output``
and ``plt.show``. Moves alternate between the two, so that both meet the same load.

Run: ``python -m tools.bench.widget_latency [--moves 20]``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import Locator, Page

from tools.benchmarking.ratio import Ratio
from tools.browser import open_notebook, run_all, running_chromium, running_lab

GOAL_MS: Final = 25.0
MOVES: Final = 20
OURS: Final = "ConvolutionExplorer"
PLAIN: Final = "slider, Output, plt.show"
_WARM_UP: Final = 3
_PATIENCE_MS: Final = 20_000

_EXPLORER_CELL: Final = """
from course_utils.widgets import ConvolutionExplorer
ConvolutionExplorer("camera")
"""
_PLAIN_CELL: Final = """
import ipywidgets, matplotlib.pyplot as plt, torch
from IPython.display import display
from course_utils.widgets import ConvolutionExplorer, compute
image = ConvolutionExplorer("camera").pixels
kernel = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])
slider = ipywidgets.IntSlider(value=1, min=1, max=4, description="stride")
drawn = ipywidgets.Output()
def redraw(_=None):
    with drawn:
        drawn.clear_output(wait=True)
        fig, axes = plt.subplots(1, 2, figsize=(7, 3.5), layout="constrained")
        axes[0].imshow(image, cmap="gray")
        output = compute.convolve(image, kernel, slider.value)
        axes[1].imshow(output, cmap="RdBu_r")
        plt.show()
slider.observe(redraw, names="value")
redraw()
display(slider, drawn)
"""

# A signature of the pixels: of the canvas itself, or the address of a loaded image.
_CANVAS: Final = """() => {
  const all = document.querySelectorAll('.cnn-explorer canvas');
  const canvas = all[all.length - 1];
  const middle = Math.floor(canvas.height / 2);
  const row = canvas.getContext('2d').getImageData(0, middle, canvas.width, 1).data;
  return row.reduce((sum, value, i) => (sum * 31 + value + i) % 4294967291, 7);
}"""
_IMAGE: Final = """() => {
  const image = document.querySelector('.jp-OutputArea-output .jp-RenderedImage img');
  return image?.complete && image.naturalWidth ? image.src : null;
}"""

# The clock starts at the key event itself and stops in the frame that shows the change.
_WATCH: Final = """([signature, patience]) => {
  const read = eval(signature);
  const before = read();
  window.latency = new Promise((resolve) => {
    const pressed = () => {
      const start = performance.now();
      const look = () => {
        const now = read();
        if (now !== null && now !== before) resolve(performance.now() - start);
        else if (performance.now() - start > patience) resolve(null);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    };
    document.addEventListener('keydown', pressed, { capture: true, once: true });
  });
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=MOVES, help="timed moves of each")
    moves = parser.parse_args().moves
    ours, plain = latencies(moves)
    ours_ms, plain_ms = statistics.median(ours), statistics.median(plain)
    print(f"key press to changed pixels, median of n = {moves} moves each, interleaved")
    for name, times in ((OURS, ours), (PLAIN, plain)):
        print(f"  {name:27}{spread(times)}")
    print(f"  ratio {plain_ms / ours_ms:.1f}")
    print(
        f"  machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    )
    verdict = "reached" if ours_ms <= GOAL_MS else "missed"
    print(f"  goal of {GOAL_MS:.0f} ms for the explorer: {verdict}")


def measure(quick: bool = False) -> Iterator[Ratio]:
    """Compare a step of our explorer's slider with one of ipywidgets' slider."""
    ours, plain = latencies(moves=2 if quick else MOVES)
    yield Ratio.of_seconds(OURS, PLAIN, {OURS: ours, PLAIN: plain})


def latencies(moves: int) -> tuple[list[float], list[float]]:
    """Latencies in milliseconds: of our explorer, of ``Output`` with ``plt.show``."""
    cells = (_EXPLORER_CELL, _PLAIN_CELL)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(write_notebook(Path(folder), *cells)) as address,
        running_chromium() as chromium,
    ):
        page = chromium.new_page(viewport={"width": 1300, "height": 1700})
        open_notebook(page, address, "latency.ipynb")
        run_all(page)
        explorer = page.locator(".cnn-explorer [data-control=stride]")
        slider = page.locator(".noUi-handle")
        slider.wait_for()
        page.locator(".jp-OutputArea-output .jp-RenderedImage img").wait_for()
        ours, plain = [], []
        for move in range(moves + _WARM_UP):
            # to and fro between strides 1 and 2
            key = "ArrowLeft" if move % 2 else "ArrowRight"
            ours.append(latency(page, explorer, key, _CANVAS))
            plain.append(latency(page, slider, key, _IMAGE))
    return ours[_WARM_UP:], plain[_WARM_UP:]


def latency(page: Page, control: Locator, key: str, signature: str) -> float:
    """Milliseconds from a key press on a control to the next change of a signature.

    Args:
        page: An open notebook.
        control: What has the focus.
        key: Which key is pressed.
        signature: JavaScript function that tells what is shown; ``null`` while nothing.

    Raises:
        RuntimeError: If nothing changes.
    """
    control.focus()
    page.wait_for_timeout(150)  # let what the last move began come to rest
    page.evaluate(_WATCH, [signature, _PATIENCE_MS])
    page.keyboard.press(key)
    milliseconds: float | None = page.evaluate("() => window.latency")
    if milliseconds is None:
        raise RuntimeError(f"no pixel changed within {_PATIENCE_MS} ms of {key}")
    return milliseconds


def write_notebook(folder: Path, *sources: str) -> Path:
    """Write ``latency.ipynb`` with these cells into a folder, and return the folder."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"cell-{index}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source.strip(),
        }
        for index, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "latency.ipynb").write_text(json.dumps(notebook))
    return folder


def spread(values: list[float]) -> str:
    """Median and range of times in milliseconds."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):6.1f} ms  (from {low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()
