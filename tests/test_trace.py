"""`trace_shapes`: the right rows, the right reasons, and the model left alone."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.arithmetic import trace_shapes


class Lecture(nn.Module):
    """The lecture's CNN, with functional ReLU and a reshape inside ``forward``."""

    def __init__(self, features: int = 384) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(6, 6, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(kernel_size=2)
        self.fc1 = nn.Linear(features, 120)
        self.fc2 = nn.Linear(120, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = x.view(x.shape[0], -1)
        return self.fc2(F.relu(self.fc1(x)))


def test_rows_come_in_the_order_of_the_calls() -> None:
    trace = trace_shapes(Lecture(), (1, 3, 32, 32))
    assert [row.name for row in trace.rows] == [
        "conv1",
        "pool",
        "conv2",
        "pool",
        "(in forward)",
        "fc1",
        "fc2",
    ]


def test_shapes_are_those_of_the_layers_themselves() -> None:
    layers = [nn.Conv2d(3, 8, 5, stride=2), nn.ReLU(), nn.AvgPool2d(3), nn.Flatten()]
    image, expected = torch.zeros(2, 3, 40, 33), []
    for layer in layers:
        image = layer(image)
        expected.append(tuple(image.shape))
    trace = trace_shapes(nn.Sequential(*layers), (2, 3, 40, 33))
    assert [row.output_shape for row in trace.rows] == expected
    assert trace.output_shape == expected[-1]


def test_parameters_add_up_to_those_of_the_model() -> None:
    model = Lecture()
    trace = trace_shapes(model, (1, 3, 32, 32))
    total = sum(parameter.numel() for parameter in model.parameters())
    assert trace.parameters == sum(row.parameters for row in trace.rows) == total


def test_layer_called_twice_counts_its_parameters_once() -> None:
    conv = nn.Conv2d(3, 3, 3)
    rows = trace_shapes(nn.Sequential(conv, conv), (1, 3, 9, 9)).rows
    assert [(row.kind, row.parameters) for row in rows] == [
        ("Conv2d", 84),
        ("Conv2d (again)", 0),
    ]


def test_reshape_inside_forward_has_a_row_with_its_product() -> None:
    row = trace_shapes(Lecture(), (1, 3, 32, 32)).rows[4]
    assert (row.kind, row.output_shape, row.formula) == (
        "flatten",
        (1, 384),
        "6·8·8 = 384",
    )


def test_impossible_layer_is_the_last_row_and_marked() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 5), nn.MaxPool2d(4), nn.ReLU())
    trace = trace_shapes(model, (1, 1, 6, 6))
    assert [row.kind for row in trace.rows] == ["Conv2d", "MaxPool2d"]
    assert trace.rows[-1].output_shape is trace.output_shape is None
    assert "✗ cannot work" in repr(trace)


def test_layer_after_a_reshape_is_explained() -> None:
    trace = trace_shapes(Lecture(features=400), (1, 3, 32, 32))
    assert trace.problem.startswith(
        "✗ Stopped at fc1 (Linear): got 384 features but in_features is 400"
    )


def test_failure_between_layers_is_told_in_pytorchs_words() -> None:
    class Reshaping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x).view(1, 256)

    problem = trace_shapes(Reshaping(), (1, 3, 8, 8)).problem
    assert problem.startswith(
        "✗ Stopped at (in forward) (Reshaping): with shape (1, 6, 6"
    )
    assert "shape '[1, 256]' is invalid for input of size 216" in problem


@pytest.mark.parametrize(
    "error",
    [
        TypeError("shape"),
        NotImplementedError("write forward: mind the shapes"),
        RuntimeError("the disk is full"),
        KeyError("conv9"),
    ],
)
def test_errors_about_something_else_pass_through(error: Exception) -> None:
    class Failing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise error

    with pytest.raises(type(error)):
        trace_shapes(nn.Sequential(nn.ReLU(), Failing()), (1, 3))


def test_model_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.Dropout())
    model[2].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    trace_shapes(model, (4, 3, 8, 8))
    assert all(torch.equal(before[n], v) for n, v in model.state_dict().items())
    assert [module.training for module in model.modules()] == modes
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_hooks_of_others_see_nothing() -> None:
    seen: list[Tensor] = []
    layer = nn.ReLU()
    layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    trace_shapes(layer, (1, 3))
    assert seen == []


def test_random_numbers_are_not_used_up() -> None:
    class Dropping(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.dropout(x)

    state = torch.get_rng_state()
    trace_shapes(Dropping(), (1, 3))
    assert torch.equal(torch.get_rng_state(), state)


def test_model_that_keeps_its_last_output_can_be_traced() -> None:
    class Keeping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3)

        def forward(self, x: Tensor) -> Tensor:
            self.features = self.conv(x)
            return self.features

    model = Keeping()
    model(torch.zeros(1, 1, 5, 5))
    assert trace_shapes(model, (1, 1, 8, 8)).output_shape == (1, 1, 6, 6)
    assert model.features.shape == (1, 1, 3, 3)


def test_lazy_layers_are_traced_and_stay_lazy() -> None:
    model = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    trace = trace_shapes(model, (1, 3, 4, 4))
    assert trace.rows[-1].parameters == 490
    assert isinstance(model[1], nn.LazyLinear)


def test_model_in_double_precision_can_be_traced() -> None:
    assert trace_shapes(nn.Linear(3, 2).double(), (1, 3)).output_shape == (1, 2)


def test_forgotten_batch_axis_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"batch comes first: write \(1, 3, 32, 32\)"):
        trace_shapes(Lecture(), (3, 32, 32))


@pytest.mark.parametrize("shape", [(), (0, 3, 8, 8), (1, 3.0, 8, 8)])
def test_shape_without_lengths_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected positive lengths, batch first"):
        trace_shapes(Lecture(), shape)


def test_text_is_an_aligned_table() -> None:
    model = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.Flatten())
    assert repr(trace_shapes(model, (1, 3, 4, 4))) == (
        "Sequential with input (1, 3, 4, 4)\n"
        "\n"
        "Layer  Type     Output shape  Parameters  How the size comes\n"
        "0      Conv2d   (1, 6, 4, 4)         168  "
        "⌊(4 + 2·1 − 1·(3−1) − 1)/1⌋ + 1 = 4\n"
        "1      Flatten  (1, 96)                0  6·4·4 = 96\n"
        "\n"
        "Output (1, 96); 168 parameters in the whole model."
    )


def test_html_is_a_table_with_caption_and_headings() -> None:
    html = trace_shapes(nn.Sequential(nn.ReLU(), nn.Linear(3, 2)), (1, 3))._repr_html_()
    page = ET.fromstring(f"<div>{html}</div>")
    assert page.findtext("./table/caption") == "Sequential with input (1, 3)"
    assert {cell.get("scope") for cell in page.iterfind("./table/thead//th")} == {"col"}
    assert [cell.text for cell in page.iterfind(".//tbody//th[@scope='row']")] == [
        "0",
        "1",
    ]


def test_html_escapes_what_a_model_may_be_called() -> None:
    model = type("A<b>", (nn.ReLU,), {})()
    assert "A&lt;b&gt;" in trace_shapes(model, (1, 3))._repr_html_()
