"""CIFAR-10's own files: read without running them; fetched, verified and opened."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import assets
from course_utils.assets import Store
from course_utils.assets.checksums import Checksums
from course_utils.assets.manifest import Asset, Mirror, Unpack
from course_utils.assets.transfer import Limits
from course_utils.datasets import cifar10, load_cifar10
from course_utils.datasets.official import read_pickle
from tests import http_faults as faults
from tests.http_faults import Server
from tests.official_layout import (
    CLASSES,
    FOLDER,
    archive_of,
    official_files,
    python2_pickle,
)

PER_BATCH = 400


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return official_files(PER_BATCH)


@pytest.fixture
def folder(files: dict[str, bytes], tmp_path: Path) -> Path:
    """The official layout on disk."""
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tmp_path / FOLDER


def content_of(path: Path) -> dict[str, object]:
    """What is in an official file, by Python's own reader."""
    found: dict[str, object] = pickle.loads(path.read_bytes(), encoding="latin1")
    return found


# --- the files ----------------------------------------------------------------------


def test_images_and_labels_are_those_of_the_files(folder: Path) -> None:
    data = load_cifar10(folder)
    test = content_of(folder / "test_batch")
    assert torch.equal(
        data.test_images, torch.from_numpy(test["data"]).reshape(-1, 3, 32, 32)
    )
    assert data.test_labels.tolist() == test["labels"]
    assert data.class_names == tuple(CLASSES)


def test_a_tenth_of_training_becomes_validation_and_nothing_is_lost(
    folder: Path,
) -> None:
    data = load_cifar10(folder)
    assert (len(data.train_images), len(data.validation_images)) == (1800, 200)
    batches = [content_of(folder / f"data_batch_{n}")["data"] for n in range(1, 6)]
    expected = {row.tobytes() for row in np.concatenate(batches)}
    used = torch.cat([data.train_images, data.validation_images])
    assert {image.numpy().tobytes() for image in used} == expected


def test_tensors_are_bytes_and_whole_numbers(folder: Path) -> None:
    data = load_cifar10(folder)
    assert data.train_images.dtype == torch.uint8
    assert data.train_images.shape[1:] == (3, 32, 32)
    assert data.train_labels.dtype == torch.int64


def test_the_folder_above_is_understood_too(folder: Path) -> None:
    assert load_cifar10(folder.parent).source == "folder"


def test_sizes_are_kept(folder: Path) -> None:
    data = load_cifar10(folder, train_size=300, validation_size=100, test_size=50)
    sizes = [len(data.train_labels), len(data.validation_labels), len(data.test_labels)]
    assert sizes == [300, 100, 50]


def test_files_with_the_names_of_numpy_1_are_read(folder: Path) -> None:
    path = folder / "test_batch"
    before = load_cifar10(folder).test_images
    old = path.read_bytes().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert b"numpy.core" in old
    path.write_bytes(old)
    assert torch.equal(load_cifar10(folder).test_images, before)


def test_another_size_than_32_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="size is 64, but CIFAR-10's images are 32×32"):
        load_cifar10(folder, size=64)


# --- pickles that are not what they should be ---------------------------------------


