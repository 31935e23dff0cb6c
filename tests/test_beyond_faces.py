"""Faces without names and new views of them."""

import torch

from course_utils.beyond.faces import Change, load_faces, new_views

STILL = Change(shift=0, turn=0, zoom=0, light=0, contrast=0, noise=0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_hundred_faces_and_a_hundred_others_come_with_the_package() -> None:
    faces, others = load_faces()
    assert faces.shape == others.shape == (100, 1, 25, 25)
    assert faces.dtype == torch.float32
    assert faces.min() >= 0
    assert faces.max() <= 1
    # faces vary less among each other than cuts from backgrounds do
    assert faces.std(0).mean() < others.std(0).mean()


def test_no_change_gives_the_photograph_back() -> None:
    faces, _ = load_faces()
    views = new_views(faces[:5], generator(), STILL)
    torch.testing.assert_close(views, faces[:5], atol=1e-5, rtol=0)


def test_views_are_repeatable_and_differ_by_seed() -> None:
    faces, _ = load_faces()
    first = new_views(faces[:3], generator(1))
    assert torch.equal(first, new_views(faces[:3], generator(1)))
    assert not torch.equal(first, new_views(faces[:3], generator(2)))


def test_views_stay_in_range_and_keep_shape() -> None:
    faces, _ = load_faces()
    views = new_views(faces, generator(), Change(light=1.0, noise=0.5))
    assert views.shape == faces.shape
    assert views.min() >= 0
    assert views.max() <= 1


def test_a_shift_is_at_most_as_many_pixels() -> None:
    dot = torch.zeros(200, 1, 25, 25)
    dot[:, :, 12, 12] = 1
    views = new_views(
        dot, generator(), Change(3, turn=0, zoom=0, light=0, contrast=0, noise=0)
    )
    rows = views.sum(3)[:, 0]
    middle = (rows * torch.arange(25)).sum(1) / rows.sum(1)
    assert 2 < (middle - 12).abs().max() <= 3.01
