"""What every layer gives for an image, equal to what the layers themselves give."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.network_activations import IN_ORDER, STRONGEST, run_network
from course_utils.network_anatomy import anatomy
from course_utils.network_zoo import skeleton


class Block(nn.Module):
    """A residual block that works in place wherever it can."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.norm(self.conv(x)))
        y += x
        return self.relu(y)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(4, 3))
    return nn.Sequential(nn.Conv2d(3, 4, 3), Block(), *head)


def image(side: int = 12) -> Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))


def test_each_layer_holds_what_it_gave_before_the_next_worked_in_place() -> None:
    model = network().eval()
    run = run_network(model, image())
    first = model[0](image())
    inner = model[1].norm(model[1].conv(first.clone()))
    for name, expected in (
        ("0", first),
        ("1.norm", inner),
        ("1.relu", inner.relu()),
        ("1 (addition)", inner.relu() + first),
        ("1.relu (2)", (inner.relu() + first).relu()),
    ):
        torch.testing.assert_close(run.layers[name].maps, expected[0])


def test_layers_have_the_names_of_the_anatomy() -> None:
    model = network()
    names = [facts.name for facts in anatomy(model, (1, 3, 12, 12))]
    assert list(run_network(model, image()).layers) == names


def test_functions_have_the_names_of_the_anatomy_on_a_real_device_too() -> None:
    class Functions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.shift = nn.Parameter(torch.ones(1))

        def forward(self, x: Tensor) -> Tensor:
            x = torch.tanh(F.max_pool2d(F.relu(self.conv(x)), 2) + self.shift)
            x = torch.cat([x, F.avg_pool2d(x, 3, stride=1, padding=1)], dim=1)
            x = F.adaptive_avg_pool2d(x * 2, 1).flatten(1)
            return F.linear(x, torch.ones(2, 8)).softmax(dim=1)

    model = Functions()
    names = [facts.name for facts in anatomy(model, (1, 3, 12, 12))]
    assert names == [
        "conv", "(relu)", "(max pooling)", "(tanh)", "(average pooling)",
        "(concatenation)", "(average)", "(flatten)", "(linear)", "(softmax)",
    ]  # fmt: skip
    assert list(run_network(model, image()).layers) == names


def test_branches_have_the_names_of_the_anatomy() -> None:
    model = skeleton("googlenet").to_empty(device="cpu")
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -0.01, 0.01)
    for buffer in model.buffers():
        buffer.fill_(1)
    names = [facts.name for facts in anatomy(model, (1, 3, 64, 64))]
    assert list(run_network(model, image(64)).layers) == names


def test_logits_are_those_of_the_model_in_evaluation() -> None:
    model = network()
    expected = network().eval()(image())[0]
    logits = run_network(model.train(), image()).logits
    assert logits is not None
    torch.testing.assert_close(logits, expected)
    assert all(module.training for module in model.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_a_model_that_gives_maps_has_no_logits() -> None:
    assert run_network(nn.Conv2d(3, 4, 3), image()).logits is None


def test_the_strongest_channel_has_the_largest_mean_magnitude() -> None:
    maps = run_network(network(), image()).layers["0"]
    strength = maps.maps.abs().mean(dim=(1, 2))
    assert maps.ranking(STRONGEST) == strength.sort(descending=True)[1].tolist()
    assert maps.ranking(IN_ORDER) == [0, 1, 2, 3]


@pytest.mark.parametrize("layer", ["0", "1.relu", "5"])
def test_bytes_of_a_page_are_the_values_to_within_a_level(layer: str) -> None:
    maps = run_network(network(), image()).layers[layer]
    page = maps.page(IN_ORDER, 1, 2)
    assert page.channels == (1, 2)
    assert page.signed == bool(maps.maps.min() < 0)
    levels = page.levels.float()
    back = (levels - 127) / 127 if page.signed else levels / 255
    step = page.limit / (127 if page.signed else 255)
    difference = (back * page.limit - maps.maps[1:3]).abs().max()
    assert float(difference) <= 0.5001 * step
    assert page.limit == pytest.approx(float(maps.maps.abs().max()))
    flat = maps.maps[1:3].flatten(start_dim=1)
    assert page.lowest == pytest.approx(flat.amin(dim=1).tolist())
    assert page.highest == pytest.approx(flat.amax(dim=1).tolist())


def test_large_maps_are_made_smaller_by_averaging() -> None:
    model = nn.Identity()
    page = run_network(model, image(200)).layers["(model)"].page(IN_ORDER, 0, 3)
    assert page.levels.shape == (3, 100, 100)


def test_a_few_large_values_do_not_darken_the_others() -> None:
    values = torch.rand(1, 1, 100, 100)
    values[0, 0, 0, 0] = 1000
    page = run_network(nn.Identity(), values).layers["(model)"].page(IN_ORDER, 0, 1)
    assert page.limit == 1000
    assert page.brightest <= 1


def test_a_layer_of_zeros_is_drawn() -> None:
    page = run_network(nn.Identity(), torch.zeros(1, 2, 3, 3)).layers["(model)"]
    assert page.page(IN_ORDER, 0, 2).levels.sum() == 0
    assert page.page(IN_ORDER, 0, 2).limit == 1


def test_an_image_that_the_model_cannot_take_is_refused_and_the_model_kept() -> None:
    model = network().train()
    with pytest.raises(ValueError, match=r"an image of shape \(1, 1, 12, 12\)"):
        run_network(model, image()[:, :1])
    assert model.training
    assert not model[0]._forward_hooks
