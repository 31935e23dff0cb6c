"""The numbers that lesson 08 states on segmentation, in prose, hints and figures."""

from __future__ import annotations

import inspect

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import ResNet50_Weights, resnet50
from torchvision.models.segmentation import (
    DeepLabV3,
    DeepLabV3_ResNet50_Weights,
    deeplabv3_resnet50,
)

from course_utils import arithmetic, pretrained
from course_utils.checks import lesson08_segmentation_views as views
from course_utils.checks.lesson03_pooling import LECTURE_IMAGE
from course_utils.checks.lesson08_segmentation_iou import PREDICTED, TRUE
from course_utils.checks.lesson08_segmentation_iou import check_mean_iou as iou
from course_utils.network_anatomy import LayerFacts, anatomy
from course_utils.pretrained.network import Network
from course_utils.recorded_masks import recorded_mask
from course_utils.segmentation import (
    SCENE_CLASSES,
    draw_scenes,
    fit_photo,
    pixel_confusion,
    predict_labels,
)

SOBEL = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])


@pytest.fixture(scope="module")
def deeplab() -> DeepLabV3:
    with torch.device("meta"):
        return deeplabv3_resnet50(weights=None, weights_backbone=None)


@pytest.fixture(scope="module")
def layers(deeplab: DeepLabV3) -> list[LayerFacts]:
    return anatomy(deeplab, (1, 3, 520, 520))


def cost(layers: list[LayerFacts], *parts: str) -> int:
    return sum(layer.multiply_adds for layer in layers if layer.name.startswith(parts))


# dilation


def test_first_window_with_dilation_2_by_hand() -> None:
    window = LECTURE_IMAGE[0:5:2, 0:5:2]
    assert window.tolist() == [[2, 8, 9], [0, 1, 1], [4, 2, 9]]
    assert (window[0] * SOBEL[0]).sum() == -27
    assert (window[2] * SOBEL[2]).sum() == 17
    dilated = F.conv2d(LECTURE_IMAGE[None, None], SOBEL[None, None], dilation=2)[0, 0]
    assert dilated.tolist() == [[-10, -20], [-2, 13]]


def test_sixteen_of_the_25_weights_with_holes_are_holes() -> None:
    assert 5 * 5 - SOBEL.numel() == 16


def test_stride_moves_into_the_dilation() -> None:
    x, weight = torch.randn(1, 4, 24, 32), torch.randn(6, 4, 3, 3)
    coarse = F.conv2d(F.max_pool2d(x, 3, stride=2), weight)
    dense = F.conv2d(F.max_pool2d(x, 3, stride=1), weight, dilation=2)
    torch.testing.assert_close(dense[..., ::2, ::2], coarse)


def test_field_of_view_agrees_with_the_library() -> None:
    for case in views.check_field_of_view.all_cases():
        expected = views.check_field_of_view.reference(*case.args)
        assert expected == arithmetic.receptive_field(*case.args)


def test_field_of_view_is_how_far_the_gradient_reaches() -> None:
    chain = [(3, 2, 1), (5, 1, 2), (3, 1, 4)]
    field = views.check_field_of_view.reference(chain)
    line = torch.zeros(1, 1, field + 20, requires_grad=True)
    outputs: Tensor = line
    for kernel_size, stride, dilation in chain:
        kernel = torch.ones(1, 1, kernel_size)
        outputs = F.conv1d(outputs, kernel, stride=stride, dilation=dilation)
    outputs[0, 0, 0].backward()
    assert line.grad is not None
    reached = line.grad[0, 0].nonzero()
    assert int(reached.max() - reached.min()) + 1 == field


def test_hint_on_one_convolution_with_dilation_4() -> None:
    assert views.check_field_of_view.reference([(3, 1, 4)]) == 9


# the pyramid


