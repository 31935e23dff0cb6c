"""Random numbers: start them from a seed, keep their state, and put it back."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

# everything a checkpoint may hold: tensors, numbers, texts, and lists and dicts of them
RandomState = dict[str, Any]


def set_seed(seed: int, threads: int | None = None) -> None:
    """Start all random numbers (Python, NumPy, PyTorch on every device) from ``seed``.

    Sums in another order round differently, so that the number of threads is part of
    what must be the same for a run to repeat bit by bit.

    Args:
        seed: From 0 to 2³² − 1.
        threads: How many threads PyTorch computes with; ``None`` leaves it as it is.

    Raises:
        TypeError: If ``seed`` or ``threads`` is no whole number.
        ValueError: If ``seed`` is out of range, or ``threads`` less than 1.
    """
    _require_whole("seed", seed)
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed}; choose one from 0 to 4294967295 (2**32 - 1)")
    if threads is not None:
        _require_whole("threads", threads)
        if threads < 1:
            raise ValueError(f"threads is {threads}; at least 1 is needed")
        torch.set_num_threads(threads)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def random_state(*loaders: object) -> RandomState:
    """Return the state of all random numbers, those of the loaders included."""
    version, inner, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()
    state: RandomState = {
        "python": [version, list(inner), gauss],
        "numpy": [
            name,
            torch.from_numpy(np.asarray(keys).astype(np.int64)),
            int(position),
            int(has_gauss),
            float(cached),
        ],
        "torch": torch.get_rng_state(),
        "loaders": [generator.get_state() for generator in _generators(loaders)],
    }
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        state["cuda"] = torch.cuda.get_rng_state_all()
    if torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    return state


def restore_random_state(state: RandomState, *loaders: object) -> None:
    """Put back what `random_state` returned, for the same loaders in the same order."""
    version, inner, gauss = state["python"]
    random.setstate((version, tuple(inner), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    words = keys.numpy().astype(np.uint32)
    np.random.set_state((name, words, position, has_gauss, cached))
    torch.set_rng_state(state["torch"])
    # another machine may have fewer devices, and another run other loaders
    for generator, saved in zip(_generators(loaders), state["loaders"], strict=False):
        generator.set_state(saved)
    for index, saved in enumerate(state.get("cuda", ())):
        if index < torch.cuda.device_count():
            torch.cuda.set_rng_state(saved, index)
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])


def _generators(loaders: tuple[object, ...]) -> list[torch.Generator]:
    """Return the loaders' own generators, each once."""
    holders = [h for loader in loaders for h in (loader, getattr(loader, "sampler", 0))]
    found = (getattr(holder, "generator", None) for holder in holders)
    generators = {id(g): g for g in found if isinstance(g, torch.Generator)}
    return list(generators.values())


def _require_whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r}; write a whole number, such as 1")
