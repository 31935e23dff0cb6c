"""From the files within the Python packages to torchvision's names and layout."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from course_utils.pretrained.files import read_state, shown
from course_utils.pretrained.network import IMAGENET_MEAN, IMAGENET_STD, WeightsError
from course_utils.pretrained.unpickle import read_arrays

if TYPE_CHECKING:
    from torch import Tensor

    State = dict[str, Tensor]


def convert_squeezenet(path: Path) -> State:
    """Bring the pickled Keras arrays to torchvision's layout and normalisation.

    Kernels change from (height, width, in, out) to (out, in, height, width). They were
    trained on pixels from 0 to 255 in the order blue, green, red, less a mean. With
    x = 255 · (std · z + mean) for torchvision's normalised z, that is a change of the
    first layer's weights and bias; exact, because that layer has no padding.

    Raises:
        WeightsError: The arrays are not those of SqueezeNet 1.1.
    """
    import torch

    state: State = {}
    for layer, arrays in read_arrays(path).items():
        if len(arrays) != 2 or arrays[0].ndim != 4:
            raise WeightsError(f"{path}: {layer} is not a kernel and a bias")
        weight, bias = (torch.from_numpy(array.copy()) for array in arrays)
        name = _squeezenet_name(layer)
        state[f"{name}.weight"] = weight.permute(3, 2, 0, 1).contiguous()
        state[f"{name}.bias"] = bias
    first = state.get("features.0.weight")
    if first is None or first.shape[1] != 3:
        raise WeightsError(f"{path} has no first layer (conv1) for three colours")
    weight = first.double().flip(1)  # blue, green, red → red, green, blue
    caffe_mean = torch.tensor((123.68, 116.779, 103.939), dtype=torch.float64)
    mean = torch.tensor(IMAGENET_MEAN, dtype=torch.float64)
    std = torch.tensor(IMAGENET_STD, dtype=torch.float64)
    shift = (weight.sum((2, 3)) * (255 * mean - caffe_mean)).sum(1)
    state["features.0.bias"] = (state["features.0.bias"].double() + shift).float()
    state["features.0.weight"] = (weight * (255 * std).view(1, 3, 1, 1)).float()
    return state


# places of the fire modules in torchvision's Sequential: the pooling lies between
_FIRES: Final = {2: 3, 3: 4, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11, 9: 12}


def _squeezenet_name(layer: str) -> str:
    if layer == "conv1":
        return "features.0"
    if layer == "conv10":
        return "classifier.1"
    fire = re.fullmatch(r"fire([2-9])/(squeeze|expand)([13])x\3", layer)
    if fire is None:
        raise WeightsError(f"SqueezeNet 1.1 has no layer {layer!r}")
    part = "squeeze" if fire[2] == "squeeze" else f"expand{fire[3]}x{fire[3]}"
    return f"features.{_FIRES[int(fire[1])]}.{part}"


def convert_efficientnet(path: Path) -> State:
    """Bring the names of lukemelas' EfficientNet to those of torchvision's.

    Raises:
        WeightsError: The file is not EfficientNet-Lite0.
    """
    found = read_state(path)
    names = _efficientnet_names()
    unknown = [key for key in found if key.rpartition(".")[0] not in names]
    if unknown:
        raise WeightsError(
            f"{path} is not EfficientNet-Lite0: {len(unknown)} unknown entries "
            f"({shown(unknown)}). Delete it and fetch it again."
        )
    parts = {key: key.rpartition(".") for key in found}
    return {f"{names[parts[k][0]]}.{parts[k][2]}": v for k, v in found.items()}


def _efficientnet_names() -> dict[str, str]:
    """Map their modules to ours, in the order in which the blocks follow each other."""
    names = {
        "_conv_stem": "features.0.0",
        "_bn0": "features.0.1",
        "_conv_head": "features.8.0",
        "_bn1": "features.8.1",
        "_fc": "classifier.1",
    }
    places = [
        (stage, place)
        for stage, repeats in enumerate((1, 2, 2, 3, 3, 4, 1), start=1)
        for place in range(repeats)
    ]
    for number, (stage, place) in enumerate(places):
        wider = number > 0  # the first block does not widen its input
        # an empty place lies before the last: that of the removed excitation
        layers = [
            ("_depthwise_conv", "_bn1", wider),
            ("_project_conv", "_bn2", wider + 2),
        ]
        if wider:
            layers.append(("_expand_conv", "_bn0", 0))
        for conv, norm, step in layers:
            ours = f"features.{stage}.{place}.block.{step:d}"
            names[f"_blocks.{number}.{conv}"] = f"{ours}.0"
            names[f"_blocks.{number}.{norm}"] = f"{ours}.1"
    return names
