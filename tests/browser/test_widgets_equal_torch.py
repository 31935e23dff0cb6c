"""The explorers' JavaScript against torch, over hundreds of settings, in Chromium."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.widgets import ConvolutionExplorer, PoolingExplorer
from course_utils.widgets.compute import PADDING_MODES, convolve
from course_utils.widgets.module import convolution_module, pooling_module
from course_utils.widgets.words import format_number

_CALL = """async ([source, body, cases]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const core = await import(url);
  const one = new Function("core", "c", body);
  return cases.map((c) => {
    try { return one(core, c); } catch (error) { return { error: error.message }; }
  });
}"""

_CONVOLVE = """
const { image, kernel, ...setting } = c;
const scene = core.convolutionScene(image, kernel, setting);
if (scene.error) return { error: scene.error };
const position = [scene.shape[0] - 1, Math.floor(scene.shape[1] / 2)];
const at = core.convolutionStep(scene, position);
return {
  values: Array.from(scene.output.values), shape: scene.shape,
  words: at.words, numbers: core.sumText(at.values, at.weights, at.sum),
  sizes: core.convolutionSizes(scene), lost: core.unvisitedOf(scene), position,
};"""

_POOL = """
const { image, ...setting } = c;
const scene = core.poolingScene(image, setting);
if (scene.error) return { error: scene.error };
const position = [scene.shape[0] - 1, Math.floor(scene.shape[1] / 2)];
const at = core.poolingStep(scene, position);
return {
  values: Array.from(scene.output.values), shape: scene.shape, changed: scene.changed,
  words: at.words, numbers: core.poolText(setting.mode, at.values, at.result),
  sizes: core.poolingSizes(scene), lost: core.unvisitedOf(scene), position,
  shift: core.shiftText(...setting.shift),
};"""


def _image(dice: random.Random, largest: int) -> dict[str, Any]:
    height, width = dice.randint(1, largest), dice.randint(1, largest)
    whole = dice.random() < 0.5
    values = [
        dice.randint(-9, 9) if whole else round(dice.uniform(-2, 2), 3)
        for _ in range(height * width)
    ]
    # as float32, the type in which an image reaches the browser
    exact = torch.tensor(values, dtype=torch.float32).tolist()
    return {"values": exact, "height": height, "width": width}


def _tensor(image: dict[str, Any]) -> Tensor:
    values = torch.tensor(image["values"], dtype=torch.float32)
    return values.reshape(image["height"], image["width"])


def _convolutions(count: int) -> list[dict[str, Any]]:
    dice = random.Random(0)
    cases = []
    for index in range(count):
        height, width = dice.randint(1, 5), dice.randint(1, 5)
        kernel = [[dice.randint(-3, 3) for _ in range(width)] for _ in range(height)]
        if index % 5 == 0:
            kernel = [[number / 16 for number in row] for row in kernel]
        case = {
            "image": _image(dice, 9),
            "kernel": kernel,
            "stride": dice.randint(1, 4),
            "padding": dice.choice([0, 0, 1, 1, 2, 3, 5, 9]),
            "padding_mode": PADDING_MODES[index % 4],
            "dilation": dice.choice([1, 1, 1, 2, 3]),
        }
        cases.append(case)
    return cases


def _poolings(count: int) -> list[dict[str, Any]]:
    dice = random.Random(1)
    return [
        {
            "image": _image(dice, 9),
            "mode": ("max", "average")[index % 2],
            "kernel_size": dice.randint(1, 5),
            "stride": dice.randint(1, 4),
            "padding": dice.choice([0, 0, 0, 1, 1, 2, 3]),
            "shift": [dice.randint(-2, 2), dice.randint(-2, 2)],
        }
        for index in range(count)
    ]


@pytest.fixture(scope="module")
def evaluate(chromium: Any) -> Any:
    page = chromium.new_page()
    yield lambda source, body, cases: page.evaluate(_CALL, [source, body, cases])
    page.close()


def _layer_output(case: dict[str, Any]) -> Tensor | None:
    """What nn.Conv2d itself answers; None where it refuses."""
    weight = torch.tensor(case["kernel"], dtype=torch.float64)
    names = ("stride", "padding", "padding_mode", "dilation")
    settings = {name: case[name] for name in names}
    layer = nn.Conv2d(1, 1, tuple(weight.shape), bias=False, **settings).double()
    layer.weight.data[0, 0] = weight
    try:
        return layer(_tensor(case["image"]).double()[None, None])[0, 0].detach()
    except RuntimeError:
        return None


def _pool_output(case: dict[str, Any]) -> Tensor | None:
    pooling = F.max_pool2d if case["mode"] == "max" else F.avg_pool2d
    image = _shifted(case)
    sizes = (case["kernel_size"], case["stride"], case["padding"])
    try:
        return pooling(image.double()[None, None], *sizes)[0, 0]
    except RuntimeError:
        return None


def _shifted(case: dict[str, Any]) -> Tensor:
    """The shift by plain loops, so that no code of the explorer judges itself."""
    image, (down, right) = _tensor(case["image"]), case["shift"]
    height, width = image.shape
    shifted = torch.empty_like(image)
    for row in range(height):
        for col in range(width):
            above = min(max(row - down, 0), height - 1)
            beside = min(max(col - right, 0), width - 1)
            shifted[row, col] = image[above, beside]
    return shifted


@pytest.fixture(scope="module")
def convolutions(evaluate: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    cases = _convolutions(800)
    results = evaluate(convolution_module(), _CONVOLVE, cases)
    return list(zip(cases, results, strict=True))


@pytest.fixture(scope="module")
def poolings(evaluate: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    cases = _poolings(400)
    results = evaluate(pooling_module(), _POOL, cases)
    return list(zip(cases, results, strict=True))


def _explorer(case: dict[str, Any]) -> ConvolutionExplorer:
    names = ("kernel", "stride", "padding", "padding_mode", "dilation")
    settings = {name: case[name] for name in names}
    return ConvolutionExplorer(_tensor(case["image"]), **settings)


def test_convolution_equals_conv2d(convolutions: Any) -> None:
    fitting = 0
    for case, result in convolutions:
        expected = _layer_output(case)
        assert ("error" in result) == (expected is None), (case, result)
        if expected is None:
            continue
        fitting += 1
        assert result["shape"] == list(expected.shape), case
        values = torch.tensor(result["values"], dtype=torch.float64)
        torch.testing.assert_close(
            values.reshape(expected.shape), expected, rtol=1e-12, atol=1e-12
        )
    assert fitting > 400
    assert len(convolutions) - fitting > 100


def test_convolution_refuses_in_the_words_of_the_library(convolutions: Any) -> None:
    for case, result in convolutions:
        if "error" not in result:
            continue
        kernel = torch.tensor(case["kernel"], dtype=torch.float32)
        names = ("stride", "padding", "padding_mode", "dilation")
        settings = {name: case[name] for name in names}
        with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
            convolve(_tensor(case["image"]), kernel, **settings)
        assert result["error"] == str(error.value)


def test_convolution_says_what_python_says(convolutions: Any) -> None:
    for case, result in convolutions[::4]:
        if "error" in result:
            continue
        explorer = _explorer(case)
        step = explorer.step(tuple(result["position"]))
        sizes, *lost = explorer._sentences()
        assert result["numbers"] == step.numbers()
        assert result["words"] == step.in_words()
        assert result["sizes"] == sizes
        assert result["lost"] == "".join(lost)


def test_pooling_equals_torch(poolings: Any) -> None:
    fitting = 0
    for case, result in poolings:
        expected = _pool_output(case)
        assert ("error" in result) == (expected is None), (case, result)
        if expected is None:
            continue
        fitting += 1
        assert result["shape"] == list(expected.shape), case
        values = torch.tensor(result["values"], dtype=torch.float64)
        torch.testing.assert_close(
            values.reshape(expected.shape), expected, rtol=1e-12, atol=1e-12
        )
    assert fitting > 200
    assert len(poolings) - fitting > 50


def test_pooling_says_and_marks_what_python_does(poolings: Any) -> None:
    for case, result in poolings[::2]:
        image, settings = _tensor(case["image"]), dict(case)
        del settings["image"]
        explorer = PoolingExplorer(image, **settings)
        if "error" in result:
            with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
                _ = explorer.output
            assert result["error"] == str(error.value)
            continue
        step = explorer.step(tuple(result["position"]))
        assert result["changed"] == explorer.changed.flatten().tolist()
        assert result["numbers"] == step.numbers()
        assert result["words"] == step.in_words()
        assert [result["sizes"], result["lost"]] == [
            explorer._sentences()[-2 if result["lost"] else -1],
            explorer._sentences()[-1] if result["lost"] else "",
        ]


def test_numbers_are_written_alike(evaluate: Any) -> None:
    dice = random.Random(2)
    numbers = [k / 16 for k in range(-64, 65)] + [dice.gauss(0, 50) for _ in range(300)]
    body = "return core.formatNumber(c);"
    written = evaluate(convolution_module(), body, numbers)
    assert written == [format_number(number) for number in numbers]
