"""What is wrong with model or data: a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from course_utils.training import evaluate, train_epoch
from tests.training_toys import in_batches, stripes, tiny_cnn

IMAGES, LABELS = stripes(16)


def _train(model: nn.Module, loader: Any, lr: float = 0.1) -> None:
    parameters = list(model.parameters()) or [torch.zeros(1, requires_grad=True)]
    train_epoch(model, loader, SGD(parameters, lr=lr))


def _both(
    model: nn.Module, loader: Any, kind: type[Exception], says: str
) -> pytest.ExceptionInfo[Exception]:
    """Train and evaluate; both must raise this."""
    with pytest.raises(kind, match=says):
        evaluate(model, loader)
    with pytest.raises(kind, match=says) as raised:
        _train(model, loader)
    return raised


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (lambda x: (x * 50).to(torch.uint8), TypeError, r"uint8.*images\.float\(\)"),
        (lambda x: x.double(), TypeError, r"write images\.to\(torch\.float32\)"),
        (lambda x: x.permute(0, 2, 3, 1), ValueError, r"images\.permute\(0, 3, 1, 2\)"),
        (lambda x: x[:, :1], ValueError, "in_channels=3: write in_channels=1"),
        (lambda x: x[:, 0], ValueError, r"images\.unsqueeze\(1\)"),
        (lambda x: x[..., None], ValueError, r"5 axes; expected 4, \(N, C, H, W\)"),
        (lambda x: x[:9], ValueError, "9 images came with 16 labels"),
        (lambda x: x[:, :, :7, :7], ValueError, "in_features must be 72"),
        (lambda x: x.numpy(), TypeError, "images are a ndarray"),
    ],
)
def test_images(
    change: Callable[[Tensor], Any], kind: type[Exception], says: str
) -> None:
    _both(tiny_cnn(), [(change(IMAGES), LABELS)], kind, says)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (lambda y: y + 1, ValueError, r"run from 1 to 4.*4 logits.*labels - 1"),
        (lambda y: y - 1, ValueError, "run from -1 to 2"),
        (lambda y: y.float(), TypeError, r"float32.*labels\.long\(\)"),
        (lambda y: y.int(), TypeError, r"int32.*labels\.long\(\)"),
        (
            lambda y: nn.functional.one_hot(y, 4).float(),
            TypeError,
            r"shape \(16, 4\).*argmax",
        ),
        (lambda y: y[:, None], ValueError, r"shape \(16, 1\).*flatten"),
        (lambda y: y.tolist(), TypeError, "labels are "),
    ],
)
def test_labels(
    change: Callable[[Tensor], Any], kind: type[Exception], says: str
) -> None:
    _both(tiny_cnn(), [(IMAGES, change(LABELS))], kind, says)


def test_label_out_of_range_in_a_later_batch() -> None:
    loader = [(IMAGES, LABELS), (IMAGES, LABELS + 5)]
    _both(tiny_cnn(), loader, ValueError, "the labels run from 5 to 8")


def test_missing_batch_axis() -> None:
    _both(tiny_cnn(), [(IMAGES[0], LABELS[:1])], ValueError, r"images\.unsqueeze\(0\)")


def test_dataset_instead_of_a_loader() -> None:
    dataset = [(IMAGES[0], 3), (IMAGES[1], 2)]
    _both(tiny_cnn(), dataset, TypeError, r"DataLoader\(dataset, batch_size=64\)")


def test_batch_that_is_no_pair() -> None:
    _both(tiny_cnn(), [IMAGES], TypeError, r"a pair \(images, labels\)")


def test_iterator_instead_of_a_loader() -> None:
    _both(tiny_cnn(), iter([(IMAGES, LABELS)]), TypeError, "DataLoader itself")


def test_empty_loader() -> None:
    _both(tiny_cnn(), [], ValueError, "gave no batch")


class _Returns(nn.Module):
    def __init__(self, change: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.net = tiny_cnn()
        self.change = change

    def forward(self, x: Tensor) -> Any:
        return self.change(self.net(x))


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (lambda z: z.softmax(1), ValueError, r"probabilities.*remove the softmax"),
        (lambda z: z[:, :, None, None], ValueError, r"nn\.Flatten\(\) before"),
        (lambda z: z.view(-1, 2), ValueError, r"32 rows of 16 images"),
        (lambda z: z.argmax(1), TypeError, "expected logits"),
        (lambda z: (z, z), TypeError, "returned tuple; expected logits"),
        (lambda z: None, TypeError, "NoneType"),
        (lambda z: z[:, :3], ValueError, "out_features=4"),
    ],
)
def test_outputs(
    change: Callable[[Tensor], Any], kind: type[Exception], says: str
) -> None:
    _both(_Returns(change), [(IMAGES, LABELS)], kind, says)


def test_logits_that_happen_to_be_positive_pass() -> None:
    assert evaluate(_Returns(torch.relu), [(IMAGES, LABELS)]).loss > 0


def test_model_and_images_on_different_devices() -> None:
    says = r"model is on meta and the images are on cpu.*device='meta'"
    _both(tiny_cnn().to("meta"), [(IMAGES, LABELS)], ValueError, says)


def test_device_that_the_model_is_not_on() -> None:
    with pytest.raises(ValueError, match=r"write model\.to\('meta'\)"):
        evaluate(tiny_cnn(), [(IMAGES, LABELS)], device="meta")


def test_labels_left_behind_on_another_device() -> None:
    loader = [(IMAGES, LABELS.to("meta"))]
    _both(tiny_cnn(), loader, ValueError, r"labels\.to\(images\.device\)")


def test_model_on_two_devices() -> None:
    model = tiny_cnn()
    model[6].to("meta")
    _both(model, [(IMAGES, LABELS)], ValueError, "several devices, cpu and meta")


def test_images_are_moved_to_the_device() -> None:
    assert evaluate(tiny_cnn(), [(IMAGES, LABELS)], device="cpu").accuracy >= 0


def test_learning_rate_that_makes_the_loss_explode() -> None:
    loader = in_batches(*stripes(320), size=8)
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 50), nn.Linear(50, 4))
    with pytest.raises(FloatingPointError, match="it is 1e\\+10, try a tenth") as error:
        _train(model, loader, lr=1e10)
    assert "at batch" in str(error.value)


def test_images_that_are_not_finite() -> None:
    broken = IMAGES.clone()
    broken[3, 0, 0, 0] = torch.nan
    with pytest.raises(FloatingPointError, match="images hold values"):
        _train(tiny_cnn(), [(broken, LABELS)])
    with pytest.raises(FloatingPointError, match="not finite"):
        evaluate(tiny_cnn(), [(broken, LABELS)])


def test_weights_that_are_not_finite_already() -> None:
    model = tiny_cnn()
    with torch.no_grad():
        model[6].weight.fill_(torch.inf)
    with pytest.raises(FloatingPointError, match="no step was taken yet"):
        _train(model, [(IMAGES, LABELS)])


def test_loss_of_every_image_instead_of_the_mean() -> None:
    model = tiny_cnn()
    loss = nn.CrossEntropyLoss(reduction="none")
    with pytest.raises(ValueError, match='reduction="mean"'):
        train_epoch(
            model,
            [(IMAGES, LABELS)],
            SGD(model.parameters(), lr=0.1),
            loss_function=loss,
        )


def test_single_image_with_batch_norm() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 4), nn.BatchNorm1d(4))
    loader = in_batches(*stripes(9), size=8)
    with pytest.raises(ValueError, match="drop_last=True"):
        _train(model, loader)


def test_forward_not_yet_written_stays_what_it_is() -> None:
    def missing(_: Tensor) -> Tensor:
        raise NotImplementedError("write forward")

    _both(_Returns(missing), [(IMAGES, LABELS)], NotImplementedError, "write forward")


def test_error_of_the_models_own_stays_what_it_is() -> None:
    def own(_: Tensor) -> Tensor:
        raise ValueError("my own reason")

    _both(_Returns(own), [(IMAGES, LABELS)], ValueError, "^my own reason$")
