"""The anatomy of networks against arithmetic, torchvision's numbers and autograd."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
import torchvision.models as zoo
from torch import Tensor, nn

from course_utils.arithmetic import receptive_field
from course_utils.network_anatomy import LayerFacts, anatomy

PHOTO = (1, 3, 224, 224)
NETWORKS = (
    "alexnet", "vgg13", "vgg16", "vgg19", "googlenet", "resnet18", "resnet34",
    "resnet50", "resnet101", "resnet152", "densenet121", "squeezenet1_1",
    "efficientnet_b0", "mobilenet_v3_small",
)  # fmt: skip


def network(name: str) -> nn.Module:
    options = {"aux_logits": False, "init_weights": False} if "google" in name else {}
    with torch.device("meta"):
        return zoo.get_model(name, weights=None, **options)


def row(rows: list[LayerFacts], name: str) -> LayerFacts:
    return next(facts for facts in rows if facts.name == name)


@pytest.mark.parametrize("name", NETWORKS)
def test_costs_are_those_that_torchvision_publishes(name: str) -> None:
    published = zoo.get_model_weights(name).DEFAULT.meta
    last = anatomy(network(name), PHOTO)[-1]
    assert last.parameters_so_far == published["num_params"]
    giga = last.multiply_adds_so_far / 1e9
    assert giga == pytest.approx(published["_ops"], abs=6e-4)


CHAINS = {
    "plain": [(3, 1, 1), (3, 1, 1), (5, 1, 1)],
    "strides": [(7, 2, 1), (3, 2, 1), (1, 1, 1), (3, 2, 1), (2, 1, 1)],
    "dilation": [(3, 1, 2), (3, 2, 3), (4, 1, 2)],
}


@pytest.mark.parametrize("name", CHAINS)
def test_receptive_field_and_jump_of_a_chain_are_those_of_the_arithmetic(
    name: str,
) -> None:
    layers = [
        nn.Conv2d(1, 1, taps, stride=stride, dilation=dilation, padding=1)
        for taps, stride, dilation in CHAINS[name]
    ]
    rows = anatomy(nn.Sequential(*layers), (1, 1, 96, 96))
    for end, facts in enumerate(rows, start=1):
        chain = CHAINS[name][:end]
        assert facts.receptive_field == (receptive_field(chain),) * 2
        jump = torch.tensor([stride for _, stride, _ in chain]).prod().item()
        assert facts.jump == (jump, jump)


@pytest.mark.parametrize(
    ("name", "last", "size"),
    [("alexnet", "features.12", 195), ("vgg16", "features.30", 212)],
)
def test_receptive_fields_are_the_published_ones(
    name: str, last: str, size: int
) -> None:
    # Araujo, Norris and Sim (2019), "Computing Receptive Fields of Convolutional
    # Neural Networks", Distill: their table of receptive fields
    facts = row(anatomy(network(name), PHOTO), last)
    assert facts.receptive_field == (size, size)
    assert facts.jump == (32, 32)


def test_the_longest_way_through_resnet50_decides() -> None:
    block = [(1, 1, 1), (3, 1, 1), (1, 1, 1)]
    halving = [(1, 1, 1), (3, 2, 1), (1, 1, 1)]
    way = [(7, 2, 1), (3, 2, 1), *block * 3]
    for blocks in (4, 6, 3):
        way += [*halving, *block * (blocks - 1)]
    facts = row(anatomy(network("resnet50"), PHOTO), "layer4.2.relu (3)")
    assert facts.receptive_field == (receptive_field(way),) * 2
    assert facts.jump == (32, 32)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 2, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(2, 2, 3, padding=1)
        self.project = nn.Conv2d(2, 2, 1, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv2(self.conv1(x)) + self.project(x))


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(2, 1, 1)
        self.wide = nn.Conv2d(2, 1, (1, 7), padding=(0, 3))
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.narrow(x), self.wide(x), self.pool(x)[:, :1]], dim=1)


class Squeezing(nn.Module):
    """Squeeze and excitation: a factor for each channel, from the whole image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.conv(x)
        return maps * maps.mean(dim=(2, 3), keepdim=True)


