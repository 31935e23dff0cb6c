"""Heads, kept features, rates by depth and the comparison, on a tiny network."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from course_utils import pretrained, transfer
from course_utils.transfer import comparison as compared

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)


@pytest.fixture
def body() -> pretrained.Body:
    """A body of three stages with batch norm, as `pretrained.body` would return it."""
    torch.manual_seed(0)
    features = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.Dropout(0.5),
        nn.Conv2d(8, 6, 1),
    )
    return pretrained.Body(
        model=nn.Sequential(features, nn.Flatten()).eval(),
        name="tiny",
        title="tiny",
        source="ours",
        origin="a test",
        score="none",
        top1=None,
        licence="none",
        bytes=0,
        classes=[],
        input_size=16,
        mean=MEAN,
        std=STD,
        features=features,
        num_features=6,
    )


def pictures(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Red pictures and blue ones, in turns."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 60, (count, 3, 16, 16), generator=generator)
    labels = torch.arange(count) % 2
    images[torch.arange(count), 2 * labels] += 150
    return images.to(torch.uint8), labels


# the networks


def test_transfer_has_a_head_for_its_classes(body: pretrained.Body) -> None:
    model = transfer.Transfer(body, num_classes=4)
    assert model(torch.rand(2, 3, 16, 16)).shape == (2, 4)
    assert (model.mean, model.std) == (MEAN, STD)


def test_transfer_equals_a_resnet_with_a_new_fc() -> None:
    from torchvision.models import resnet18

    torch.manual_seed(0)
    resnet = resnet18(weights=None).eval()
    features = nn.Sequential(*list(resnet.children())[:-2])
    body = pretrained.Body(
        resnet, "", "", "official", "", "", None, "", 0, [], 224,
        features=features, num_features=512,
    )  # fmt: skip
    model = transfer.Transfer(body, num_classes=3).eval()
    resnet.fc = model.head
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(model(images), resnet(images))


def test_body_stands_still_in_training_mode(body: pretrained.Body) -> None:
    model = transfer.Transfer(body, num_classes=2).train()
    assert model.training
    assert model.head.training
    assert not any(layer.training for layer in model.body.modules())


def test_small_cnn_gives_logits_of_16_pixels_and_more() -> None:
    model = transfer.SmallCNN(num_classes=5)
    assert model(torch.rand(2, 3, 16, 16)).shape == (2, 5)
    assert model(torch.rand(2, 3, 96, 96)).shape == (2, 5)


# kept features


def test_kept_features_are_those_of_single_images(body: pretrained.Body) -> None:
    images, _ = pictures(7)
    kept = transfer.cached_features(body, images, batch_size=3)
    body.features.eval()
    one_by_one = torch.cat(
        [body.features(body.prepare(image[None])).mean((2, 3)) for image in images]
    )
    torch.testing.assert_close(kept, one_by_one)
    assert not kept.requires_grad


def test_keeping_features_leaves_the_modes_and_statistics_alone(
    body: pretrained.Body,
) -> None:
    body.features.train()
    before = copy.deepcopy(body.features.state_dict())
    transfer.cached_features(body, pictures(4)[0])
    assert all(layer.training for layer in body.features.modules())
    after = body.features.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())


def test_no_image_is_refused(body: pretrained.Body) -> None:
    with pytest.raises(ValueError, match="no image"):
        transfer.cached_features(body, pictures(4)[0][:0])


def test_head_learns_what_can_be_told_apart(body: pretrained.Body) -> None:
    images, labels = pictures(20)
    features = transfer.cached_features(body, images)
    head = transfer.train_head(features, labels, num_classes=2)
    assert torch.equal(head(features).argmax(1), labels)


def test_head_is_the_same_for_the_same_seed() -> None:
    features, labels = torch.randn(8, 6), torch.arange(8) % 2
    first, second, other = (
        transfer.train_head(features, labels, 2, seed=seed).weight for seed in (3, 3, 4)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_head_of_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"labels hold \[0\]; .* at least two"):
        transfer.train_head(torch.rand(4, 6), torch.zeros(4, dtype=torch.int64), 1)


def test_head_for_another_number_of_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="4 features but 3 labels"):
        transfer.train_head(torch.rand(4, 6), torch.tensor([0, 1, 0]), 2)


# fine-tuning


def test_body_is_slower_than_the_head(body: pretrained.Body) -> None:
    model = transfer.Transfer(body, num_classes=2)
    head, rest = transfer.discriminative(model, rate=0.02, factor=0.25)
    assert (head["lr"], rest["lr"]) == (0.02, 0.005)
    assert [id(p) for p in head["params"]] == [id(p) for p in model.head.parameters()]
    assert len(rest["params"]) == len(list(body.features.parameters()))


def test_frozen_parameters_are_in_no_group(body: pretrained.Body) -> None:
    model = transfer.Transfer(body, num_classes=2)
    transfer.thaw(model, last=0)
    (head,) = transfer.discriminative(model, rate=0.02, factor=0.25)
    assert len(head["params"]) == 2
    transfer.thaw(model, last=1)
    _, rest = transfer.discriminative(model, rate=0.02, factor=0.25)
    assert len(rest["params"]) == 2


def test_stages_are_counted_without_layers_that_learn_nothing(
    body: pretrained.Body,
) -> None:
    model = transfer.Transfer(body, num_classes=2)
    assert len(transfer.stages(model)) == 3
    with pytest.raises(ValueError, match="last is 4; this body has 3 layers"):
        transfer.thaw(model, last=4)


def test_fine_tuning_learns_and_moves_what_is_not_frozen(body: pretrained.Body) -> None:
    torch.manual_seed(0)
    images, labels = pictures(32)
    model = transfer.Transfer(body, num_classes=2)
    transfer.thaw(model, last=1)
    before = copy.deepcopy(model.body.state_dict())
    groups = transfer.discriminative(model, rate=0.05, factor=0.1)
    transfer.fine_tune(model, images, labels, groups, epochs=10)
    after = model.body.state_dict()
    moved = {key for key, value in before.items() if not torch.equal(value, after[key])}
    assert moved == {"4.weight", "4.bias"}
    assert transfer.evaluate(model, *pictures(20, seed=1)) == 1.0


def test_training_as_before_moves_everything_by_plain_descent(
    body: pretrained.Body,
) -> None:
    torch.manual_seed(0)
    images, labels = pictures(32)
    model = transfer.Transfer(body, num_classes=2)
    before = copy.deepcopy(model.state_dict())
    transfer.train_as_before(model, images, labels, epochs=40)
    after = model.state_dict()
    learnt = [name for name, _ in model.named_parameters()]
    assert not any(torch.equal(before[name], after[name]) for name in learnt)
    assert transfer.evaluate(model, *pictures(20, seed=1)) > 0.8


def test_fine_tuning_nothing_is_refused(body: pretrained.Body) -> None:
    model = transfer.Transfer(body, num_classes=2).requires_grad_(False)
    groups = transfer.discriminative(model, rate=0.05, factor=0.1)
    with pytest.raises(ValueError, match="Freeze first, then replace the head"):
        transfer.fine_tune(model, *pictures(4), groups, epochs=1)


# the comparison


def test_fewer_pictures_are_seen_more_often() -> None:
    sizes = (5, 10, 20, 50, 100, 200, 500)
    epochs = [transfer.epochs_for(count) for count in sizes]
    assert (epochs[0], epochs[-1]) == (20, 2)
    steps = [count * n for count, n in zip(sizes, epochs, strict=True)]
    assert steps == sorted(steps)


@pytest.mark.parametrize("way", transfer.WAYS)
def test_every_way_repeats_and_leaves_the_body_alone(
    way: str, body: pretrained.Body
) -> None:
    before = copy.deepcopy(body.features.state_dict())
    comparison = transfer.Comparison(body, pictures(20), pictures(10, seed=1))
    first, again = (comparison.accuracy(way, per_class=5, seed=0) for _ in range(2))
    assert first == again
    after = body.features.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())


# too gentle for random weights; they have tests of their own above
_GENTLE = ("fine-tuning", "as on the slides")


@pytest.mark.parametrize("way", [w for w in transfer.WAYS if w not in _GENTLE])
def test_twenty_short_epochs_tell_red_from_blue(
    way: str, body: pretrained.Body
) -> None:
    comparison = transfer.Comparison(body, pictures(20), pictures(10, seed=1))
    assert comparison.accuracy(way, per_class=5, seed=0) > 0.8


def test_unknown_way_is_refused(body: pretrained.Body) -> None:
    comparison = transfer.Comparison(body, pictures(20), pictures(10))
    with pytest.raises(ValueError, match="way is 'magic'; choose one of feature"):
        comparison.accuracy("magic", per_class=5, seed=0)


def test_scratch_sees_each_picture_three_times_as_often() -> None:
    assert compared.SCRATCH_PATIENCE == 3
