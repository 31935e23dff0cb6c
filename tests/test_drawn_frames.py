"""Films of the drawn world: repeatable, with everybody's whereabouts."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from course_utils.drawn_frames import draw_film


def test_film_depends_on_its_arguments_alone() -> None:
    first, again = draw_film(3, frames=3), draw_film(3, frames=3)
    other = draw_film(4, frames=3)
    for a, b, c in zip(first.frames, again.frames, other.frames, strict=True):
        assert torch.equal(a.image, b.image)
        assert torch.equal(a.masks, b.masks)
        assert not torch.equal(a.image, c.image)


def test_frames_are_scenes_of_the_asked_size() -> None:
    film = draw_film(0, frames=2, actors=3, size=(48, 64))
    assert len(film.frames) == len(film.identities) == 2
    for frame, who in zip(film.frames, film.identities, strict=True):
        assert frame.image.shape == (3, 48, 64)
        assert frame.image.dtype == torch.uint8
        count = len(who)
        assert frame.boxes.shape == (count, 4)
        assert frame.masks.shape == (count, 48, 64)
        assert frame.labels.shape == (count,)


def test_boxes_and_classes_agree_with_the_masks() -> None:
    for frame in draw_film(5, frames=4, actors=3).frames:
        for box, mask, label in zip(
            frame.boxes.int().tolist(), frame.masks, frame.labels, strict=True
        ):
            left, top, right, bottom = box
            assert mask[top:bottom, left:right].sum() == mask.sum()
            assert mask[:, left].any()
            assert mask[:, right - 1].any()
            assert mask[top].any()
            assert mask[bottom - 1].any()
            assert (frame.semantic[mask] == label + 1).all()
        assert ((frame.semantic > 0) == frame.masks.any(0)).all()


def test_individuals_keep_their_class_and_move_a_little_at_a_time() -> None:
    film = draw_film(7)
    centres: dict[int, list[float]] = {}
    classes: dict[int, set[int]] = {}
    for frame, who in zip(film.frames, film.identities, strict=True):
        for number, box, label in zip(
            who.tolist(), frame.boxes, frame.labels.tolist(), strict=True
        ):
            centres.setdefault(number, []).append(float(box[0] + box[2]) / 2)
            classes.setdefault(number, set()).add(label)
    assert sorted(centres) == [0, 1]
    assert all(len(labels) == 1 for labels in classes.values())
    assert centres[0][0] < centres[0][-1]  # the first goes to the right
    assert centres[1][0] > centres[1][-1]  # the second to the left
    steps = [abs(b - a) for c in centres.values() for a, b in pairwise(c)]
    assert max(steps) < 20


def test_what_is_wholly_hidden_is_not_listed() -> None:
    for index in range(20):
        film = draw_film(index, frames=4, actors=4)
        for frame in film.frames:
            assert frame.masks.flatten(1).any(1).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"index": -1}, "index is -1"),
        ({"index": 0, "frames": 0}, "frames is 0"),
        ({"index": 0, "actors": 16}, "actors is 16.*1 to 15"),
        ({"index": 0, "size": (96, 16)}, r"size is \(96, 16\).*32 pixels"),
    ],
)
def test_bad_argument_is_named(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_film(**settings)
