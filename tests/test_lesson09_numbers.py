"""The numbers and claims that lesson 09 states in its prose, its hints and its quiz."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from course_utils import pretrained
from course_utils.checks.lesson09_gram import PAPER
from course_utils.photos import photo
from course_utils.questions import lesson09 as questions
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
    total_variation,
)
from tests.lesson_functions import cell_with
from tests.notebooks import read


@pytest.fixture(scope="module")
def network() -> pretrained.Network:
    found = pretrained.style_features("squeezenet1_1", quiet=True)
    found.model.requires_grad_(False)
    return found


def printed(text: str) -> str:
    """What the one cell with this text shows in the worked notebook."""
    (cell,) = [c for c in read("09", worked=True).cells if text in c.source]
    return "".join(output.get("text", "") for output in cell.outputs)


# by hand


def test_relative_error_by_hand() -> None:
    found, target = torch.tensor([3.0, 2]), torch.tensor([3.0, 4])
    assert (found - target).square().mean() == 2
    assert target.square().mean() == 12.5
    assert relative_error(found, target).item() == pytest.approx(0.16)


def test_gram_matrix_by_hand() -> None:
    rows = torch.tensor([[1.0, 2, 0, 1], [0, 3, 1, 0]])
    assert (rows @ rows.T).tolist() == [[6, 6], [6, 10]]
    apart = torch.tensor([[1.0, 2, 0, 1], [1, 0, 3, 0]])
    assert (apart @ apart.T).tolist() == [[6, 1], [1, 10]]


def test_paper_example_of_the_exercise() -> None:
    assert (PAPER @ PAPER.T).tolist() == [[6, 4], [4, 14]]
    assert gram_matrix(PAPER.reshape(1, 2, 2, 2)).tolist() == [
        [[0.75, 0.5], [0.5, 1.75]]
    ]
    together = ((PAPER[0] > 0) & (PAPER[1] > 0)).nonzero().flatten()
    assert together.tolist() == [2, 3]  # the third and the fourth place


def test_gradient_descent_on_sums_takes_forty_times_longer_steps() -> None:
    assert torch.randn(1, 2, 4, 5).numel() == 40


def test_range_of_normalised_pixels() -> None:
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    black, white = -mean / std, (1 - mean) / std
    assert black.tolist() == pytest.approx([-2.1, -2.0, -1.8], abs=0.05)
    assert white.tolist() == pytest.approx([2.2, 2.4, 2.6], abs=0.05)


def test_byte_that_is_too_bright_turns_black() -> None:
    assert round(1.02 * 255) == 260
    assert 260 % 256 == 4
    assert round(0.5 * 255 + 1e-9) == 128


# the networks


def test_layers_of_the_lesson_are_those_of_the_library() -> None:
    cell = cell_with("09", "content_layer, style_layers, depths")
    for name in ("squeezenet1_1", "vgg19"):
        assert f'"{name}": ({CONTENT_LAYER[name]}, {STYLE_LAYERS[name]}, ' in cell


def test_style_layers_have_the_channels_of_the_quiz(
    network: pretrained.Network,
) -> None:
    heard = listen(network, torch.zeros(1, 3, 64, 64), set(STYLE_LAYERS[network.name]))
    assert [f.shape[1] for f in heard.values()] == [64, 128, 256, 256]


def test_squeezenet_steps_over_pixels(network: pretrained.Network) -> None:
    first, _, pool = network.model[:3]
    assert first.stride == (2, 2)
    assert (pool.kernel_size, pool.stride) == (3, 2)


def multiplications(name: str) -> int:
    """Of the convolutions up to the last style layer, for 128 × 128 pixels."""
    with torch.device("meta"):
        layers = get_model(name, weights=None).features[: max(STYLE_LAYERS[name]) + 1]
        total = 0

        def count(layer: nn.Conv2d, _: object, output: Tensor) -> None:
            nonlocal total
            total += output.numel() * layer.weight[0].numel()

        for module in layers.modules():
            if isinstance(module, nn.Conv2d):
                module.register_forward_hook(count)
        layers(torch.empty(1, 3, 128, 128))
    return total


def test_vgg_computes_more_than_a_hundred_times_as_much() -> None:
    assert multiplications("vgg19") > 100 * multiplications("squeezenet1_1")


# what the figures and their captions claim


def test_four_copies_have_four_times_the_sums(network: pretrained.Network) -> None:
    style = painting("strokes", 128)[None]
    four = style.repeat(1, 1, 2, 2)
    for layer in STYLE_LAYERS[network.name]:
        small, large = (
            gram_matrix(listen(network, p, {layer})[layer]) for p in (style, four)
        )
        assert large.mean() / small.mean() == pytest.approx(1, abs=0.25)


def test_statements_that_the_lesson_prints_hold() -> None:
    assert "pixels: True" in printed("the deeper, the farther from the pixels")
    assert printed("losses[-1] < losses[0] / 10").endswith("True\n")
    compared = printed('print("from noise L-BFGS is ahead')
    assert "ahead: True" in compared
    assert "lowest loss of all: style, Adam" in compared
    judges = printed('print(f"the {judge} judge prefers')
    for name in ("trained", "random"):
        assert f"the {name} judge prefers the picture made with {name}" in judges


def test_from_the_photograph_the_optimisers_end_alike() -> None:
    lines = printed("loss {values[0]:7.1f}").splitlines()
    last = {line.split("loss")[0].strip(): float(line.split()[-1]) for line in lines}
    adam, lbfgs = last["photograph, Adam"], last["photograph, L-BFGS"]
    assert lbfgs == pytest.approx(adam, rel=0.15)
    assert last["noise, Adam"] > 2 * last["noise, L-BFGS"]


def test_lbfgs_can_lose_its_way_with_small_weights(
    network: pretrained.Network,
) -> None:
    content, style = photo("astronaut", 96)[None], painting("mosaic", 96)[None]
    recipe = Recipe((1,), 3, style_weight=0.3)
    targets = Targets.of(network, content, style, recipe)
    final = {}
    for optimizer in ("Adam", "L-BFGS"):
        *_, last = optimised(targets, content, 60, optimizer)
        final[optimizer] = targets(last.picture).item()
    assert final["L-BFGS"] > 2 * final["Adam"]


def test_random_features_paint_a_rougher_picture() -> None:
    """Rows of dots: neighbouring pixels differ more than in strokes."""
    from course_utils.style.transfer import transferred

    trained = pretrained.style_features("squeezenet1_1", quiet=True)
    torch.manual_seed(0)
    untrained = get_model("squeezenet1_1", weights=None).features.eval()
    random = pretrained.style_features("squeezenet1_1", quiet=True)
    random.model.load_state_dict(untrained.state_dict())
    content, style = photo("china", 96)[None], painting("strokes", 96)[None]
    recipe = Recipe(STYLE_LAYERS["squeezenet1_1"], 3, steps=40)
    found = {}
    for name, ears in (("trained", trained), ("random", random)):
        *_, last = transferred(ears, content, style, recipe)
        found[name] = total_variation(last.picture).item()
    assert found["random"] > found["trained"]


# the quiz


def test_quiz_answers() -> None:
    answers = [question.correct for question in questions.quiz.questions]
    assert answers == [
        "In each layer the same features answer together, equally strongly",
        76128,
        "It stays as it was",
        23,
        "Clamping before the picture becomes bytes",
    ]


def test_quiz_question_on_the_numbers_of_a_style() -> None:
    channels = (64, 128, 256, 256)
    assert [c * (c + 1) // 2 for c in channels] == [2080, 8256, 32896, 32896]
    assert sum(c * c for c in channels) == 151552
    assert sum(c * (c - 1) // 2 for c in channels) == 75424
    assert sum(channels) == 704
    assert 3 * 128 * 128 == 49152


def test_quiz_question_on_the_mirror() -> None:
    assert questions.mirrored(1) == 1
    assert questions.mirrored(6) == 23
