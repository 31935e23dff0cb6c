"""The library's style transfer: losses against loops, pixels that move, any network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from course_utils import pretrained
from course_utils.style import painting
from course_utils.style.transfer import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    Recipe,
    Targets,
    gram_matrix,
    listen,
    optimised,
    relative_error,
    style_loss,
    total_variation,
    transferred,
)
from tests.stand_in_weights import official_name

RECIPE = Recipe((1, 3), 3, style_weight=10, steps=12)


@dataclass
class Toy:
    """A small network in the place of a real one."""

    name: str = "toy"
    mean: tuple[float, float, float] | None = (0.5, 0.4, 0.3)
    std: tuple[float, float, float] | None = (0.2, 0.3, 0.4)

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        layers = (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU())
        self.model: nn.Module = nn.Sequential(*layers, nn.Conv2d(6, 2, 99))


def picture(seed: int, height: int = 20, width: int = 24) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, height, width, generator=generator)


def test_gram_matrix_is_that_of_the_loops() -> None:
    features = torch.randn(2, 3, 4, 5)
    expected = torch.zeros(2, 3, 3)
    for n in range(2):
        for i in range(3):
            for j in range(3):
                expected[n, i, j] = (features[n, i] * features[n, j]).sum() / 60
    torch.testing.assert_close(gram_matrix(features), expected)


def test_gram_matrix_forgets_where() -> None:
    features = torch.randn(1, 3, 4, 5)
    shuffled = features.flatten(2)[..., torch.randperm(20)].reshape(features.shape)
    torch.testing.assert_close(gram_matrix(shuffled), gram_matrix(features))


def test_relative_error_of_silence_is_1() -> None:
    target = torch.randn(3, 4)
    assert relative_error(torch.zeros(3, 4), target).item() == 1
    assert relative_error(target, target).item() == 0


def test_total_variation_by_hand() -> None:
    steps = torch.tensor([[0.0, 1, 1], [0, 0, 1]]).expand(1, 3, 2, 3)
    assert total_variation(steps).item() == pytest.approx(1 / 3 + 2 / 4)


def test_listening_normalises_and_stops_at_the_last_layer() -> None:
    toy = Toy()
    heard = listen(toy, picture(0), {0, 3})  # layer 4 could not take so small an input
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (toy.mean, toy.std))
    values = (picture(0) - mean) / std
    assert set(heard) == {0, 3}
    torch.testing.assert_close(heard[0], toy.model[0](values))
    torch.testing.assert_close(heard[3], toy.model[:4](values))


def test_network_without_normalisation_hears_the_picture_itself() -> None:
    toy = Toy(mean=None, std=None)
    heard = listen(toy, picture(0), {0})
    torch.testing.assert_close(heard[0], toy.model[0](picture(0)))


def test_style_picture_may_have_another_size() -> None:
    targets = Targets.of(Toy(), picture(0), picture(1, 33, 17), RECIPE)
    found = targets.losses(picture(0))
    assert found["content"].item() == 0
    assert found["style"].item() > 0


def test_style_loss_of_the_style_itself_is_0() -> None:
    toy, style = Toy(), picture(1)
    targets = Targets.of(toy, picture(0), style, RECIPE)
    assert style_loss(listen(toy, style, {1, 3}), targets.grams).item() == 0


def test_total_is_the_weighted_sum() -> None:
    targets = Targets.of(Toy(), picture(0), picture(1), RECIPE)
    found = targets.losses(picture(2))
    expected = found["content"] + 10 * (found["style"] + 0.05 * found["variation"])
    torch.testing.assert_close(targets(picture(2)), expected)


@pytest.mark.parametrize("optimizer", ["Adam", "L-BFGS"])
def test_loss_falls_and_pixels_stay_in_range(optimizer: str) -> None:
    start = picture(0)
    states = list(optimised(total_variation, start, 30, optimizer))
    assert [state.step for state in states] == list(range(31))
    assert torch.equal(states[0].picture, start)
    assert states[-1].loss < states[1].loss / 2
    for state in states:
        assert not state.picture.requires_grad
        assert 0 <= state.picture.min() <= state.picture.max() <= 1


def test_states_are_copies() -> None:
    first, second, *_ = optimised(total_variation, picture(0), 3)
    assert not torch.equal(first.picture, second.picture)


def test_one_evaluation_a_step() -> None:
    for optimizer in ("Adam", "L-BFGS"):
        calls: list[Tensor] = []

        def loss_of(pixels: Tensor, calls: list[Tensor] = calls) -> Tensor:
            calls.append(pixels)
            return total_variation(pixels)

        list(optimised(loss_of, picture(0), 7, optimizer))
        assert len(calls) == 7


def test_picture_cut_from_a_larger_one_is_optimised_too() -> None:
    cut = picture(0, 40, 40)[..., 5:25, 3:19]
    *_, last = optimised(total_variation, cut, 3, "L-BFGS")
    assert last.picture.shape == cut.shape


def test_unknown_optimizer_is_named() -> None:
    with pytest.raises(ValueError, match=r"optimizer is 'SGD'; choose \"Adam\" or"):
        next(optimised(total_variation, picture(0), 1, "SGD"))


def test_loss_that_is_not_finite_ends_it() -> None:
    with pytest.raises(FloatingPointError, match="in step 1 the loss is nan"):
        list(optimised(lambda p: p.sum() * torch.nan, picture(0), 2))


def test_transfer_lowers_the_total_and_leaves_the_network() -> None:
    toy = Toy()
    before = [parameter.clone() for parameter in toy.model.parameters()]
    states = list(transferred(toy, picture(0), picture(1), RECIPE))
    assert torch.equal(states[0].picture, picture(0))
    assert states[-1].loss < states[1].loss
    after = toy.model.parameters()
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))
    assert all(p.grad is None for p in toy.model.parameters())


def test_transfer_can_be_left_at_any_step() -> None:
    states = transferred(Toy(), picture(0), picture(1), RECIPE)
    assert [next(states).step for _ in range(3)] == [0, 1, 2]
    states.close()


def test_real_network_takes_the_colours_of_the_painting() -> None:
    network = pretrained.style_features("squeezenet1_1", quiet=True)
    style = painting("strokes", 64)[None]
    recipe = Recipe(STYLE_LAYERS[network.name], CONTENT_LAYER[network.name], steps=25)
    grey = 0.5 + 0.3 * (picture(3, 64, 64).mean(1, keepdim=True) - 0.5)
    content = grey.expand(1, 3, 64, 64)
    *_, last = transferred(network, content, style, recipe)
    red, _, blue = last.picture.mean(dim=(0, 2, 3))
    assert blue > red + 0.03
    targets = Targets.of(network, content, style, recipe)
    before, after = (targets.losses(p)["style"] for p in (content, last.picture))
    assert after < before / 5


@pytest.fixture
def stand_in_vgg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the official name of VGG-19's weights, random; and no network."""
    monkeypatch.delenv("COURSE_WEIGHTS", raising=False)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = tmp_path / "hub" / "checkpoints" / official_name("vgg19")
    path.parent.mkdir(parents=True)
    torch.save(_random_vgg(), path)
    return path


