"""The cache of the drawn world: drawn once, never believed when damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from course_utils.datasets import drawn_world, load_cifar10

SMALL = {"train_size": 30, "validation_size": 20}


@pytest.fixture(autouse=True)
def small_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache and few pictures."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(drawn_world, "POOL", {"train": 60, "test": 20})


def cached(split: str = "train") -> Path:
    return drawn_world.cache_file(split, 32)


def no_drawing(*arguments: object, **options: object) -> tuple[Tensor, Tensor]:
    raise AssertionError("pictures were drawn again")


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
