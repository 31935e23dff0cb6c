"""Which source is taken, what is said about it, and the cache of the drawn world."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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


def cached(split: str = "train") -> Path:
    return drawn_world.cache_file(split, 32)


def no_drawing(*arguments: object, **options: object) -> tuple[Tensor, Tensor]:
    raise AssertionError("pictures were drawn again")


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


# --- the cache ----------------------------------------------------------------------


def test_pictures_are_drawn_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = load_cifar10("drawn", **SMALL)
    assert "Drawing 60 train pictures; this is done once." in capsys.readouterr().out
    monkeypatch.setattr("course_utils.drawn.draw_dataset", no_drawing)
    again = load_cifar10("drawn", **SMALL)
    assert torch.equal(first.train_images, again.train_images)
    assert capsys.readouterr().out == ""


def test_a_larger_cache_changes_nothing() -> None:
    before = load_cifar10("drawn", **SMALL)
    load_cifar10("drawn", train_size=80, validation_size=20)
    assert len(np.load(cached())["labels"]) == 100
    after = load_cifar10("drawn", **SMALL)
    assert torch.equal(before.train_images, after.train_images)
    assert torch.equal(before.validation_images, after.validation_images)


def test_a_changed_generator_draws_anew_and_clears_the_old_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load_cifar10("drawn", **SMALL)
    old = cached()
    monkeypatch.setattr(drawn_world, "generator_version", lambda: "newversion00")
    load_cifar10("drawn", **SMALL)
    assert cached().is_file()
    assert cached() != old
    assert not old.exists()


def test_the_version_follows_the_generators_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version() -> str:
        drawn_world.generator_version.cache_clear()
        return drawn_world.generator_version()

    real = version()
    source = tmp_path / "bird.py"
    source.write_text("wings = 2")
    monkeypatch.setattr(drawn_world, "files", lambda package: tmp_path)
    first = version()
    source.write_text("wings = 3")
    assert len({real, first, version()}) == 3
    monkeypatch.undo()
    assert version() == real


def test_a_cut_off_cache_is_drawn_again_and_mended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = load_cifar10("drawn", **SMALL)
    whole = cached().read_bytes()
    cached().write_bytes(whole[: len(whole) // 2])
    capsys.readouterr()
    after = load_cifar10("drawn", **SMALL)
    assert torch.equal(before.train_images, after.train_images)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith(f"{cached()} is damaged (")
    assert printed[0].endswith("its pictures are drawn again.")
    assert cached().read_bytes() == whole


def test_no_damaged_byte_is_ever_believed() -> None:
    load_cifar10("drawn", **SMALL)
    images, labels = (a.copy() for a in np.load(cached()).values())
    whole = bytearray(cached().read_bytes())
    generator = np.random.default_rng(0)
    edges = [*range(300), *range(len(whole) - 800, len(whole))]
    for place in [*edges, *generator.integers(0, len(whole), 60)]:
        damaged = whole.copy()
        damaged[place] ^= 1 << int(generator.integers(8))
        cached().write_bytes(damaged)
        found = drawn_world._read(cached(), 32)
        # a few bytes, such as those of the file's date, carry nothing
        if found is not None:
            assert np.array_equal(found[0].numpy(), images)
            assert np.array_equal(found[1].numpy(), labels)


OTHER = {
    "another size": (np.zeros((4, 3, 8, 8), np.uint8), np.zeros(4, np.int64)),
    "floats": (np.zeros((4, 3, 32, 32)), np.zeros(4, np.int64)),
    "fewer labels": (np.zeros((4, 3, 32, 32), np.uint8), np.zeros(3, np.int64)),
    "other labels": (np.zeros((4, 3, 32, 32), np.uint8), np.zeros(4)),
}


@pytest.mark.parametrize("case", OTHER)
def test_a_cache_with_something_else_is_drawn_again(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = OTHER[case]
    cached().parent.mkdir()
    np.savez(cached(), images=images, labels=labels)
    data = load_cifar10("drawn", **SMALL)
    assert "is damaged (holds" in capsys.readouterr().out
    assert data.train_images.shape == (30, 3, 32, 32)


def test_an_interrupted_write_leaves_no_cache_and_no_litter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(file: object, **arrays: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_cifar10("drawn", **SMALL)
    assert list(cached().parent.iterdir()) == []


def test_a_cache_that_cannot_be_written_stops_nobody(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file" / "cache"))
    assert load_cifar10("drawn", **SMALL).source == "drawn"
    assert "could not be kept in" in capsys.readouterr().out