@pytest.mark.parametrize(
    ("dilation", "all_nine", "one"),
    [(5, True, False), (6, False, False), (8, False, False), (9, False, True)],
)
def test_taps_on_a_map_of_12_by_16(dilation: int, all_nine: bool, one: bool) -> None:
    ones = torch.ones(1, 1, 12, 16), torch.ones(1, 1, 3, 3)
    hits = F.conv2d(*ones, padding=dilation, dilation=dilation)
    assert bool((hits == 9).any()) == all_nine
    assert bool((hits == 1).any()) == one


def test_at_dilation_16_only_the_centre_is_left() -> None:
    hits = F.conv2d(
        torch.ones(1, 1, 12, 16), torch.ones(1, 1, 3, 3), padding=16, dilation=16
    )
    assert hits.unique().tolist() == [1]


# upsampling


def test_two_scores_become_four() -> None:
    row = torch.tensor([[[0.0, 4.0]]])
    centred = F.interpolate(row, size=4, mode="linear", align_corners=False)
    aligned = F.interpolate(row, size=4, mode="linear", align_corners=True)
    assert centred.flatten().tolist() == [0, 1, 3, 4]
    torch.testing.assert_close(aligned.flatten(), torch.tensor([0, 4 / 3, 8 / 3, 4]))


def test_conventions_differ_by_three_and_a_half_pixels_at_the_edge() -> None:
    first_pixel = (0 + 0.5) / 8 - 0.5  # in cells; 0 with aligned corners
    assert first_pixel * 8 == -3.5


# DeepLabV3


def test_official_network_is_as_large_as_said(layers: list[LayerFacts]) -> None:
    weights = DeepLabV3_ResNet50_Weights.DEFAULT
    assert len(weights.meta["categories"]) == 21
    assert round(weights.meta["_file_size"], -1) == 160
    assert cost(layers, "") == pytest.approx(170e9, rel=0.02)


def test_maps_stay_at_an_eighth(layers: list[LayerFacts]) -> None:
    shapes = {layer.name: layer.output_shape for layer in layers}
    for stage in ("layer2", "layer3", "layer4"):
        assert shapes[f"backbone.{stage}.0.conv3"][2:] == (65, 65)
    assert 520 / 65 == 8


def test_last_two_stages_cost_more_than_half(layers: list[LayerFacts]) -> None:
    dilated = cost(layers, "backbone.layer3", "backbone.layer4")
    assert dilated > cost(layers, "") / 2


def test_layer4_works_on_fifteen_times_as_many_positions() -> None:
    with torch.device("meta"):
        plain = resnet50(weights=None)
    shapes = {f.name: f.output_shape for f in anatomy(plain, (1, 3, 520, 520))}
    side = shapes["layer4.0.conv3"][-1]
    assert round(65**2 / side**2) == 15


def test_dilations_of_the_official_pyramid(deeplab: DeepLabV3) -> None:
    pyramid = deeplab.classifier[0]
    assert [pyramid.convs[k][0].dilation for k in (1, 2, 3)] == [
        (12, 12),
        (24, 24),
        (36, 36),
    ]
    assert deeplab.backbone.layer3[1].conv2.dilation == (2, 2)
    assert deeplab.backbone.layer4[1].conv2.dilation == (4, 4)


def test_without_weights_it_would_still_fetch_its_body() -> None:
    defaults = inspect.signature(deeplabv3_resnet50).parameters
    assert defaults["weights"].default is None
    assert defaults["weights_backbone"].default is ResNet50_Weights.IMAGENET1K_V1
    size = ResNet50_Weights.IMAGENET1K_V1.meta["_file_size"]
    assert size == pytest.approx(100, rel=0.03)


# loss and measure


def test_two_pixels_by_hand() -> None:
    logits = torch.tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[1.0, 1.0]]]])
    loss = F.cross_entropy(logits, torch.tensor([[[0, 2]]]))
    assert round(loss.item(), 4) == 0.6348


