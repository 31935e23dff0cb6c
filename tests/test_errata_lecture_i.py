"""The faults of the lecture *Deep Learning in Python*, each worked out anew.

The marks are the errata. What a test computes stands in their words.
"""

import re
import warnings
from itertools import accumulate
from statistics import mean

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import ResNet50_Weights, resnet18, segmentation
from torchvision.transforms.functional import to_tensor

from course_utils.recorded import recorded
from course_utils.widgets.compute import shift
from course_utils.widgets.images import LECTURE
from course_utils.widgets.kernels import PRESETS
from tools.writing.errata import Fault


def listed(numbers: list[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers).replace("-", "−")


@pytest.mark.fault(
    title="Two running sums in the Sobel result",
    lecture="I",
    said="The first row of the result is −11, −20, −45, −70.",
    right="−11, −20, −25, −25. The sum ran on from the second window to the third and "
    "the fourth: −45 is −20 + (−25), and −70 is −45 + (−25).",
    lesson="02",
    heading="Exercise 2.2: your slides say −11, −20, −45, −70",
    quote="−11, −20, −45, −70",
)
def test_last_two_numbers_of_the_sobel_row_are_running_sums(fault: Fault) -> None:
    kernel = torch.tensor(PRESETS["sobel_horizontal"])
    first, *row = F.conv2d(LECTURE[None, None], kernel[None, None])[0, 0, 0].tolist()
    assert f"{listed([first, *row])}." in fault.right
    assert f"{listed([first, *accumulate(row)])}." in fault.said


@pytest.mark.fault(
    title="One parenthesis too many, twice",
    lecture="I",
    said="`x = self.pool1(self.act1(self.conv2(self.pool1(self.act1(self.conv1("
    "x)))))))` and `x = self.fc3(self.act1(self.fc2(self.act1(self.fc1(x))))))`",
    right="Both lines of `forward` close one parenthesis more than they open. Without "
    "the last one they are Python.",
    lesson="04",
    heading="Exercise 4.3: find the mistake in forward",
    quote="self.pool1(self.act1(self.conv2(self.pool1(self.act1(self.conv1(x)))))))",
)
def test_lines_of_forward_are_python_without_their_last_parenthesis(
    fault: Fault,
) -> None:
    lines = re.findall(r"`([^`]+)`", fault.said)
    assert len(lines) == 2
    for line in lines:
        assert line.count(")") == line.count("(") + 1
        with pytest.raises(SyntaxError, match=r"unmatched '\)'"):
            compile(line, "slide", "exec")
        compile(line[:-1], "slide", "exec")


@pytest.mark.fault(
    title="A comment on inheritance",
    lecture="I",
    said="`super().__init__()  # Inherit from parent class`",
    right="The class inherits by `(nn.Module)` in its first line. The call initialises "
    "the parent, which sets up the places where a module keeps its layers; without it "
    "there are none.",
    lesson="04",
    heading="The network, line by line",
    quote="super().__init__()  # Inherit from parent class",
)
def test_class_inherits_without_the_call_and_can_keep_no_layer() -> None:
    class Forgetful(nn.Module):
        def __init__(self) -> None:
            self.number = 1

    assert isinstance(Forgetful(), nn.Module)
    with pytest.raises(AttributeError, match=r"before Module\.__init__\(\) call"):
        Forgetful().conv = nn.Conv2d(3, 6, kernel_size=3)


@pytest.mark.fault(
    title="Cross-validation for cross-entropy",
    lecture="I",
    said="“Cross-validation loss.”",
    right="The loss is the cross-entropy, `nn.CrossEntropyLoss`. Cross-validation is a "
    "way to use one data set for training and for validation in turns.",
    lesson="04",
    heading="From ten logits to one loss",
    quote="cross-validation loss",
)
def test_torch_knows_a_cross_entropy_and_no_cross_validation() -> None:
    losses = [name for name in dir(nn) if name.endswith("Loss")]
    assert "CrossEntropyLoss" in losses
    assert not [name for name in losses if "validation" in name.lower()]


@pytest.mark.fault(
    title="Pictures on another scale than those of the training",
    lecture="I",
    said="`X = torch.tensor([trainset.data[60]], dtype=torch.float32)"
    ".permute(0,3,1,2)`",
    right="`trainset.data` holds bytes up to 255, and what the network was trained on "
    "was made from shares up to 1: take the image from the normalised tensor. PyTorch "
    "also warns that it makes a tensor from a list of arrays number by number.",
    lesson="04",
    heading="The feature maps of training image 60",
    quote="X = torch.tensor([trainset.data[60]], dtype=torch.float32).permute(0,3,1,2)",
)
def test_raw_images_are_bytes_and_a_list_of_arrays_is_slow(fault: Fault) -> None:
    white = np.full((32, 32, 3), 255, dtype=np.uint8)
    with pytest.warns(UserWarning, match=r"list of numpy\.ndarrays is extremely slow"):
        raw = torch.tensor([white], dtype=torch.float32).permute(0, 3, 1, 2)
    assert f"bytes up to {raw.max():g}" in fault.right
    assert f"shares up to {to_tensor(white).max():g}" in fault.right


@pytest.mark.fault(
    title="pretrained=True",
    lecture="I",
    said="`resnet50(pretrained=True)`",
    right="Outdated since torchvision 0.13. Name the weights, "
    "`weights=ResNet50_Weights.IMAGENET1K_V2`: there are 2 sets, 4.7 points of "
    "accuracy apart, between which `True` cannot choose.",
    lesson="07",
    heading="Which weights?",
    quote="resnet50(pretrained=True)",
)
def test_pretrained_is_outdated_and_says_not_which_weights(fault: Fault) -> None:
    with warnings.catch_warnings(record=True) as caught, torch.device("meta"):
        warnings.simplefilter("always")
        resnet18(pretrained=False)
    said = " ".join(str(warning.message) for warning in caught)
    assert "'pretrained' is deprecated since 0.13" in said
    scores = [w.meta["_metrics"]["ImageNet-1K"]["acc@1"] for w in ResNet50_Weights]
    apart = f"{len(scores)} sets, {max(scores) - min(scores):.1f} points of accuracy"
    assert apart in fault.right


@pytest.mark.fault(
    title="A model fetched from an old version of the code",
    lecture="I",
    said="`model = torch.hub.load('pytorch/vision:v0.10.0', 'deeplabv3_resnet50', "
    "pretrained=True)`",
    right="It fetches and runs old code from GitHub, which limits how often one may "
    "ask. `torchvision.models.segmentation` holds the same network, in the version "
    "that you have.",
    lesson="08",
    heading="DeepLabV3, opened",
    quote="torch.hub.load('pytorch/vision:v0.10.0', 'deeplabv3_resnet50', "
    "pretrained=True)",
)
def test_torchvision_itself_holds_the_segmentation_network() -> None:
    with torch.device("meta"):
        network = segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None)
    assert isinstance(network, nn.Module)


