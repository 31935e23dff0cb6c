"""Scenes: labels, boxes and masks that agree with each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from course_utils.drawn import Canvas, Scene, Tape, draw_scene, random_obj


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [draw_scene(k, objects=(1, 5)) for k in range(40)]


def test_shapes_and_types(scenes: list[Scene]) -> None:
    for scene in scenes:
        count = len(scene.labels)
        assert scene.image.shape == (3, 96, 128)
        assert scene.image.dtype == torch.uint8
        assert scene.labels.dtype == torch.int64
        assert scene.boxes.shape == (count, 4)
        assert scene.boxes.dtype == torch.float32
        assert scene.masks.shape == (count, 96, 128)
        assert scene.masks.dtype == torch.bool
        assert scene.semantic.shape == (96, 128)
        assert scene.semantic.dtype == torch.int64


def test_no_pixel_belongs_to_two_objects(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert scene.masks.sum(dim=0).max() <= 1


def test_semantic_mask_is_what_the_instance_masks_say(scenes: list[Scene]) -> None:
    for scene in scenes:
        expected = torch.zeros_like(scene.semantic)
        for label, mask in zip(scene.labels, scene.masks, strict=True):
            expected[mask] = label + 1
        assert torch.equal(scene.semantic, expected)


def test_boxes_are_tight_around_the_masks(scenes: list[Scene]) -> None:
    for scene in scenes:
        for box, mask in zip(scene.boxes.int().tolist(), scene.masks, strict=True):
            left, top, right, bottom = box
            inside = mask[top:bottom, left:right]
            assert inside.sum() == mask.sum()
            assert inside[0].any()
            assert inside[-1].any()
            assert inside[:, 0].any()
            assert inside[:, -1].any()


def test_number_of_objects_is_as_asked() -> None:
    counts = {len(draw_scene(k, objects=(2, 3)).labels) for k in range(30)}
    assert counts == {2, 3}


def test_objects_can_be_seen() -> None:
    areas = torch.cat(
        [draw_scene(k, objects=(3, 3)).masks.sum(dim=(1, 2)) for k in range(40)]
    )
    assert areas.float().quantile(0.02) > 40
    assert areas.float().median() > 300


def test_every_class_appears(scenes: list[Scene]) -> None:
    labels = torch.cat([scene.labels for scene in scenes])
    assert set(labels.tolist()) == set(range(10))


def test_scene_depends_on_nothing_but_its_arguments() -> None:
    first, again = draw_scene(8, seed=3), draw_scene(8, seed=3)
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.masks, again.masks)
    assert not torch.equal(first.image, draw_scene(8, seed=4).image)
    assert not torch.equal(first.image, draw_scene(8, seed=3, split="test").image)


def test_one_number_means_a_square() -> None:
    assert draw_scene(0, size=64).image.shape == (3, 64, 64)


@pytest.mark.parametrize("objects", [(0, 2), (3, 2), (1, 16)])
def test_impossible_number_of_objects_is_named(objects: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="fewest and the most, from 1 to 15"):
        draw_scene(0, objects=objects)


def test_tiny_scene_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 pixels"):
        draw_scene(0, size=(8, 64))


def test_object_moves_with_its_coordinates() -> None:
    obj = random_obj(Tape(1, 2), label=7)

    def drawn_at(x: float, moved_obj: object = obj) -> torch.Tensor:
        assert isinstance(moved_obj, type(obj))
        canvas = Canvas(64, 96)
        canvas.owner = 1
        moved_obj.draw(canvas, x, 32, 40)
        return torch.from_numpy(canvas.owners())

    here, there = drawn_at(30), drawn_at(50)
    assert torch.equal(here.roll(20, dims=1), there)
    later = drawn_at(30, replace(obj, stride=obj.stride + 300))
    assert not torch.equal(here, later)