def test_nearly_nine_pixels_in_ten_are_background() -> None:
    _, labels = draw_scenes(range(60), "test")
    assert 0.85 < (labels == 0).float().mean() < 0.9


def test_square_one_column_off() -> None:
    both = (TRUE == 1) & (PREDICTED == 1)
    either = (TRUE == 1) | (PREDICTED == 1)
    assert (both.sum(), either.sum()) == (2, 6)
    assert ((TRUE == 0) & (PREDICTED == 0)).sum() == 6
    assert ((TRUE == 0) | (PREDICTED == 0)).sum() == 10
    assert ((TRUE == PREDICTED).sum(), TRUE.numel()) == (8, 12)
    assert round(iou.reference(PREDICTED, TRUE, 2), 3) == 0.467


def test_hint_on_the_class_that_is_nowhere() -> None:
    wrong = {m.name: m.wrong for m in iou.mistakes}["absent_as_zero"]
    assert round(wrong(PREDICTED, TRUE, 3), 3) == 0.311


def test_bilinear_upsampling_is_a_transposed_convolution_inside() -> None:
    profile = torch.tensor([0.25, 0.75, 0.75, 0.25])
    layer = nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1, bias=False)
    layer.weight.data.copy_(torch.outer(profile, profile))
    small = torch.randn(1, 1, 6, 8)
    blended = F.interpolate(small, scale_factor=2, mode="bilinear")
    same = torch.isclose(layer(small), blended, atol=1e-6)[0, 0]
    assert same[1:-1, 1:-1].all()
    assert not same[0].any()


# what the figures show


@pytest.fixture(scope="module")
def network() -> Network:
    return pretrained.segmenter("segmenter")


@pytest.fixture(scope="module")
def regions(network: Network) -> tuple[Tensor, Tensor]:
    """True and predicted classes of the lesson's sixty scenes."""
    images, labels = draw_scenes(range(60), "test")
    return labels, predict_labels(network.model, network.prepare(images))


def test_most_of_trucks_and_less_than_half_of_airplanes_are_found(
    regions: tuple[Tensor, Tensor],
) -> None:
    counts = pixel_confusion(*regions, len(SCENE_CLASSES)).double()
    rows = counts / counts.sum(1, keepdim=True)
    found = dict(zip(SCENE_CLASSES, rows.diagonal().tolist(), strict=True))
    assert min(found[name] for name in ("truck", "frog", "ship", "automobile")) > 0.8
    assert found["airplane"] < 0.5
    missed = rows[1:] - rows.diag().diag()[1:]
    assert (missed.argmax(1) == 0).all()  # mostly called background


def test_black_bird_is_taken_for_a_frog(regions: tuple[Tensor, Tensor]) -> None:
    labels, predicted = (each[1] for each in regions)
    bird, frog = (SCENE_CLASSES.index(name) for name in ("bird", "frog"))
    said = predicted[labels == bird].bincount(minlength=len(SCENE_CLASSES))
    assert said[1:].argmax() + 1 == frog


def test_chelsea_is_a_frog_to_our_network(network: Network) -> None:
    cat = fit_photo("chelsea", longer_side=129, step=8)
    said = predict_labels(network.model, network.prepare(cat[None]))
    counts = said.flatten().bincount(minlength=len(SCENE_CLASSES))
    shares = dict(zip(SCENE_CLASSES, (counts / said.numel()).tolist(), strict=True))
    assert min(shares[name] for name in ("frog", "bird", "dog")) > 0.03
    assert 0 < shares["cat"] < 0.02


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("chelsea", {8}),
        ("grace_hopper", {15}),
        ("astronaut", {5, 15}),
        ("camera", {9, 15}),
        ("coffee", {11}),
        ("flower", {3}),
    ],
)
def test_what_the_recorded_network_sees(name: str, classes: set[int]) -> None:
    assert set(recorded_mask(name).unique().tolist()) - {0} == classes