FOLLOWED: dict[str, Callable[[], nn.Module]] = {
    "residual": lambda: nn.Sequential(Residual(), Residual()),
    "branches": lambda: nn.Sequential(Branches(), nn.AvgPool2d(2), nn.Conv2d(3, 2, 3)),
    "squeezing": Squeezing,
    "lopsided": lambda: nn.Sequential(
        nn.ZeroPad2d((2, 0, 1, 0)), nn.Conv2d(2, 2, 3), nn.MaxPool2d(3, 2)
    ),
    "same": lambda: nn.Conv2d(2, 2, 3, padding="same"),
    "dilated": lambda: nn.Conv2d(2, 2, 3, dilation=2, stride=3, padding=2),
    "ceil mode": lambda: nn.Sequential(
        nn.Conv2d(2, 2, 2), nn.MaxPool2d(3, 2, ceil_mode=True)
    ),
    "uneven windows": lambda: nn.Sequential(
        nn.Conv2d(2, 2, 3, padding=1), nn.AdaptiveAvgPool2d((5, 3))
    ),
    "up again": lambda: nn.Sequential(
        nn.Conv2d(2, 2, 3, stride=2, padding=1),
        nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(2, 2, 3, padding=1),
    ),
    "response norm": lambda: nn.Sequential(nn.Conv2d(2, 6, 3), nn.LocalResponseNorm(3)),
    "group norm": lambda: nn.Sequential(nn.Conv2d(2, 2, 3), nn.GroupNorm(1, 2)),
    "shuffled": lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.ChannelShuffle(2)),
}


def seen_by_autograd(model: nn.Module, row: int, col: int) -> tuple[int, ...]:
    """Top, left, bottom and right of the pixels with a gradient, both ends included."""
    images = torch.randn(48, 2, 22, 19, dtype=torch.float64, requires_grad=True)
    output = model.double()(images)[:, :, row, col]
    (gradient,) = torch.autograd.grad((output**2).sum(), images)
    touched = gradient.abs().sum(dim=(0, 1)) > 0
    rows, cols = (touched.any(dim=axis).nonzero().flatten() for axis in (1, 0))
    return tuple(int(i) for i in (rows[0], cols[0], rows[-1], cols[-1]))


