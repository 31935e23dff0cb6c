"""The lectures' faults: what is right, and where each is shown and proven."""

import re
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from tests.notebooks import ROOT, read
from tools.writing.errata import Fault, faults

FAULTS = faults(ROOT)


def text_of(lesson: str, kind: str) -> str:
    cells = read(lesson, worked=True).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == kind)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.title)
def test_fault_is_quoted_in_its_lesson(fault: Fault) -> None:
    assert fault.shown in text_of(fault.lesson, "markdown")


@pytest.mark.parametrize("proof", sorted({p for f in FAULTS for p in f.proof}))
def test_proof_exists(proof: str) -> None:
    file, _, name = proof.partition("::")
    if file.startswith("lessons/"):
        assert name in text_of(file[8:10], "code")
    else:
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.M)


def test_every_proof_of_this_file_is_on_the_page() -> None:
    named = {proof for fault in FAULTS for proof in fault.proof}
    about_the_page = {"test_fault_is_quoted_in_its_lesson", "test_proof_exists"}
    about_the_page.add("test_every_proof_of_this_file_is_on_the_page")
    own = {name for name in globals() if name.startswith("test_")} - about_the_page
    assert {f"tests/test_errata.py::{name}" for name in own} <= named


def test_class_inherits_without_calling_its_parent() -> None:
    class Forgetful(nn.Module):
        def __init__(self) -> None:
            self.number = 1

    assert isinstance(Forgetful(), nn.Module)
    with pytest.raises(AttributeError, match=r"before Module\.__init__\(\) call"):
        Forgetful().conv = nn.Conv2d(3, 6, kernel_size=3)


def test_torch_knows_a_cross_entropy_and_no_cross_validation() -> None:
    assert nn.CrossEntropyLoss
    assert not [name for name in dir(nn) if "validation" in name.lower()]


def test_torch_complains_of_a_list_of_arrays() -> None:
    arrays = [np.zeros((2, 2), dtype=np.uint8)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match=r"list of numpy\.ndarrays"):
            torch.tensor(arrays, dtype=torch.float32)


def test_torchvision_calls_pretrained_outdated() -> None:
    from torchvision.models import resnet18

    with pytest.warns(UserWarning, match="'pretrained' is deprecated since 0.13"):
        resnet18(pretrained=False)


def test_torchvision_itself_holds_the_segmentation_network() -> None:
    from torchvision.models import segmentation

    with torch.device("meta"):
        network = segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None)
    assert isinstance(network, nn.Module)


def test_sequential_takes_no_list() -> None:
    with pytest.raises(TypeError, match="list is not a Module subclass"):
        nn.Sequential([nn.ReLU()])


def test_there_is_no_class_with_a_large_d() -> None:
    assert not hasattr(nn, "Conv2D")
    assert hasattr(nn, "Conv2d")


def test_fully_connected_layer_has_ten_million_weights_and_a_thousand_biases() -> None:
    layer = nn.Linear(100 * 100, 1000, device="meta")
    assert layer.weight.numel() == 10_000_000
    assert sum(p.numel() for p in layer.parameters()) == 10_001_000
