"""Long lists of layers in stages and blocks, and the networks that have them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from course_utils.network_anatomy import anatomy
from course_utils.network_blocks import Stage, stages
from course_utils.network_zoo import (
    ARCHITECTURES,
    LeNet5,
    architecture,
    named_anatomy,
    skeleton,
)


def grouped(name: str) -> tuple[Stage, ...]:
    return stages(skeleton(name), named_anatomy(name))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_layer_is_in_one_block_in_order(name: str) -> None:
    places = [p for stage in grouped(name) for b in stage.blocks for p in b.layers]
    assert places == list(range(len(named_anatomy(name))))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_no_list_is_too_long_to_be_read(name: str) -> None:
    found = grouped(name)
    assert len(found) <= 10
    assert max(len(stage.blocks) for stage in found) <= 40
    assert max(len(b.layers) for stage in found for b in stage.blocks) <= 40


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_layers_have_names_of_their_own(name: str) -> None:
    names = [facts.name for facts in named_anatomy(name)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_all_receptive_fields_are_known(name: str) -> None:
    assert [f.name for f in named_anatomy(name) if f.receptive_field is None] == []


def test_residual_blocks_are_blocks_and_stages_have_one_size() -> None:
    titles = [stage.title for stage in grouped("resnet152")]
    assert titles == [
        "112 × 112: conv1 to relu",
        "56 × 56: maxpool to layer1.2",
        "28 × 28: layer2.0 to layer2.7",
        "14 × 14: layer3.0 to layer3.35",
        "7 × 7: layer4.0 to layer4.2",
        "1 × 1: avgpool",
        "vector: (flatten) to fc",
    ]
    rows = named_anatomy("resnet152")
    first = grouped("resnet152")[3].blocks[0]
    assert first.name == "layer3.0"
    names = [rows[place].name for place in first.layers]
    assert names[0] == "layer3.0.conv1"
    assert names[-4:] == [
        "layer3.0.downsample.0",
        "layer3.0.downsample.1",
        "layer3.0 (addition)",
        "layer3.0.relu (3)",
    ]


def test_a_network_inside_another_is_taken_apart() -> None:
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = skeleton("resnet34")

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x)

    model = Wrapped()
    found = stages(model, anatomy(model, (1, 3, 64, 64)))
    assert "inner.layer1.0" in {block.name for s in found for block in s.blocks}


def test_lenet_has_the_known_number_of_parameters() -> None:
    assert sum(p.numel() for p in LeNet5().parameters()) == 61_706
    assert LeNet5()(torch.zeros(2, 1, 32, 32)).shape == (2, 10)


def test_networks_are_built_without_memory() -> None:
    assert all(p.is_meta for p in skeleton("vgg19").parameters())


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match="architecture is 'vgg17'; choose one of len"):
        architecture("vgg17")