class Harmful:
    """Its pickle runs a command when it is loaded."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_a_command_is_refused(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "trace"
    harmful = {"data": Harmful(f"touch {trace}")}
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps(harmful, protocol))
    with pytest.raises(ValueError, match=r"asks for \w+\.system, which is refused"):
        read_pickle(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    "name", ["builtins eval", "numpy load", "codecs open", "numpy.core.multiarray x"]
)
def test_every_other_name_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "batch"
    path.write_bytes(b"c" + name.replace(" ", "\n").encode() + b"\n.")
    with pytest.raises(ValueError, match="which is refused"):
        read_pickle(path)


def test_an_array_of_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({"data": np.array([{}, []], dtype=object)}, 4))
    with pytest.raises(ValueError, match="type O8, expected bytes"):
        read_pickle(path)


def test_a_file_cut_off_anywhere_is_refused(folder: Path) -> None:
    whole = python2_pickle({"data": np.zeros((2, 3072), np.uint8), "labels": [1, 2]})
    path = folder / "test_batch"
    for end in [*range(0, 200, 7), len(whole) - 1]:
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=r"test_batch cannot be used"):
            load_cifar10(folder)


ROWS = np.zeros((2, 3072), dtype=np.uint8)
WRONG = {
    "no dictionary": ([1], "it holds a list; expected a dictionary"),
    "no images": ({"labels": [1]}, "data is something else"),
    "other images": ({"data": ROWS[:, :768], "labels": [1, 2]}, r"of shape \(2, 768\)"),
    "wide numbers": ({"data": ROWS.astype("i4"), "labels": [1, 2]}, "type i4"),
    "too few labels": ({"data": ROWS, "labels": [1]}, "expected 2 labels"),
    "a label too high": ({"data": ROWS, "labels": [1, 10]}, "numbers from 0 to 9"),
    "a label below": ({"data": ROWS, "labels": [1, -1]}, "numbers from 0 to 9"),
    "labels in words": ({"data": ROWS, "labels": ["1", "2"]}, "some label is no class"),
}


@pytest.mark.parametrize("case", WRONG)
def test_other_contents_are_refused(folder: Path, case: str) -> None:
    content, message = WRONG[case]
    (folder / "test_batch").write_bytes(python2_pickle(content))
    with pytest.raises(ValueError, match=message) as caught:
        load_cifar10(folder)
    assert str(folder / "test_batch") in str(caught.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "data_batch_3").unlink()
    with pytest.raises(ValueError, match="data_batch_3 is missing"):
        load_cifar10(folder)


def test_class_names_that_are_none_are_refused(folder: Path) -> None:
    (folder / "batches.meta").write_bytes(python2_pickle({"label_names": 10}))
    with pytest.raises(ValueError, match="label_names is 10"):
        load_cifar10(folder)


# --- the whole way from a mirror ----------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def sums(content: bytes) -> Checksums:
    return Checksums(len(content), sha256=hashlib.sha256(content).hexdigest())


@pytest.fixture(scope="module")
def archive(files: dict[str, bytes]) -> bytes:
    return archive_of(files)


@pytest.fixture
def store(
    files: dict[str, bytes],
    archive: bytes,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Store:
    """A manifest of our own: two mirrors that fail, and one that serves the archive."""
    mirrors = {
        "busy": faults.status(503),
        "wrong": faults.good(b"x" * len(archive)),
        "good": faults.breaks_off(archive, each=len(archive) // 3 + 1),
    }
    urls = [server.add(name, fault) for name, fault in mirrors.items()]
    asset = Asset(
        name="cifar10",
        file="cifar-10-python.tar.gz",
        checksums=sums(archive),
        checksum_source="computed here",
        licence="none",
        purpose="a test",
        mirrors=tuple(Mirror("url", url) for url in urls),
        unpack=Unpack(FOLDER, 20_000_000, {k: sums(v) for k, v in files.items()}),
    )
    limits = Limits(pause_seconds=0.01)
    store = Store({"cifar10": asset}, tmp_path / "cache", limits)
    monkeypatch.setattr(assets, "course_store", lambda: store)
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    monkeypatch.setattr(cifar10, "my_images", lambda: tmp_path / "my_images")
    return store


def test_official_downloads_verifies_unpacks_and_loads(
    store: Store, folder: Path
) -> None:
    data = load_cifar10("official")
    assert data.source == "official"
    assert torch.equal(data.train_images, load_cifar10(folder).train_images)
    assert data.description == (
        "CIFAR-10, the official archive: 1,800 training, 200 validation and 400 test "
        "images of 32×32 pixels in 10 classes, split with seed 0."
    )


def test_official_needs_no_network_the_second_time(
    store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_cifar10("official")
    seen = len(server.requests)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    load_cifar10("official")
    assert len(server.requests) == seen


def test_official_offline_says_how_to_get_it(
    store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(assets.MissingAssetError, match="Fetch it"):
        load_cifar10("official")
    assert not server.requests


def test_auto_takes_the_archive_when_it_is_here(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assets.get("cifar10", quiet=True)
    capsys.readouterr()
    data = load_cifar10()
    assert data.source == "official"
    other = 'For drawings instead: load_cifar10("drawn").'
    assert capsys.readouterr().out == f"{data.description} {other}\n"


def test_auto_unpacks_an_archive_that_was_put_there(
    store: Store, archive: bytes, server: Server
) -> None:
    store.folder.mkdir()
    store.file("cifar10").write_bytes(archive)
    assert load_cifar10().source == "official"
    assert not server.requests