@pytest.mark.parametrize("name", FOLLOWED)
def test_boxes_hold_exactly_the_pixels_that_have_a_gradient(name: str) -> None:
    torch.manual_seed(1)
    model = FOLLOWED[name]().eval()
    last = anatomy(model, (1, 2, 22, 19))[-1]
    *_, height, width = last.output_shape
    for place in ((0, 0), (height // 2, width // 2), (height - 1, width - 1)):
        top, left, tall, wide = last.box(*place)
        corner = (max(top, 0), max(left, 0))
        clipped = (*corner, min(top + tall, 22) - 1, min(left + wide, 19) - 1)
        assert clipped == seen_by_autograd(model, *place), place


def test_the_field_of_joined_branches_is_the_largest() -> None:
    rows = anatomy(Branches(), (1, 2, 16, 16))
    assert [facts.receptive_field for facts in rows] == [(1, 1), (1, 7), (3, 3), (3, 7)]


def test_functions_of_a_forward_have_rows_of_their_own() -> None:
    rows = anatomy(nn.Sequential(Residual(), nn.Flatten()), (2, 2, 8, 8))
    assert [facts.name for facts in rows] == [
        "0.conv1", "0.conv2", "0.project", "0 (addition)", "0 (relu)", "1",
    ]  # fmt: skip
    addition = rows[3]
    assert addition.input_shapes == ((2, 2, 4, 4), (2, 2, 4, 4))
    assert addition.module == "addition of 2 tensors"
    assert addition.owner == "0"


def test_a_layer_called_twice_has_a_number_and_its_parameters_once() -> None:
    conv = nn.Conv2d(3, 3, 3)
    first, second = anatomy(nn.Sequential(conv, conv), (1, 3, 9, 9))
    assert (first.name, second.name) == ("0", "0 (2)")
    assert (first.parameters, second.parameters) == (84, 0)
    assert second.multiply_adds == 3 * 3 * 9 * 5 * 5


def test_formula_shapes_and_words_are_filled_in() -> None:
    conv, flat, linear = anatomy(
        nn.Sequential(nn.Conv2d(1, 6, 5), nn.Flatten(), nn.Linear(4704, 10)),
        (1, 1, 32, 32),
    )
    assert conv.module == "Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))"
    assert conv.formula == "⌊(32 + 2·0 − 1·(5−1) − 1)/1⌋ + 1 = 28"
    assert flat.formula == "6·28·28 = 4704"
    assert (linear.input_shapes, linear.output_shape) == (((1, 4704),), (1, 10))
    assert (conv.gives_maps, linear.gives_maps) == (True, False)


def test_a_concatenation_adds_up_the_channels() -> None:
    assert anatomy(Branches(), (1, 2, 8, 8))[-1].formula == "1 + 1 + 1 = 3 channels"


def test_numbers_are_for_one_image_whatever_the_batch() -> None:
    one, four = (anatomy(Branches(), (n, 2, 8, 8))[-1] for n in (1, 4))
    assert four.multiply_adds_so_far == one.multiply_adds_so_far > 0


def test_what_cannot_be_followed_is_said_and_not_guessed() -> None:
    last = anatomy(nn.Sequential(nn.Conv2d(3, 4, 1), nn.PixelShuffle(2)), PHOTO)[-1]
    assert last.receptive_field is last.jump is None
    with pytest.raises(ValueError, match="pixel_shuffle cannot be followed"):
        last.box(0, 0)


def test_a_position_outside_the_output_is_refused() -> None:
    (conv,) = anatomy(nn.Conv2d(3, 4, 3), (1, 3, 8, 8))
    with pytest.raises(ValueError, match=r"position is \(6, 0\), outside .* 6x6"):
        conv.box(6, 0)


def test_the_model_is_not_touched() -> None:
    model = nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.Dropout())
    seen: list[Tensor] = []
    model[0].register_forward_hook(lambda _m, _given, output: seen.append(output))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    anatomy(model, (4, 3, 8, 8))
    assert seen == []
    assert all(torch.equal(before[n], v) for n, v in model.state_dict().items())
    assert model.training
    assert len(model[0]._forward_hooks) == 1
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model[1:])


@pytest.mark.parametrize(
    ("model", "shape", "says"),
    [
        (nn.ReLU(), (3, 32, 32), r"input_shape is \(3, 32, 32\); expected \(N, C, H"),
        (nn.ReLU(), (1, 3, 0, 8), r"input_shape is \(1, 3, 0, 8\)"),
        (nn.Conv2d(1, 6, 5), (1, 3, 9, 9), "got 3 channels, .* in_channels is 1"),
        (nn.LazyConv2d(6, 5), (1, 3, 9, 9), "call the model once on an image"),
        (
            nn.Sequential(nn.Flatten(), nn.Linear(9, 2)),
            (1, 1, 4, 4),
            r"cannot take an input of shape \(1, 1, 4, 4\): ✗ Stopped at 1 \(Linear\)",
        ),
    ],
)
def test_a_model_or_shape_that_cannot_work_is_explained(
    model: nn.Module, shape: tuple[int, ...], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        anatomy(model, shape)


def test_something_else_than_a_model_is_refused() -> None:
    with pytest.raises(TypeError, match="model is str; expected an nn"):
        anatomy("resnet18", PHOTO)  # type: ignore[arg-type]
