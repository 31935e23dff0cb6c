"""The Python side of the feature-map explorer, without a browser."""

from __future__ import annotations

import re
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from torch import Tensor, nn

from course_utils.networks import LabCNN, LectureCNN
from course_utils.widgets import FeatureMapExplorer

mpl.use("agg")

NAMES = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
]
MEAN, STD = (0.5, 0.45, 0.4), (0.25, 0.2, 0.3)
SOBEL = [[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]]


def images(count: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (count, 3, 32, 32)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def batch() -> Tensor:
    columns = [torch.tensor(numbers)[:, None, None] for numbers in (MEAN, STD)]
    return (images().float() / 255 - columns[0]) / columns[1]


def explorer(model: nn.Module | None = None, **changes: Any) -> FeatureMapExplorer:
    torch.manual_seed(0)
    given: dict[str, Any] = {
        "images": images(),
        "labels": torch.tensor([3, 5, 0, 9]),
        "class_names": NAMES,
        "mean": MEAN,
        "std": STD,
    }
    return FeatureMapExplorer(model or LectureCNN(), **{**given, **changes})


def test_feature_maps_are_those_of_the_model() -> None:
    torch.manual_seed(3)
    model = LectureCNN()
    shown = explorer(model)
    first = model.act1(model.conv1(batch()))
    second = model.conv2(model.pool1(first))
    shown.image_index = 2
    for layer, maps in (("act1", first), ("conv2", second)):
        shown.layer = layer
        torch.testing.assert_close(shown.feature_maps, maps[2])
    torch.testing.assert_close(shown.logits, model(batch())[2])
    torch.testing.assert_close(shown.probabilities, model(batch())[2].softmax(0))


def test_every_call_of_a_layer_has_a_name() -> None:
    with pytest.raises(ValueError, match="layer is 'fc1'") as error:
        explorer().layer = "fc1"
    assert str(error.value).endswith(
        "choose one of conv1, act1, pool1, conv2, act1 (2), pool1 (2)"
    )


def test_a_changed_kernel_gives_what_the_changed_model_gives() -> None:
    shown = explorer()
    shown.channel, shown.in_channel = 2, 1
    shown.kernel = SOBEL
    shown.layer, shown.in_channel = "act1 (2)", 5
    shown.kernel = torch.zeros(3, 3)
    model = LectureCNN()
    model.load_state_dict(shown.edited_state_dict())
    assert model.conv1.weight[2, 1].tolist() == SOBEL
    assert model.conv2.weight[2, 5].abs().sum() == 0
    torch.testing.assert_close(shown.logits, model(batch())[0])


def test_the_model_itself_never_changes() -> None:
    model = LectureCNN().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    seen: list[Tensor] = []
    model.conv1.register_forward_hook(lambda _, __, output: seen.append(output))
    shown = explorer(model)
    shown.kernel = SOBEL
    _ = shown.prediction
    shown.edited_state_dict()["conv2.weight"].zero_()
    assert all(torch.equal(model.state_dict()[n], value) for n, value in before.items())
    assert model.training
    assert seen == []


def test_training_on_does_not_change_the_explorer() -> None:
    model = LectureCNN()
    shown = explorer(model)
    before = shown.logits
    nn.init.zeros_(model.fc3.weight)
    assert torch.equal(shown.logits, before)


def test_a_kernel_reads_as_it_was_set() -> None:
    shown = explorer()
    shown.kernel = "sobel_horizontal"
    assert shown.kernel is not None
    assert shown.kernel.tolist() == SOBEL
    shown.kernel = shown.kernel * 2
    assert shown.kernel[2].tolist() == [2, 4, 2]


def test_the_kernel_of_a_later_layer_is_that_of_the_convolution_before() -> None:
    shown = explorer()
    shown.layer, shown.channel = "pool1", 4
    shown.kernel = SOBEL
    assert shown.convolution == "conv1"
    assert shown.edited_state_dict()["conv1.weight"][4, 0].tolist() == SOBEL


def test_setting_the_given_kernel_again_is_no_change() -> None:
    shown = explorer()
    given = shown.kernel
    shown.kernel = SOBEL
    assert repr(shown).endswith("changed_kernels=1)")
    shown.kernel = given
    assert repr(shown).endswith("changed_kernels=0)")


def test_reset_puts_every_kernel_back() -> None:
    shown = explorer()
    before = shown.logits
    for channel in (0, 3):
        shown.channel = channel
        shown.kernel = SOBEL
    shown.reset()
    assert torch.equal(shown.logits, before)


def test_another_layer_keeps_the_channels_inside() -> None:
    torch.manual_seed(0)
    shown = explorer(LabCNN())
    shown.layer, shown.channel, shown.in_channel = "layers.3", 31, 15
    shown.layer = "layers.0"
    assert (shown.channel, shown.in_channel) == (15, 2)


def test_only_maps_behind_the_kernel_change() -> None:
    shown = explorer()
    shown.channel = 1
    shown.kernel = [[9, 0, 0], [0, -9, 0], [0, 0, 0]]
    alone = [False, True, False, False, False, False]
    changed = shown.changed_maps()
    assert changed["conv1"] == alone
    assert changed["pool1"] == alone
    assert changed["conv2"] == [True] * 6


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("image_index", 4, "image_index is 4, but there are 4; choose 0 to 3"),
        ("image_index", -1, "image_index is -1; it must be at least 0"),
        ("channel", 6, "channel is 6, but there are 6; choose 0 to 5"),
        ("in_channel", 3, "in_channel is 3, but there are 3; choose 0 to 2"),
        ("layer", 1, "layer is 1; choose one of conv1"),
        ("kernel", [[1]], "kernel is 1x1; the kernels of conv1 are 3x3"),
        ("kernel", "sobel", "kernel is 'sobel'; choose one of identity"),
        ("kernel", [[101, 0, 0]] * 3, "of magnitude 101; the explorer takes weights"),
        ("kernel", torch.full((3, 3), torch.nan), "kernel holds NaN or infinity"),
    ],
)
def test_a_wrong_state_is_refused_with_what_to_do(
    name: str, value: Any, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        setattr(explorer(), name, value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"images": images().float()}, "images is torch.float32; expected a uint8"),
        ({"images": images()[0]}, r"images has shape \(3, 32, 32\)"),
        ({"images": images(201)}, r"images holds 201 images; .* images\[:24\]"),
        ({"images": torch.zeros(1, 3, 65, 9, dtype=torch.uint8)}, "65x9 pixels"),
        ({"labels": [3, 5]}, "labels has shape .2,. .* each of the 4 images"),
        ({"labels": [3, 5, 0, 10]}, "labels holds 10, but class_names has 10 names"),
        ({"class_names": [*NAMES, "yak"]}, "model gives 10 logits, but class_names"),
        ({"mean": [0.5]}, r"mean is \[0.5\]; expected 3 numbers"),
        ({"std": [1, 1, 0]}, "expected numbers above 0"),
    ],
)
def test_inputs_that_do_not_go_together_are_refused(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        explorer(**changes)


def test_repr_is_stable_and_has_no_address() -> None:
    shown = explorer()
    shown.layer, shown.channel = "conv2", 3
    assert repr(shown) == (
        "FeatureMapExplorer(4 images, image_index=0, layer='conv2', channel=3, "
        "in_channel=0, changed_kernels=0)"
    )


def test_table_tells_maps_prediction_and_change() -> None:
    shown = explorer()
    assert shown.table().sentences[2] == (
        "No kernel is changed: this is the network as it was given."
    )
    shown.channel = 2
    shown.kernel = [[9, 0, 0], [0, -9, 0], [0, 0, 0]]
    table = shown.table()
    low, high = float(shown.feature_maps[2].min()), float(shown.feature_maps[2].max())
    assert table.sentences[0].startswith(
        f"Channel 2 of conv1: 32 × 32 values from −{-low:.2f}".rstrip("0")
    )
    assert f"{high:.2f}".rstrip("0") in table.sentences[0]
    assert table.sentences[1].startswith(f"Prediction: {shown.prediction}, probability")
    assert table.sentences[2].startswith("Channel 2 of conv1 changed; prediction ")
    assert table.sentences[3] == (
        "Changed maps: 1 of 6 in conv1, act1 and pool1; "
        "6 of 6 in conv2, act1 (2) and pool1 (2)."
    )
    written = [row[2] for row in table.rows]
    assert written == [f"{value:.2f}" for value in shown.probabilities.tolist()]
    assert [row[0] for row in table.rows] == NAMES


def test_without_a_kernel_the_table_is_shown_beside_the_live_view() -> None:
    bundle = explorer()._repr_mimebundle_()
    assert bundle is not None
    assert "application/vnd.jupyter.widget-view+json" in bundle[0]
    assert "<caption>" in bundle[0]["text/html"]
    assert len(bundle[0]["text/html"]) < 5000


def test_filmstrip_shows_every_map_and_marks_the_changed_one() -> None:
    shown = explorer()
    shown.channel = 4
    shown.kernel = SOBEL
    figure = shown.filmstrip()
    titles = [ax.get_title() for ax in figure.axes]
    plt.close(figure)
    expected = [f"channel {i}{' ≠' if i == 4 else ''}" for i in range(6)]
    assert [title for title in titles if title.startswith("channel")] == expected
    assert titles[0] == "image 0: cat"
    assert titles[1] == f"prediction: {shown.prediction} (✓ true class)"


def test_front_end_is_one_module_without_imports_or_addresses() -> None:
    module = str(FeatureMapExplorer._esm)
    assert not re.search(r"^\s*import\b", module, re.MULTILINE)
    assert "http" not in module + str(FeatureMapExplorer._css)
    assert module.count("export default") == 1