def _random_vgg() -> dict[str, Tensor]:
    """Features that keep their size from layer to layer; a classifier of zeros."""
    from torchvision.models import vgg19

    with torch.device("meta"):
        state = vgg19(weights=None).state_dict()
    generator = torch.Generator().manual_seed(0)
    made = {}
    for name, like in state.items():
        if name.startswith("features") and like.ndim == 4:
            spread = (2 / like[0].numel()) ** 0.5
            made[name] = spread * torch.randn(like.shape, generator=generator)
        else:  # stored as one number
            made[name] = torch.zeros(1).expand(like.shape)
    return made


def test_official_vgg_runs_to_the_end_without_a_network(stand_in_vgg: Path) -> None:
    assert stand_in_vgg.name == "vgg19-dcbb9e9d.pth"
    network = pretrained.style_features(quiet=True)
    assert (network.name, network.source) == ("vgg19", "official")
    layers = STYLE_LAYERS["vgg19"]
    assert all(
        isinstance(network.model[index], nn.ReLU)
        for index in (*layers, CONTENT_LAYER["vgg19"])
    )
    recipe = Recipe(layers, CONTENT_LAYER["vgg19"], steps=3)
    states = list(transferred(network, picture(0, 48, 48), picture(1, 48, 64), recipe))
    assert states[-1].step == 3
    assert states[-1].loss < states[1].loss
