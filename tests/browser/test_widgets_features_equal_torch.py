"""The feature-map explorer's JavaScript against torch, over random networks."""

from __future__ import annotations

import base64
import json
import random
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from course_utils.widgets import FeatureMapExplorer
from course_utils.widgets.module import features_module

_RUN = """async ([source, cases]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const core = await import(url);
  const bytes = (text) =>
    new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const revive = (_, value) =>
    value?.base64 === undefined ? value : bytes(value.base64);
  return cases.map((text) => {
    const c = JSON.parse(text, revive);
    const network = core.readNetwork(c.network);
    const pictures = core.readPictures(c.pictures);
    const run = (weights) => core.reading(network, weights, pictures.input(c.index));
    const before = run(network.weights);
    const now = run(core.editedWeights(network.weights, c.edits));
    const changed = core.changedMaps(network, now, before);
    const plain = Object.entries(now.outputs).map(([label, volume]) => [
      label, { values: Array.from(volume.values), shape: volume.shape },
    ]);
    const shown = { now, before, edits: c.edits, changed, names: c.names };
    return {
      outputs: Object.fromEntries(plain),
      probabilities: now.probabilities,
      changed: Object.fromEntries(changed.map(({ label, differ }) => [label, differ])),
      sentences: core.featureSentences({
        ...shown, label: pictures.labels[c.index], layer: c.layer, channel: c.channel,
      }),
      convolution: core.convolutionAt(network, c.layer)?.name ?? null,
      kept: core.withKernel(c.edits, network.weights, c.place, c.kernel),
    };
  });
}"""
_NAMES = ("cat", "dog", "frog")


def _pair(dice: random.Random, low: int, high: int) -> tuple[int, int]:
    return dice.randint(low, high), dice.randint(low, high)


def _convolution(dice: random.Random, channels: int) -> nn.Conv2d:
    groups = dice.choice([1, 1, 1, channels])
    same = dice.random() < 0.2
    return nn.Conv2d(
        channels,
        groups * dice.randint(1, 3),
        _pair(dice, 1, 5),
        stride=1 if same else _pair(dice, 1, 2),
        padding="same" if same else _pair(dice, 0, 2),
        dilation=dice.choice([1, 1, 2]),
        groups=groups,
        bias=dice.random() < 0.7,
        padding_mode=dice.choice(["zeros", "reflect", "replicate", "circular"]),
    )