@pytest.mark.fault(
    title="Pooling is not sensitive to position",
    lecture="I",
    said="“Even when moved by a pixel, we get the same result, i.e., the pooling is "
    "not sensitive to position.”",
    right="Too strong. On the slide's own image, moved by one pixel in each of the "
    "four directions, 14 of the 36 outputs stay: an output may stay, and mostly "
    "does not.",
    lesson="03",
    heading="Move it by a pixel",
    quote="Even when moved by a pixel, we get the same result, i.e., the pooling is "
    "not sensitive to position.",
)
def test_most_outputs_change_when_the_image_moves_by_a_pixel(fault: Fault) -> None:
    steps = [(0, 1), (0, -1), (1, 0), (-1, 0)]
    still = F.max_pool2d(LECTURE[None], 2)
    moved = [F.max_pool2d(shift(LECTURE, *step)[None], 2) for step in steps]
    stay = torch.stack([output == still for output in moved])
    assert f"{int(stay.sum())} of the {stay.numel()} outputs stay" in fault.right
    assert stay.sum() < stay.numel() / 2


@pytest.mark.fault(
    title="The only viable option for small data sets",
    lecture="I",
    said="Feature extraction is the “only viable option for **small datasets!**”",
    right="Too strong. In the workbook's recorded runs fine-tuning led at each size, "
    "from 5 to 500 pictures a class. By the slides' own recipe, though, it gained "
    "nothing with 5.",
    lesson="07",
    heading="Is it the only viable option?",
    quote="Only viable option for **small datasets!**",
)
def test_fine_tuning_led_at_each_size_and_not_by_the_slides_recipe(
    fault: Fault,
) -> None:
    runs = recorded("lesson07_shrinking")["runs"]

    def accuracy(way: str, size: int) -> float:
        kind = (way, size)
        return mean(r["accuracy"] for r in runs if (r["way"], r["per_class"]) == kind)

    sizes = sorted({r["per_class"] for r in runs if r["way"] == "feature extraction"})
    frozen = {size: accuracy("feature extraction", size) for size in sizes}
    assert all(accuracy("fine-tuning", size) > frozen[size] for size in sizes)
    assert f"from {sizes[0]} to {sizes[-1]} pictures a class" in fault.right
    assert accuracy("as on the slides", sizes[0]) < frozen[sizes[0]] + 0.01
