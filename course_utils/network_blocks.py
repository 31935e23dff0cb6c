"""The layers of a network in blocks and stages, so that long lists can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from torch import nn

from course_utils.network_anatomy import LayerFacts
from course_utils.network_walk import is_layer

_MOST: Final = 40  # layers in a block: a longer list is taken apart
_CONTAINERS: Final = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


@dataclass(frozen=True)
class Block:
    """Layers that belong together, such as a residual block; often a single one.

    Attributes:
        name: Its name in the model.
        layers: Places of its layers in the anatomy.
    """

    name: str
    layers: tuple[int, ...]


@dataclass(frozen=True)
class Stage:
    """Blocks whose outputs have the same height and width.

    Attributes:
        title: That size, and the names of its first and last block.
        blocks: In the order of the forward pass.
    """

    title: str
    blocks: tuple[Block, ...]


def stages(model: nn.Module, rows: Sequence[LayerFacts]) -> tuple[Stage, ...]:
    """Group the layers that ``anatomy`` has found, in the order of the forward pass.

    Args:
        model: The network, or its skeleton.
        rows: Its anatomy.
    """
    names = _block_names(model, rows)
    blocks = [
        _block(name, [place for place, _ in group], rows)
        for name, group in groupby(enumerate(names), key=lambda item: item[1])
    ]
    return tuple(
        _stage(size, list(group))
        for size, group in groupby(blocks, key=lambda block: _size(block, rows))
    )


def _block(name: str, places: list[int], rows: Sequence[LayerFacts]) -> Block:
    alone = len(places) == 1
    return Block(rows[places[0]].name if alone else name, tuple(places))


def _size(block: Block, rows: Sequence[LayerFacts]) -> str:
    shape = rows[block.layers[-1]].output_shape
    return f"{shape[-2]} × {shape[-1]}" if len(shape) == 4 else "vector"


def _stage(size: str, blocks: list[Block]) -> Stage:
    names = [block.name for block in blocks]
    span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    return Stage(f"{size}: {span}", tuple(blocks))


def _block_names(model: nn.Module, rows: Sequence[LayerFacts]) -> list[str]:
    modules = dict(model.named_modules())
    within = Counter(prefix for facts in rows for prefix in _prefixes(facts.owner))

    def is_opened(name: str) -> bool:
        module = modules[name]
        if is_layer(module):
            return False
        return isinstance(module, _CONTAINERS) or within[name] > _MOST

    names = []
    for facts in rows:
        closed = (p for p in _prefixes(facts.owner) if not is_opened(p))
        names.append(next(closed, facts.name))
    return names


def _prefixes(name: str) -> Iterable[str]:
    parts = name.split(".") if name else []
    return (".".join(parts[: end + 1]) for end in range(len(parts)))
