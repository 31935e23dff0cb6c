"""The faults of *Introduction to Convolutional Neural Networks*, each worked out anew.

The marks are the errata. What a test computes stands in their words.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import AlexNet_Weights

from course_utils.arithmetic import conv_output_size
from course_utils.networks import LabCNN
from tools.writing.errata import Fault


@pytest.mark.fault(
    title="A list inside nn.Sequential, and a large D",
    lecture="C",
    said="`nn.Sequential([nn.Conv2D(3, 16, 3), …])`",
    right="`nn.Sequential` takes the modules one by one, and the class is called "
    "`nn.Conv2d`.",
    lesson="04",
    heading="The other lecture's network",
    quote="nn.Conv2D(3, 16, 3)",
)
def test_sequential_takes_no_list_and_torch_has_no_conv_with_a_large_d() -> None:
    with pytest.raises(TypeError, match="list is not a Module subclass"):
        nn.Sequential([nn.ReLU()])
    assert hasattr(nn, "Conv2d")
    assert not hasattr(nn, "Conv2D")


@pytest.mark.fault(
    title="256 inputs that no image gives",
    lecture="C",
    said="`nn.Linear(256, 10)`",
    right="Images of 32 × 32 give 1152 inputs there, and no square image gives 256.",
    lesson="04",
    heading="The other lecture's network",
    quote="nn.Linear(256, 10)",
)
def test_network_needs_1152_inputs_and_never_256(fault: Fault) -> None:
    inputs = {size: LabCNN(size).layers[-1].in_features for size in range(10, 40)}
    assert f"32 × 32 give {inputs[32]} inputs" in fault.right
    assert min(inputs.values()) < 256 < max(inputs.values())
    assert 256 not in inputs.values()


@pytest.mark.fault(
    title="The size of AlexNet's input",
    lecture="C",
    said="The input layer is 256 × 256 × 3.",
    right="Images are brought to 256 pixels; the network sees crops of 224 × 224, "
    "padded by 2. (Without padding, its first maps of 55 × 55 would need 227 × 227.)",
    lesson="06",
    heading="Which size goes in?",
    quote="256 × 256 × 3 input layer",
)
def test_alexnet_sees_crops_of_224(fault: Fault) -> None:
    sizes = AlexNet_Weights.IMAGENET1K_V1.transforms()
    assert f"brought to {sizes.resize_size[0]} pixels" in fault.right
    (crop,) = sizes.crop_size
    assert f"crops of {crop} × {crop}" in fault.right
    side = conv_output_size(crop, 11, stride=4, padding=2)
    assert f"maps of {side} × {side} would need 227 × 227" in fault.right
    assert conv_output_size(227, 11, stride=4) == side
    assert conv_output_size(256, 11, stride=4) != side


@pytest.mark.fault(
    title="One channel too many around an even n",
    lecture="C",
    said="Local response normalisation sums from c − n/2 to c + n/2.",
    right="For an even n that window holds n + 1 channels; PyTorch takes n, one less "
    "on the far side. For an odd n both agree.",
    lesson="06",
    heading="Local response normalisation",
    quote="from c − n/2 to c + n/2",
)
@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_window_of_the_response_norm_holds_n_channels(n: int) -> None:
    channel = 5
    spike = torch.eye(11)[:, :, None, None]  # one image for each channel that is on
    probe = torch.ones(1, 11, 1, 1) * 1e-3
    still = F.local_response_norm(probe, n)[:, channel]
    heard = (F.local_response_norm(probe + spike, n)[:, channel] != still).flatten()
    slide = range(channel - n // 2, channel + n // 2 + 1)
    held = heard.nonzero().flatten().tolist()
    assert held == list(slide)[:n]
    assert len(slide) == (n if n % 2 else n + 1)


@pytest.mark.fault(
    title="Ten million parameters",
    lecture="C",
    said="A fully connected layer of 1000 neurons on 100 × 100 pixels: “10 000 000 "
    "parameters!”",
    right="Those are its weights. With the biases there are 10 001 000; a colour image "
    "has three times the weights.",
    lesson="01",
    heading="Exercise 1.6: find the mistake on the slide",
    quote="10 000 000 parameters!",
)
def test_fully_connected_layer_has_ten_million_weights_and_a_thousand_biases(
    fault: Fault,
) -> None:
    layer = nn.Linear(100 * 100, 1000, device="meta")
    with_biases = sum(p.numel() for p in layer.parameters())
    assert f"{layer.weight.numel():,}".replace(",", " ") in fault.said
    assert f"{with_biases:,}".replace(",", " ") in fault.right
    colour = nn.Linear(3 * 100 * 100, 1000, device="meta")
    assert colour.weight.numel() == 3 * layer.weight.numel()
