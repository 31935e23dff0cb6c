"""The numbers that lesson 06 states in its prose, its hints and its quiz."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models

from course_utils.arithmetic import conv_output_size, conv_parameters, receptive_field
from course_utils.network_anatomy import anatomy
from course_utils.network_zoo import named_anatomy
from course_utils.questions import lesson06 as questions
from tests.notebooks import read

IMAGE = (1, 3, 224, 224)


def on_meta(name: str, **options: Any) -> nn.Module:
    """Return one of torchvision's networks without its numbers."""
    with torch.device("meta"):
        return models.get_model(name, weights=None, **options)


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


# AlexNet


def test_alexnet_keeps_parameters_in_linear_layers_and_work_in_convolutions() -> None:
    rows = anatomy(on_meta("alexnet"), IMAGE)
    linear = [row for row in rows if row.kind == "Linear"]
    stored = sum(row.parameters for row in linear) / rows[-1].parameters_so_far
    worked = sum(row.multiply_adds for row in linear) / rows[-1].multiply_adds_so_far
    assert stored == pytest.approx(0.96, abs=0.005)
    assert worked == pytest.approx(0.08, abs=0.005)
    assert rows[-1].parameters_so_far == 61_100_840


def test_the_first_alexnet_had_61_0_million_parameters() -> None:
    convolutions = ((3, 96, 11, 1), (96, 256, 5, 2), (256, 384, 3, 1))
    convolutions += ((384, 384, 3, 2), (384, 256, 3, 2))
    count = sum(conv_parameters(i, o, k, groups=g) for i, o, k, g in convolutions)
    count += 9217 * 4096 + 4097 * 4096 + 4097 * 1000
    assert count == 60_965_224


@pytest.mark.parametrize(
    ("size", "padding", "side"),
    [(224, 0, 54), (227, 0, 55), (224, 2, 55), (256, 0, 62)],
)
def test_first_maps_of_alexnet(size: int, padding: int, side: int) -> None:
    assert conv_output_size(size, 11, stride=4, padding=padding) == side


def test_crops_of_224_make_some_two_thousand_pictures() -> None:
    assert (256 - 224) ** 2 * 2 == 2048
    assert questions.crops(256, 224) == 2 * 33**2 == 2178


# local response normalisation


def test_response_example_gives_0436_and_085() -> None:
    pixel = torch.tensor([1.0, 0.0, 2.0, 4.0, 1.0]).reshape(1, 5, 1, 1)
    out = F.local_response_norm(pixel, 3, alpha=3.0, beta=0.5, k=1.0).flatten()
    assert (
        out[2].item() == pytest.approx(2 / sqrt(21)) == pytest.approx(0.436, abs=5e-4)
    )
    assert out[3].item() == pytest.approx(0.85, abs=0.005)
    assert out[4].item() == pytest.approx(0.24, abs=0.005)
    assert out[0].item() == pytest.approx(0.71, abs=0.005)


