"""Record the grid of pictures that lesson 09 and its explorer show.

python -m tools.record_style            # the grid: about ten minutes on one core
python -m tools.record_style --timing   # how long 224 pixels and 150 steps take

Interrupted, it goes on where it stopped: finished pictures wait in build/style.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import time
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from course_utils import pretrained
from course_utils.pretrained import Network
from course_utils.style.pictures import as_pil
from course_utils.style.stored import SOURCES, folder, pictures_of
from course_utils.style.transfer import Recipe, Targets, transferred
from tools.building.project import ROOT

SIZE: Final = 192  # pixels; a multiple of 16, so that WebP keeps the tiles apart
STEPS: Final = 100
WEIGHTS: Final = (0.1, 0.3, 1, 3, 10, 30, 100)
LAYERS: Final = ((1,), (1, 4), (1, 4, 6), (1, 4, 6, 7), (6, 7))
CONTENT_LAYER: Final = 3
TV_SHARE: Final = 0.05
QUALITY: Final = 80  # of WebP
UNFINISHED: Final = ROOT / "build" / "style"
RUNS: Final = 3  # of each timing
TIMED: Final = (224, 150)  # pixels and steps


def paint(
    network: Network, content: Tensor, style: Tensor, recipe: Recipe
) -> tuple[Tensor, dict[str, float]]:
    """Return the picture after the last step, (1, 3, H, W), and its three losses."""
    *_, last = transferred(network, content, style, recipe)
    targets = Targets.of(network, content, style, recipe)
    with torch.no_grad():
        losses = targets.losses(last.picture)
    return last.picture, {name: float(f"{value:.4g}") for name, value in losses.items()}


def record_pair(network: Network, name: str) -> dict[str, Any]:
    """Paint what is not yet painted, write the sheet; return what is to be stored."""
    content, style = pictures_of(name, SIZE)
    sheet = Image.new("RGB", (len(WEIGHTS) * SIZE, (len(LAYERS) + 1) * SIZE), "white")
    sheet.paste(as_pil(content), (0, 0))
    sheet.paste(as_pil(style), (SIZE, 0))
    losses: list[list[dict[str, float]]] = [[] for _ in LAYERS]
    for row, column in product(range(len(LAYERS)), range(len(WEIGHTS))):
        recipe = Recipe(LAYERS[row], CONTENT_LAYER, WEIGHTS[column], TV_SHARE, STEPS)
        tile, found = _tile(network, f"{name}-{row}-{column}", (content, style), recipe)
        sheet.paste(tile, (column * SIZE, (row + 1) * SIZE))
        losses[row].append(found)
        print(
            f"{name}, {recipe.style_layers}, {recipe.style_weight}: {found}", flush=True
        )
    sheet.save(folder() / f"{name}.webp", quality=QUALITY, method=6)
    start = [_style_loss(network, content, style, layers) for layers in LAYERS]
    return {"start": start, "losses": losses}


def _style_loss(
    network: Network, content: Tensor, style: Tensor, layers: tuple[int, ...]
) -> float:
    """The style loss of the content picture itself."""
    with torch.no_grad():
        targets = Targets.of(network, content, style, Recipe(layers, CONTENT_LAYER))
        return float(f"{targets.losses(content)['style']:.4g}")


def _tile(
    network: Network, name: str, pair: tuple[Tensor, Tensor], recipe: Recipe
) -> tuple[Image.Image, dict[str, float]]:
    kept, numbers = UNFINISHED / f"{name}.png", UNFINISHED / f"{name}.json"
    if not numbers.exists():
        picture, losses = paint(network, *pair, recipe)
        as_pil(picture).save(kept)
        numbers.write_text(json.dumps(losses), "utf-8")  # last: then both are there
    return Image.open(kept), json.loads(numbers.read_text("utf-8"))


def record_grid() -> dict[str, Any]:
    """Paint all pictures; return what is to be stored beside the sheets."""
    torch.set_num_threads(1)
    UNFINISHED.mkdir(parents=True, exist_ok=True)
    network = pretrained.style_features("squeezenet1_1")
    return {
        "network": network.name,
        "size": SIZE,
        "steps": STEPS,
        "optimizer": "Adam, lr 0.03",
        "content_layer": CONTENT_LAYER,
        "content_weight": 1,
        "tv_share": TV_SHARE,
        "weights": list(WEIGHTS),
        "layers": [list(layers) for layers in LAYERS],
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
        "pairs": {name: record_pair(network, name) for name in SOURCES},
    }


def machine() -> str:
    """Processor, cores and version of torch, in words."""
    version = torch.__version__.split("+")[0]
    return f"{platform.machine()} processor, {os.cpu_count()} cores, torch {version}"


def record_timing() -> dict[str, Any]:
    """Measure a whole transfer, with one thread and with two."""
    size, steps = TIMED
    network = pretrained.style_features("squeezenet1_1")
    content, style = pictures_of("china_strokes", size)
    recipe = Recipe((1, 4, 6, 7), CONTENT_LAYER, steps=steps)
    return {
        "size": size,
        "steps": steps,
        "runs": RUNS,
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
        "load": round(os.getloadavg()[0], 1),  # programs that wanted to compute
        "threads": {
            threads: dict(_timings(network, content, style, recipe, threads))
            for threads in (1, 2)
        },
    }


def _timings(
    network: Network, content: Tensor, style: Tensor, recipe: Recipe, threads: int
) -> Iterator[tuple[str, Any]]:
    torch.set_num_threads(threads)
    seconds, busy = [], []
    for _ in range(RUNS):
        start, used = time.perf_counter(), time.process_time()
        paint(network, content, style, recipe)
        seconds.append(round(time.perf_counter() - start, 1))
        # what other programs take on a busy machine does not count here
        busy.append(round((time.process_time() - used) / threads, 1))
        print(f"{threads} threads: {seconds[-1]} s, {busy[-1]} s a thread", flush=True)
    yield "seconds", seconds
    yield "processor_seconds_a_thread", busy
    yield "median_seconds", statistics.median(seconds)


def main() -> None:
    """Record the grid, or the timing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--timing", action="store_true", help="measure only")
    timing = parser.parse_args().timing
    folder().mkdir(parents=True, exist_ok=True)
    file = folder() / ("timing.json" if timing else "grid.json")
    facts = record_timing() if timing else record_grid()
    file.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    print(f"wrote {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
