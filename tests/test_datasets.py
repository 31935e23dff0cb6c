"""Which source is taken, what is said about it, and what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from course_utils import assets
from course_utils.assets.errors import CacheError
from course_utils.datasets import cifar10, drawn_world, load_cifar10
from course_utils.drawn import CLASS_NAMES, draw_dataset

POOL = {"train": 60, "test": 20}
SMALL = {"train_size": 30, "validation_size": 20}
HOW = 'For photographs instead: `make data` or load_cifar10("official")'


@pytest.fixture(autouse=True)
def small_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, no folder of images, no network, and few pictures."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.setattr(cifar10, "my_images", lambda: tmp_path / "my_images")
    monkeypatch.setattr(drawn_world, "POOL", POOL)


def put_images(folder: Path, names: tuple[str, ...] = ("ants", "bees")) -> None:
    for part, count in (("train", 10), ("test", 3)):
        for number, name in enumerate(names):
            (folder / part / name).mkdir(parents=True)
            for index in range(count):
                colour = (60 * number, 10 * index, 0)
                Image.new("RGB", (8, 8), colour).save(
                    folder / part / name / f"{index}.png"
                )


# --- which source -------------------------------------------------------------------


def test_auto_without_anything_is_the_drawn_world_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = load_cifar10(**SMALL)
    assert data.source == "drawn"
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"{data.description} {HOW} (170.5 MB)."
    )


def test_auto_takes_your_images_before_the_drawn_world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_images(tmp_path / "my_images")
    data = load_cifar10()
    assert (data.source, data.class_names) == ("folder", ("ants", "bees"))
    printed = capsys.readouterr().out
    assert printed.startswith(f"Your images from {tmp_path / 'my_images'}")
    assert printed.count("\n") == 1


def test_auto_passes_over_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "my_images").mkdir()
    (tmp_path / "my_images" / ".DS_Store").touch()
    assert load_cifar10(**SMALL).source == "drawn"


def test_auto_does_not_hide_a_mistake_in_your_folder(tmp_path: Path) -> None:
    put_images(tmp_path / "my_images", names=("ants",))
    with pytest.raises(ValueError, match="at least two"):
        load_cifar10()


def test_auto_goes_on_when_the_archive_cannot_be_unpacked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*arguments: object, **options: object) -> Path:
        raise CacheError("cannot write: disk full.")

    monkeypatch.setattr(assets, "present", lambda name: True)
    monkeypatch.setattr(assets, "get", full)
    assert load_cifar10(**SMALL).source == "drawn"
    assert "CIFAR-10 is in the cache but cannot be used: cannot write: disk full." in (
        capsys.readouterr().out
    )


def test_your_images_folder_lies_in_the_workbook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    assert cifar10.my_images() == Path(__file__).parents[1] / "data" / "my_images"


def test_a_source_that_is_no_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="source is 'offical', which is no folder"):
        load_cifar10("offical")


WRONG = [
    ({"train_size": 0}, "train_size is 0"),
    ({"validation_size": -1}, "validation_size is -1"),
    ({"test_size": -5}, "test_size is -5"),
    ({"size": 0}, "size is 0"),
    ({"seed": -1}, "seed is -1"),
    ({"train_size": 5}, "train_size is 5; with 10 classes"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_wrong_numbers_are_refused(change: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_cifar10("drawn", **({"validation_size": 20} | change))


# --- what comes back ----------------------------------------------------------------


def test_drawn_images_are_the_generators() -> None:
    data = load_cifar10("drawn", train_size=40, validation_size=20)
    images, labels = draw_dataset(60, split="train")
    used = torch.cat([data.train_images, data.validation_images])
    assert {i.numpy().tobytes() for i in used} == {i.numpy().tobytes() for i in images}
    assert data.train_labels.bincount().tolist() == [4] * 10
    assert torch.equal(data.test_images, draw_dataset(20, split="test")[0])
    assert int(labels.max()) == 9


def test_class_names_are_cifar10s() -> None:
    data = load_cifar10("drawn", **SMALL)
    assert data.class_names == tuple(CLASS_NAMES)
    assert data.class_names[6] == "frog"


def test_defaults_are_lesson_04s_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    def blank(count: int, *, split: str, size: int) -> tuple[Tensor, Tensor]:
        images = torch.zeros(count, 3, size, size, dtype=torch.uint8)
        return images, torch.arange(count) % 10

    monkeypatch.undo()
    monkeypatch.setattr("course_utils.drawn.draw_dataset", blank)
    monkeypatch.setattr(drawn_world, "_read", lambda path, size: None)
    monkeypatch.setattr(drawn_world, "_write", lambda path, pictures: None)
    assert repr(load_cifar10("drawn")) == (
        "ImageData(drawn: 10,000 training, 2,000 validation and 2,000 test images of "
        "32×32 pixels in 10 classes)"
    )


def test_more_are_drawn_where_more_are_wanted() -> None:
    data = load_cifar10("drawn", train_size=80, validation_size=20, test_size=30)
    sizes = [len(data.train_labels), len(data.validation_labels), len(data.test_labels)]
    assert sizes == [80, 20, 30]


def test_the_drawn_world_comes_at_any_size() -> None:
    data = load_cifar10("drawn", size=48, **SMALL)
    assert data.train_images.shape == (30, 3, 48, 48)


def test_the_test_set_is_the_same_for_every_seed() -> None:
    first, second = (load_cifar10("drawn", seed=s, **SMALL) for s in (0, 1))
    assert torch.equal(first.test_images, second.test_images)
    assert not torch.equal(first.validation_images, second.validation_images)
