"""Time from a key press in the network explorer to changed pixels, in JupyterLab.

A step of the layer slider is timed until the photograph shows the new receptive field,
which the browser computes, and until the map shows the layer's activations: those come
from Python the first time, from the browser when the layer was seen before. A step of
the position is the browser's alone.

Run: ``python -m tools.bench.network_latency [--moves 20]``
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tools.bench.widget_latency import MOVES, latency, spread, write_notebook
from tools.benchmarking.ratio import Ratio
from tools.browser import open_notebook, run_all, running_chromium, running_lab

_WARM_UP: Final = 3
_CELLS: Final = (
    "import torch, torchvision\nfrom course_utils.widgets import NetworkExplorer",
    "import time\n"
    "start = time.perf_counter()\n"
    "explorer = NetworkExplorer(layer='features.3.expand1x1_activation')\n"
    "print(f'{1000 * (time.perf_counter() - start):.0f}')",
    "start = time.perf_counter()\n"
    "explorer = NetworkExplorer(layer='features.3.expand1x1_activation')\n"
    "print(f'{1000 * (time.perf_counter() - start):.0f}')",
    "explorer",
)
# a signature of the pixels of one canvas
_PIXELS: Final = """() => {
  const { textContent } = document.querySelector('.cnn-network');
  if (textContent.includes('Waiting')) return null;
  const canvas = document.querySelector('%s');
  const all = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let sum = 7;
  for (let i = 0; i < all.data.length; i += 61) {
    sum = (sum * 31 + all.data[i] + i) %% 4294967291;
  }
  return sum;
}"""
_PHOTO: Final = _PIXELS % ".cnn-network-photo canvas"
_MAP: Final = _PIXELS % ".cnn-network .cnn-place canvas"
_SLIDER: Final = "[data-control=layer_number]"
_CANVAS: Final = ".cnn-network .cnn-place canvas"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=MOVES, help="timed moves of each")
    moves = parser.parse_args().moves
    with _opened() as page:
        shown = page.locator(".jp-OutputArea-output pre").all_inner_texts()
        print(f"key press to changed pixels, median of n = {moves} moves each")
        for name, selector, keys, signature in (
            ("layer: receptive field", _SLIDER, ("ArrowRight", "ArrowLeft"), _PHOTO),
            ("layer: activations, first", _SLIDER, ("ArrowRight",) * 2, _MAP),
            ("layer: activations, again", _SLIDER, ("ArrowLeft",) * 2, _MAP),
            ("position: receptive field", _CANVAS, ("ArrowDown", "ArrowUp"), _PHOTO),
        ):
            times = _times(page, selector, keys, signature, moves)
            print(f"  {name:27}{spread(times)}")
    print(f"  making the explorer, first and again: {', '.join(shown)} ms")
    print(
        f"  machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    )


def measure(quick: bool = False) -> Iterator[Ratio]:
    """Compare a layer that was seen before with one that Python must compute first."""
    first, again = (f"activations of a layer, {when}" for when in ("first", "again"))
    times: dict[str, list[float]] = {first: [], again: []}
    with _opened() as page:
        slider = page.locator(_SLIDER)
        for _ in range(2 if quick else MOVES):
            # on to a new layer, back to the one before; on once more is not counted
            times[first].append(latency(page, slider, "ArrowRight", _MAP))
            times[again].append(latency(page, slider, "ArrowLeft", _MAP))
            latency(page, slider, "ArrowRight", _MAP)
    yield Ratio.of_seconds(again, first, times)


@contextmanager
def _opened() -> Iterator[Page]:
    """Show the explorer in a JupyterLab that ends with the block."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(write_notebook(Path(folder), *_CELLS)) as address,
        running_chromium() as chromium,
    ):
        page = chromium.new_page(viewport={"width": 1300, "height": 1700})
        open_notebook(page, address, "latency.ipynb")
        run_all(page)
        page.locator(_CANVAS).wait_for()
        yield page


def _times(
    page: Page, selector: str, keys: tuple[str, str], signature: str, moves: int
) -> list[float]:
    control = page.locator(selector)
    times = [
        latency(page, control, keys[move % 2], signature)
        for move in range(moves + _WARM_UP)
    ]
    return times[_WARM_UP:]


if __name__ == "__main__":
    main()
