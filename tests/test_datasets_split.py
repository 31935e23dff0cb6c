"""Cuts in proportion, by seed, the same for every source."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_utils.datasets import select_per_class
from course_utils.datasets.split import cut_validation, take

BALANCED = np.arange(1000) % 10
UNEVEN = np.repeat([0, 1, 2], [100, 10, 2])


def counts(labels: np.ndarray, chosen: np.ndarray) -> list[int]:
    return np.bincount(labels[chosen], minlength=labels.max() + 1).tolist()


def test_training_and_validation_share_nothing_and_leave_nothing_out() -> None:
    train, validation = cut_validation(BALANCED, 200, None, seed=0)
    assert sorted([*train, *validation]) == list(range(1000))


def test_every_class_gives_its_share() -> None:
    train, validation = cut_validation(BALANCED, 200, 500, seed=0)
    assert counts(BALANCED, validation) == [20] * 10
    assert counts(BALANCED, train) == [50] * 10


def test_an_uneven_size_is_met_exactly() -> None:
    train, validation = cut_validation(BALANCED, 203, 501, seed=0)
    assert (len(train), len(validation)) == (501, 203)
    assert max(counts(BALANCED, validation)) == 21


def test_a_rare_class_keeps_an_image_on_both_sides() -> None:
    train, validation = cut_validation(UNEVEN, 30, None, seed=0)
    assert min(counts(UNEVEN, train)) == 1
    assert min(counts(UNEVEN, validation)) == 1


def test_the_seed_decides() -> None:
    first, again = (cut_validation(BALANCED, 200, None, seed=1)[1] for _ in range(2))
    other = cut_validation(BALANCED, 200, None, seed=2)[1]
    assert first.tolist() == again.tolist() != other.tolist()


def test_a_seed_gives_the_same_split_with_every_version() -> None:
    _, validation = cut_validation(BALANCED, 10, None, seed=0)
    assert validation.tolist() == [28, 181, 260, 422, 543, 894, 935, 936, 969, 987]


def test_the_size_of_training_leaves_validation_as_it_is() -> None:
    small, large = (cut_validation(BALANCED, 200, n, seed=0) for n in (100, 500))
    assert small[1].tolist() == large[1].tolist()
    assert set(small[0]) < set(large[0])


def test_no_validation_may_be_asked_for() -> None:
    train, validation = cut_validation(BALANCED, 0, None, seed=0)
    assert (len(train), len(validation)) == (1000, 0)


def test_a_size_below_the_number_of_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="validation_size is 9; with 10 classes"):
        cut_validation(BALANCED, 9, None, seed=0)


def test_a_size_beyond_what_is_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"train_size is 801.*from 10 to 800"):
        cut_validation(BALANCED, 200, 801, seed=0)


def test_a_class_with_one_image_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="smallest class needs more images"):
        cut_validation(np.array([0, 0, 0, 1]), 2, None, seed=0)


def test_without_a_seed_the_first_of_each_class_are_taken() -> None:
    assert take(BALANCED, 20, None, "test_size").tolist() == list(range(20))


def test_select_per_class_takes_n_of_each() -> None:
    images, labels = torch.arange(1000), torch.from_numpy(BALANCED)
    chosen, chosen_labels = select_per_class(images, labels, 5)
    assert chosen_labels.bincount().tolist() == [5] * 10
    assert torch.equal(labels[chosen], chosen_labels)


def test_fewer_of_each_class_are_a_part_of_more() -> None:
    images, labels = torch.arange(1000), torch.from_numpy(BALANCED)
    small, large = (select_per_class(images, labels, n)[0] for n in (5, 50))
    assert set(small.tolist()) < set(large.tolist())


@pytest.mark.parametrize("n", [0, 3])
def test_select_per_class_names_the_poorest_class(n: int) -> None:
    labels = torch.from_numpy(UNEVEN)
    with pytest.raises(ValueError, match=rf"n is {n};.*\(label 2\) has 2"):
        select_per_class(labels, labels, n)


def test_select_per_class_refuses_labels_of_other_images() -> None:
    with pytest.raises(ValueError, match="5 images but 6 labels"):
        select_per_class(torch.zeros(5), torch.zeros(6), 1)