@pytest.mark.parametrize(("size", "present"), [(5, 5), (4, 4), (2, 2)])
def test_pytorchs_window_holds_size_channels_the_slides_one_more_when_even(
    size: int, present: int
) -> None:
    ones = torch.ones(1, 11, 1, 1)
    bracket = 1 / F.local_response_norm(ones, size, alpha=1.0, beta=1.0, k=0.0)
    assert bracket[0, 5, 0, 0].item() * size == pytest.approx(present)
    assert len(range(5 - size // 2, 5 + size // 2 + 1)) == size + 1 - size % 2


def test_alexnets_response_norm_sleeps_near_1_and_wakes_at_100() -> None:
    layer = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)
    factors = [
        layer(torch.full((1, 9, 1, 1), size))[0, 4, 0, 0].item() / size
        for size in (1.0, 100.0)
    ]
    assert factors[0] == pytest.approx(0.594, abs=0.001)
    assert factors[1] == pytest.approx(7**-0.75, abs=0.001)
    paper = (2 + 1e-4 * 5 * 100**2) ** -0.75  # the paper does not divide alpha by n
    assert factors[1] == pytest.approx(paper, rel=1e-4)


# VGG, GoogLeNet and the table


@pytest.mark.parametrize(
    ("name", "count"), [("vgg13", 10), ("vgg16", 13), ("vgg19", 16)]
)
def test_vggs_have_10_13_and_16_convolutions_and_three_linear_layers(
    name: str, count: int
) -> None:
    layers = list(on_meta(name).modules())
    assert sum(isinstance(layer, nn.Conv2d) for layer in layers) == count
    assert sum(isinstance(layer, nn.Linear) for layer in layers) == 3


def test_two_and_three_3x3_see_5_and_7_pixels() -> None:
    assert receptive_field([(3, 1, 1)] * 2) == 5
    assert receptive_field([(3, 1, 1)] * 3) == 7


def test_googlenets_first_module_joins_256_channels_and_has_a_3x3_third_branch() -> (
    None
):
    net = on_meta("googlenet", init_weights=False, aux_logits=False)
    maps = torch.empty(1, 192, 28, 28, device="meta")
    module = net.inception3a
    parts = (module.branch1, module.branch2, module.branch3, module.branch4)
    channels = [part(maps).shape[1] for part in parts]
    assert channels == [64, 128, 32, 32]
    assert module(maps).shape[1] == 256
    assert module.branch3[1].conv.kernel_size == (3, 3)


def test_squeezing_saves_120_to_12_million_multiply_adds() -> None:
    direct = 28 * 28 * 192 * 32 * 25
    squeezed = 28 * 28 * (192 * 16 + 16 * 32 * 25)
    assert (round(direct / 1e6), round(squeezed / 1e6)) == (120, 12)


def test_torchvisions_googlenet_has_nine_times_fewer_parameters_than_alexnet() -> None:
    small = parameters(on_meta("googlenet", init_weights=False, aux_logits=False))
    assert parameters(on_meta("alexnet")) / small == pytest.approx(9, abs=0.4)


def test_the_tables_columns_read_as_the_lesson_says() -> None:
    rows = {name: anatomy(on_meta(name), IMAGE) for name in ("alexnet", "vgg16")}
    rows |= {name: anatomy(on_meta(name), IMAGE) for name in ("resnet18", "resnet50")}
    stored = {name: row[-1].parameters_so_far for name, row in rows.items()}
    work = {name: row[-1].multiply_adds_so_far for name, row in rows.items()}
    maps = {
        name: sum(torch.Size(one.output_shape).numel() for one in row)
        for name, row in rows.items()
    }
    assert 2 < stored["vgg16"] / stored["alexnet"] < 2.5
    assert 20 < work["vgg16"] / work["alexnet"] < 25
    assert stored["vgg16"] / stored["resnet50"] == pytest.approx(5.4, abs=0.1)
    assert work["vgg16"] / work["resnet50"] == pytest.approx(3.8, abs=0.1)
    assert maps["resnet50"] > maps["vgg16"]


@pytest.mark.parametrize(
    ("name", "sees_all"), [("vgg16", False), ("vgg19", True), ("resnet18", True)]
)
def test_last_maps_see_more_than_the_image_from_vgg19_on(
    name: str, sees_all: bool
) -> None:
    rows = named_anatomy(name)
    last = [row for row in rows if row.gives_maps and row.output_shape[-1] > 1][-1]
    assert last.receptive_field is not None
    assert (last.receptive_field[0] > 224) is sees_all


# the zoo


def test_a_newer_recipe_gives_resnet50_almost_five_points() -> None:
    old, new = models.get_model_weights("resnet50")
    points = [one.meta["_metrics"]["ImageNet-1K"]["acc@1"] for one in (old, new)]
    assert points[1] - points[0] == pytest.approx(4.7, abs=0.05)
    assert old.meta["_ops"] == new.meta["_ops"]


def test_torchvisions_operations_are_our_multiply_adds() -> None:
    for name in ("alexnet", "resnet50"):
        ours = anatomy(on_meta(name), IMAGE)[-1].multiply_adds_so_far
        theirs = models.get_model_weights(name).DEFAULT.meta["_ops"]
        assert ours / 1e9 == pytest.approx(theirs, abs=0.001)


def test_densenets_layers_read_32_channels_more_each_time() -> None:
    block = on_meta("densenet121").features.denseblock1
    reads = [layer.norm1.num_features for layer in block.values()]
    assert reads == [64, 96, 128, 160, 192, 224]


def test_a_bottleneck_costs_about_as_much_as_a_basic_block() -> None:
    deep = anatomy(models.resnet.Bottleneck(256, 64), (1, 256, 56, 56))[-1]
    basic = anatomy(models.resnet.BasicBlock(64, 64), (1, 64, 56, 56))[-1]
    ratio = deep.multiply_adds_so_far / basic.multiply_adds_so_far
    assert ratio == pytest.approx(1, abs=0.1)


# the quiz


def test_quiz_answers() -> None:
    answers = [question.correct for question in questions.quiz.questions]
    assert answers[:2] == [44, 69_632]
    assert answers[3] == 2178
    assert (answers[2][:22], answers[4]) == ("Its running statistics", "Overfitting")


def test_quiz_question_on_the_bottleneck() -> None:
    down = conv_parameters(256, 64, 1, bias=False)
    middle = conv_parameters(64, 64, 3, bias=False)
    assert (down, middle) == (16_384, 36_864)
    assert 2 * conv_parameters(256, 256, 3, bias=False) == 1_179_648
    assert 1_179_648 / questions.bottleneck_weights(256, 64) == pytest.approx(
        17, abs=0.1
    )
    assert down + middle == 53_248
    assert 2 * down + conv_parameters(256, 256, 3, bias=False) == 622_592
    assert 69_632 + (64 + 64 + 256) == 70_016
    assert 69_632 + 2 * (64 + 64 + 256) == 70_400


# the stored lesson


@pytest.mark.parametrize("worked", [True, False], ids=["worked", "student"])
def test_every_verdict_in_the_stored_lesson_holds(worked: bool) -> None:
    printed = [
        line
        for cell in read("06", worked).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        for line in output.get("text", "").splitlines()
        if line.endswith((": True", ": False")) and "same in both batches" not in line
    ]
    assert len(printed) >= 5
    assert all(line.endswith(": True") for line in printed), printed


def test_own_resnet_equals_torchvisions_in_the_stored_lesson() -> None:
    (text,) = [
        output.text
        for cell in read("06", worked=True).cells
        if cell.cell_type == "code" and "own - other" in cell.source
        for output in cell.outputs
    ]
    found = [float(line.rpartition(" ")[2]) for line in text.splitlines()]
    assert len(found) == 2
    assert max(found) < 1e-5