def _between(dice: random.Random, channels: int) -> nn.Module:
    """A layer that keeps the channels."""
    kind = dice.choice(["relu", "max", "average", "norm", "same"])
    taps = _pair(dice, 1, 3)
    padding = tuple(dice.randint(0, size // 2) for size in taps)
    if kind == "max":
        return nn.MaxPool2d(taps, _pair(dice, 1, 2), padding, dice.choice([1, 1, 2]))
    if kind == "average":
        counts = dice.random() < 0.5
        return nn.AvgPool2d(taps, _pair(dice, 1, 2), padding, count_include_pad=counts)
    if kind == "norm":
        norm = nn.BatchNorm2d(channels, affine=dice.random() < 0.7)
        norm.running_mean = torch.randn(channels)
        norm.running_var = torch.rand(channels) + 0.1
        return norm
    return nn.ReLU() if kind == "relu" else dice.choice([nn.Dropout, nn.Dropout2d])()


def _network(dice: random.Random, images: Tensor) -> nn.Module | None:
    """A random network for these images; None where a layer does not fit."""
    layers: list[nn.Module] = []
    channels = images.shape[1]
    for _ in range(dice.randint(1, 3)):
        layers.append(_convolution(dice, channels))
        channels = layers[-1].out_channels
        layers += [_between(dice, channels) for _ in range(dice.randint(0, 3))]
    layers.append(nn.Flatten())
    try:
        features = nn.Sequential(*layers).eval()(images / 255)
    except RuntimeError:  # a layer does not fit
        return None
    if not features.isfinite().all():  # a pooling window lies wholly in the padding
        return None
    hidden = dice.randint(1, 9)
    bias = dice.random() < 0.8
    last = (nn.Linear(features.shape[1], hidden, bias), nn.ReLU(), nn.Linear(hidden, 3))
    return nn.Sequential(*layers, *last)


def _explorer(dice: random.Random) -> FeatureMapExplorer | None:
    shape = (2, dice.choice([1, 3]), *_pair(dice, 4, 12))
    images = torch.randint(0, 256, shape, dtype=torch.uint8)
    model = _network(dice, images)
    if model is None:
        return None
    scale = {"mean": torch.rand(shape[1]), "std": torch.rand(shape[1]) + 0.1}
    shown = FeatureMapExplorer(model, images, [0, 2], _NAMES, **scale)
    shown.image_index = dice.randint(0, 1)
    for _ in range(dice.choice([0, 1, 1, 2, 5])):
        _choose(dice, shown)
        assert shown.kernel is not None
        shown.kernel = torch.randn(shown.kernel.shape)
    _choose(dice, shown)
    return shown


def _choose(dice: random.Random, shown: FeatureMapExplorer) -> None:
    shown.layer = dice.choice(shown._chain.layers)
    counts = shown._counts()
    shown.channel = dice.randrange(counts["channel"])
    shown.in_channel = dice.randrange(counts["in_channel"])


def _reference(shown: FeatureMapExplorer) -> dict[str, Tensor]:
    """What torch gives, layer after layer, by a loop of its own."""
    model = deepcopy(shown._model)
    model.load_state_dict(shown.edited_state_dict())
    image = shown.image.double() / 255
    mean, std = (torch.tensor(shown._pictures[n]).double() for n in ("mean", "std"))
    for channel in range(len(image)):
        image[channel] = (image[channel] - mean[channel]) / std[channel]
    x, outputs = image[None], {}
    with torch.no_grad():
        for name, layer in model.double().eval().named_children():
            x = layer(x)
            outputs[name] = x[0]
    return outputs


def _case(shown: FeatureMapExplorer) -> dict[str, Any]:
    return {
        "network": shown._network,
        "pictures": shown._pictures,
        "edits": shown._edits,
        "names": _NAMES,
        "index": shown.image_index,
        "layer": shown.layer,
        "channel": shown.channel,
        "place": {
            "layer": shown.convolution,
            "out_channel": shown.channel,
            "in_channel": shown.in_channel,
        },
        "kernel": torch.ones_like(shown.kernel).tolist(),  # type: ignore[arg-type]
    }


@pytest.fixture(scope="module")
def results(chromium: Any) -> list[tuple[FeatureMapExplorer, dict[str, Any]]]:
    torch.manual_seed(0)
    dice = random.Random(0)
    made = [_explorer(dice) for _ in range(320)]
    explorers = [shown for shown in made if shown is not None]
    cases = [json.dumps(_case(shown), default=_binary) for shown in explorers]
    page = chromium.new_page()
    answers = page.evaluate(_RUN, [features_module(), cases])
    page.close()
    return list(zip(explorers, answers, strict=True))


def _binary(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode("ascii")}


def test_enough_networks_of_every_kind_were_tried(results: Any) -> None:
    kinds = [
        layer["kind"] for shown, _ in results for layer in shown._network["layers"]
    ]
    assert len(results) > 150
    for kind in ("convolution", "relu", "max", "average", "scale", "same", "linear"):
        assert kinds.count(kind) > 50, kind
    assert sum(bool(shown._edits) for shown, _ in results) > 100


def test_every_layer_equals_torch(results: Any) -> None:
    for shown, answer in results:
        expected = _reference(shown)
        assert list(answer["outputs"]) == list(expected)
        for label, output in answer["outputs"].items():
            assert output["shape"] == list(expected[label].shape)
            values = torch.tensor(output["values"], dtype=torch.float64)
            difference = (values - expected[label].flatten()).abs()
            allowed = 1e-9 * (1 + expected[label].flatten().abs())
            assert (difference <= allowed).all(), (label, shown, shown._network)


def test_probabilities_are_the_softmax(results: Any) -> None:
    for shown, answer in results:
        torch.testing.assert_close(
            torch.tensor(answer["probabilities"]), shown.probabilities
        )
        assert sum(answer["probabilities"]) == pytest.approx(1)


def test_sentences_and_marks_are_those_of_python(results: Any) -> None:
    for shown, answer in results[::2]:
        assert answer["sentences"] == shown.table().sentences
        assert answer["changed"] == shown.changed_maps()
        assert answer["convolution"] == shown.convolution


def test_a_kernel_set_in_the_page_is_noted_as_in_python(results: Any) -> None:
    for shown, answer in results:
        shown.kernel = torch.ones_like(shown.kernel)
        assert answer["kept"] == shown._edits
