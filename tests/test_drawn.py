"""The drawn pictures: the same everywhere, balanced, apart, and quick."""

from __future__ import annotations

import subprocess
import sys
import time
from hashlib import sha256

import pytest
import torch

from course_utils.drawn import (
    CLASS_NAMES,
    SPLITS,
    draw_dataset,
    draw_image,
    fingerprint,
)

# pictures of Pillow 11.2 and later; a new number means that the drawing has changed:
# then run `python -m tools.tune_drawn` too, for its figures belong to the old drawing
GOLDEN = "37112410bb31d182fba6fb5fc729d541"


def test_pictures_are_those_that_were_measured() -> None:
    assert fingerprint()[:32] == GOLDEN


def test_last_digit_of_a_depth_is_the_same_under_every_python() -> None:
    """Two parts of this airplane are equally near but for rounding."""
    image, _ = draw_image(786, split="test", size=96)
    assert sha256(image.numpy().tobytes()).hexdigest()[:12] == "536793ca425e"


def test_another_process_with_other_hash_seed_draws_the_same() -> None:
    program = "from course_utils.drawn import fingerprint; print(fingerprint())"
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2"},
    )
    assert run.stdout.strip() == fingerprint()


def test_order_of_drawing_does_not_matter() -> None:
    images, labels = draw_dataset(30)
    for index in (29, 3, 17, 0):
        image, label = draw_image(index)
        assert torch.equal(image, images[index])
        assert label == labels[index]


def test_two_processes_draw_what_one_draws() -> None:
    alone, labels = draw_dataset(260, split="test")
    together, same_labels = draw_dataset(260, split="test", processes=2)
    assert torch.equal(alone, together)
    assert torch.equal(labels, same_labels)


def test_smaller_set_is_the_beginning_of_a_larger_one() -> None:
    few, many = draw_dataset(13), draw_dataset(40)
    assert torch.equal(few[0], many[0][:13])
    assert torch.equal(few[1], many[1][:13])


def test_shapes_and_types() -> None:
    images, labels = draw_dataset(10, size=48)
    assert images.shape == (10, 3, 48, 48)
    assert images.dtype == torch.uint8
    assert images.is_contiguous()
    assert labels.shape == (10,)
    assert labels.dtype == torch.int64


def test_classes_are_balanced_and_not_in_order() -> None:
    _, labels = draw_dataset(200)
    assert torch.bincount(labels, minlength=10).tolist() == [20] * 10
    rows = {tuple(row) for row in labels.reshape(20, 10).tolist()}
    assert len(rows) > 15


def test_no_picture_is_in_two_splits_or_worlds() -> None:
    sets = [draw_dataset(200, split=split)[0] for split in SPLITS]
    sets.append(draw_dataset(200, seed=1)[0])
    pictures = {image.numpy().tobytes() for images in sets for image in images}
    assert len(pictures) == 200 * len(sets)


def test_asked_for_label_is_drawn() -> None:
    for label in range(len(CLASS_NAMES)):
        image, given = draw_image(5, label=label)
        assert given == label
        assert image.float().std() > 1


@pytest.mark.parametrize("size", [16, 32, 33, 64, 100, 224])
def test_any_size_shows_the_same_picture(size: int) -> None:
    reference, _ = draw_image(11, size=128)
    image, _ = draw_image(11, size=size)
    assert image.shape == (3, size, size)
    small = [
        torch.nn.functional.interpolate(x[None].float(), size=(8, 8), mode="area")
        for x in (reference, image)
    ]
    assert (small[0] - small[1]).abs().mean() < 10


def test_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match=r"split is 'val'; choose one of train, val"):
        draw_image(0, split="val")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"index": -1}, "index is -1"),
        ({"index": 0, "seed": -2}, "seed is -2"),
        ({"index": 0, "label": 10}, "label is 10; .* 0 to 9"),
        ({"index": 0, "size": 4}, "size is 4"),
    ],
)
def test_impossible_argument_is_named(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_image(**arguments)


def test_empty_set_is_refused() -> None:
    with pytest.raises(ValueError, match="count is 0"):
        draw_dataset(0)


def test_ten_thousand_pictures_are_a_matter_of_seconds() -> None:
    draw_dataset(100)
    begin = time.process_time()
    draw_dataset(500)
    # a quarter of the rate of an idle core, so that a busy machine passes too
    assert 500 / (time.process_time() - begin) > 400
