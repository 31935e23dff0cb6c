"""The loader in memory: the same values as torchvision's, batch by batch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from course_utils.datasets import (
    Augment,
    ImageLoader,
    cutout,
    flip,
    normalisation,
    normalise,
    shifted_crop,
)

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
TO_FLOAT = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])


def images(count: int = 10, height: int = 8, width: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (count, 3, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


def loader(count: int = 10, batch_size: int = 4, **options: object) -> ImageLoader:
    """Labels are the numbers of the images, so that each can be recognised."""
    settings: dict[str, object] = {"shuffle": False, "mean": MEAN, "std": STD}
    settings |= options
    return ImageLoader(images(count), torch.arange(count), batch_size, **settings)  # type: ignore[arg-type]


def order(epoch: ImageLoader) -> list[int]:
    return [int(label) for _, labels in epoch for label in labels]


def epoch_images(epoch: ImageLoader) -> Tensor:
    return torch.cat([batch for batch, _ in epoch])


# --- values -------------------------------------------------------------------------


def test_normalise_equals_torchvision() -> None:
    expected = torch.stack([TO_FLOAT(image) for image in images()])
    torch.testing.assert_close(normalise(images(), MEAN, STD), expected)


def test_batches_equal_torchvisions_normalised_images() -> None:
    expected = torch.stack([TO_FLOAT(image) for image in images()])
    torch.testing.assert_close(epoch_images(loader()), expected)


def test_flip_equals_torchvision() -> None:
    flipped = torch.tensor([True, False] * 5)
    expected = [
        tv.horizontal_flip(image) if chosen else image
        for image, chosen in zip(images(), flipped, strict=True)
    ]
    assert torch.equal(flip(images(), flipped), torch.stack(expected))


@pytest.mark.parametrize("shape", [(8, 8), (6, 9)])
def test_shifted_crop_equals_torchvision_at_the_same_corners(
    shape: tuple[int, int],
) -> None:
    stored = images(25, *shape)
    corners = torch.cartesian_prod(torch.arange(5), torch.arange(5))  # all of shift 2
    expected = [
        tv.crop(tv.pad(image, [2]), int(row), int(column), *shape)
        for image, (row, column) in zip(stored, corners, strict=True)
    ]
    assert torch.equal(shifted_crop(stored, corners, 2), torch.stack(expected))


def test_cutout_equals_torchvisions_erase_inside_the_image() -> None:
    batch = normalise(images(1), MEAN, STD)
    expected = tv.erase(batch, i=2, j=1, h=4, w=4, v=torch.zeros(1))
    assert torch.equal(cutout(batch, torch.tensor([[4, 3]]), 4), expected)


def test_cutout_is_clipped_at_the_corner() -> None:
    batch = torch.ones(1, 3, 8, 8)
    assert int((cutout(batch, torch.tensor([[0, 7]]), 4) == 0).sum()) == 3 * 2 * 3


def test_a_varied_batch_is_made_of_torchvisions_steps() -> None:
    varied = loader(augment=Augment(flip=True, shift=1), shuffle=True, seed=3)
    candidates = {}
    for number, image in enumerate(images()):
        for row in range(3):
            for column in range(3):
                crop = tv.crop(tv.pad(image, [1]), row, column, 8, 8)
                for mirrored in (crop, tv.horizontal_flip(crop)):
                    found = TO_FLOAT(mirrored).mul(1000).round().short().numpy()
                    candidates[found.tobytes()] = number
    for batch, labels in varied:
        for image, label in zip(batch, labels, strict=True):
            key = image.mul(1000).round().short().numpy().tobytes()
            assert candidates[key] == int(label)


def test_every_flip_and_every_shift_occurs_about_equally_often() -> None:
    one = torch.zeros(4000, 3, 5, 5, dtype=torch.uint8)
    one[:, :, 2, 2] = 255
    labels = torch.zeros(4000, dtype=torch.int64)
    moved = ImageLoader(
        one, labels, 4000, shuffle=False, mean=(0, 0, 0), std=(1, 1, 1),
        augment=Augment(shift=2),
    )  # fmt: skip
    counts = epoch_images(moved)[:, 0].sum(0)
    assert float(counts.sum()) == 4000
    assert 100 < float(counts.min()) <= float(counts.max()) < 220  # 160 expected


def test_normalisation_gives_each_channels_mean_and_deviation() -> None:
    scaled = images(50).double() / 255
    mean, std = normalisation(images(50))
    torch.testing.assert_close(mean, scaled.mean((0, 2, 3)).float())
    torch.testing.assert_close(std, scaled.std((0, 2, 3), correction=0).float())


def test_normalised_training_images_have_mean_0_and_deviation_1() -> None:
    mean, std = normalisation(images(50))
    batch = normalise(images(50), mean, std)
    torch.testing.assert_close(batch.mean((0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(batch.std((0, 2, 3)), torch.ones(3), atol=1e-3, rtol=0)


# --- the interface of a DataLoader --------------------------------------------------


def test_the_last_smaller_batch_is_kept() -> None:
    assert [len(labels) for _, labels in loader()] == [4, 4, 2]
    assert len(loader()) == 3


def test_the_last_smaller_batch_is_dropped_when_asked() -> None:
    assert [len(labels) for _, labels in loader(drop_last=True)] == [4, 4]
    assert len(loader(drop_last=True)) == 2


def test_a_full_last_batch_is_never_dropped() -> None:
    assert [len(labels) for _, labels in loader(8, drop_last=True)] == [4, 4]


def test_dataset_and_batch_size_are_there_as_in_a_dataloader() -> None:
    made = loader()
    image, label = made.dataset[7]
    assert torch.equal(image, images()[7])
    assert (len(made.dataset), int(label), made.batch_size) == (10, 7, 4)


def test_without_shuffle_the_order_is_kept() -> None:
    made = loader()
    assert order(made) == order(made) == list(range(10))


def test_every_image_comes_once_in_an_epoch() -> None:
    assert sorted(order(loader(shuffle=True))) == list(range(10))


def test_each_epoch_has_another_order() -> None:
    made = loader(50, shuffle=True)
    assert order(made) != order(made)


def test_the_same_seed_gives_the_same_epochs() -> None:
    varied = Augment(flip=True, shift=2, cutout=3)
    first, second = (loader(shuffle=True, augment=varied, seed=5) for _ in range(2))
    for _ in range(2):
        assert torch.equal(epoch_images(first), epoch_images(second))


def test_another_seed_gives_another_order() -> None:
    first, second = (loader(50, shuffle=True, seed=seed) for seed in (0, 1))
    assert order(first) != order(second)


def test_variations_do_not_change_the_order() -> None:
    plain = loader(50, shuffle=True)
    varied = loader(50, shuffle=True, augment=Augment(True, 2, 3))
    for _ in range(3):
        assert order(plain) == order(varied)


def test_an_epoch_left_early_changes_nothing_in_the_next() -> None:
    left, finished = (loader(shuffle=True) for _ in range(2))
    next(iter(left))
    order(finished)
    assert order(left) == order(finished)


def test_the_generators_state_continues_a_run() -> None:
    made = loader(50, shuffle=True)
    order(made)
    state = made.generator.get_state()
    expected = order(made)
    again = loader(50, shuffle=True, seed=9)
    again.generator.set_state(state)
    assert order(again) == expected


def test_the_global_random_numbers_are_left_alone() -> None:
    before = torch.get_rng_state()
    order(loader(shuffle=True, augment=Augment(True, 2, 3)))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_stored_images_never_change() -> None:
    stored, labels = images(), torch.arange(10)
    made = ImageLoader(
        stored,
        labels,
        4,
        shuffle=False,
        mean=MEAN,
        std=STD,
        augment=Augment(True, 2, 3),
    )
    for batch, batch_labels in made:
        batch.zero_()
        batch_labels.zero_()
    assert torch.equal(stored, images())
    assert torch.equal(labels, torch.arange(10))


def test_channels_last_changes_the_memory_format_and_no_value() -> None:
    varied = Augment(flip=True, shift=1)
    made = loader(channels_last=True, augment=varied)
    batch, _ = next(iter(made))
    assert batch.is_contiguous(memory_format=torch.channels_last)
    expected, _ = next(iter(loader(augment=varied)))
    assert torch.equal(batch, expected)


def test_batches_come_out_on_the_device() -> None:
    made = loader(device="meta")
    batch, labels = next(iter(made))
    assert (batch.device.type, labels.device.type) == ("meta", "meta")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_seed_means_the_same_on_every_device() -> None:
    varied = Augment(flip=True, shift=2, cutout=3)
    here = epoch_images(loader(shuffle=True, augment=varied))
    there = epoch_images(loader(shuffle=True, augment=varied, device="cuda"))
    torch.testing.assert_close(there.cpu(), here)


def test_the_repr_is_stable() -> None:
    assert repr(loader()) == (
        "ImageLoader(10 images in 3 batches of 4, shuffle=False, "
        "Augment(flip=False, shift=0, cutout=0))"
    )


# --- what it refuses ----------------------------------------------------------------

WRONG = [
    ({"images": images().float()}, TypeError, r"images are torch\.float32, expected"),
    ({"images": images()[0]}, ValueError, r"images have shape \(3, 8, 8\)"),
    ({"images": images()[:0]}, ValueError, "at least one image"),
    ({"labels": torch.arange(9)}, ValueError, r"labels have shape \(9,\)"),
    ({"labels": torch.zeros(10)}, TypeError, r"labels are torch\.float32"),
    ({"batch_size": 0}, ValueError, "batch_size is 0"),
    ({"batch_size": 11, "drop_last": True}, ValueError, "no batch is left"),
    ({"mean": (0.5,)}, ValueError, r"mean is \[0\.5\]; expected 3"),
    ({"mean": (0.5, 0.5, float("nan"))}, ValueError, "finite"),
    ({"std": (0.5, 0.5, 0)}, ValueError, "give 1 for it"),
]


@pytest.mark.parametrize(("change", "kind", "message"), WRONG)
def test_wrong_arguments_are_refused(
    change: dict[str, object], kind: type[Exception], message: str
) -> None:
    arguments: dict[str, object] = {
        "images": images(), "labels": torch.arange(10), "batch_size": 4,
        "shuffle": False, "mean": MEAN, "std": STD,
    }  # fmt: skip
    with pytest.raises(kind, match=message):
        ImageLoader(**(arguments | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["shift", "cutout"])
def test_negative_variations_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is -1"):
        Augment(**{name: -1})
