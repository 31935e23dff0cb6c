"""The fast recipe of lesson 05: its pieces, its length, and what was recorded of it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import islice
from typing import Any

import jupytext
import pytest
import torch

from course_utils.climb.race import first_to_reach
from course_utils.datasets import normalisation, normalise
from course_utils.recorded import recorded
from tests.climb_toys import tiny_data
from tools.recording_recipe import LESSON, PIECES, pieces_of

DATA = tiny_data(train=256)


@pytest.fixture(scope="module")
def pieces() -> dict[str, Any]:
    return pieces_of()


@pytest.fixture(autouse=True)
def same_generator() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def slot() -> dict[str, Any]:
    return dict(recorded("training_recipe")["cpu"])


def test_the_recipe_has_at_most_120_lines() -> None:
    cells = [c.source for c in jupytext.read(LESSON).cells if c.cell_type == "code"]
    told = [
        cell
        for cell in cells
        if any(
            f"def {name}(" in cell or f"class {name}(" in cell.split("\n\n\n")[0]
            for name in PIECES
        )
    ]
    assert len(told) == 4
    assert sum(len(cell.strip().split("\n")) for cell in told) <= 120


def test_whitened_patches_vary_alike_and_not_together(pieces: dict[str, Any]) -> None:
    images = normalise(DATA.train_images, *normalisation(DATA.train_images))
    layer = pieces["whitening"](images)
    answers = layer(images)[:, :12].transpose(0, 1).flatten(1)
    covariance = answers @ answers.T / answers.shape[1]
    # a little below 1 where the constant under the root is felt
    torch.testing.assert_close(covariance, torch.eye(12), atol=0.05, rtol=0)


def test_whitening_is_not_trained_and_has_every_sign(pieces: dict[str, Any]) -> None:
    weight = pieces["whitening"](torch.randn(20, 3, 32, 32)).weight
    assert not weight.requires_grad
    assert torch.equal(weight[:12], -weight[12:])


def test_a_block_starts_as_the_identity_of_its_channels(pieces: dict[str, Any]) -> None:
    first, pool, _, _, second, _, _ = pieces["block"](4, 8)
    x = torch.randn(2, 4, 8, 8)
    assert torch.equal(first(x)[:, :4], x)
    z = torch.randn(2, 8, 4, 4)
    assert torch.equal(second(z), z)
    assert pool(x).shape[2:] == (4, 4)


def batches_of(pieces: dict[str, Any], size: int, **options: int) -> Iterator[Any]:
    images = torch.arange(32 * 3 * 6 * 6).remainder(251).to(torch.uint8)
    images = images.reshape(32, 3, 6, 6)
    found: Iterator[Any] = pieces["endless_batches"](
        images, torch.arange(32), size, **options
    )
    return found


def test_two_epochs_show_every_image_both_ways_round(pieces: dict[str, Any]) -> None:
    stream = batches_of(pieces, 8, shift=0)
    seen: list[dict[int, torch.Tensor]] = []
    for _ in range(2):
        epoch = list(islice(stream, 4))
        seen.append({int(k): v for x, y in epoch for v, k in zip(x, y, strict=True)})
    assert all(len(epoch) == 32 for epoch in seen)
    for number in range(32):
        assert torch.equal(seen[0][number], seen[1][number].flip(2))
    original = next(batches_of(pieces, 32, shift=0))
    assert len(original[0]) == 32


def test_an_image_is_shifted_by_up_to_two_pixels(pieces: dict[str, Any]) -> None:
    plain = torch.zeros(64, 1, 7, 7, dtype=torch.uint8)
    plain[:, :, 3, 3] = 255
    moved, _ = next(pieces["endless_batches"](plain, torch.arange(64), 64))
    places = {tuple((image[0] == 255).nonzero()[0].tolist()) for image in moved}
    assert {row for row, _ in places} == {1, 2, 3, 4, 5}
    assert {column for _, column in places} == {1, 2, 3, 4, 5}


def test_only_the_norms_biases_learn_sixteen_times_as_fast(
    pieces: dict[str, Any],
) -> None:
    first = pieces["whitening"](torch.randn(20, 3, 32, 32))
    model = pieces["FastNetwork"](first, (4, 8, 8), 10)
    others, biases = pieces["sgd_for"](model, 0.5).param_groups
    assert (others["peak"], biases["peak"]) == (0.5, 8.0)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert {id(p) for p in biases["params"]} == {id(norm.bias) for norm in norms}
    trained = {id(p) for p in others["params"]}
    assert id(model.first.weight) not in trained
    assert id(model.head.weight) in trained


def run(pieces: dict[str, Any], seconds: float = 1.5) -> Any:
    options = {"widths": (4, 8, 8), "batch_size": 64, "dtype": torch.float32}
    return pieces["fast_recipe"](DATA, seconds, **options)


def test_the_recipe_learns_what_is_easy(
    pieces: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    judge = pieces["accuracy_with_mirrors"]
    model = run(pieces)
    assert judge(model, DATA.test_images, DATA.test_labels, DATA) > 0.9
    assert "of 1.5 s: loss" in capsys.readouterr().out
    assert not model.training


def test_an_interruption_keeps_the_network(
    pieces: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    batches = pieces["endless_batches"]

    def broken_off(*args: Any) -> Iterator[Any]:
        yield from islice(batches(*args), 3)
        raise KeyboardInterrupt

    names = pieces["fast_recipe"].__globals__
    monkeypatch.setitem(names, "endless_batches", broken_off)
    model = run(pieces, seconds=60)
    assert model.head.weight.isfinite().all()
    assert "Interrupted: this is the network as it stands." in capsys.readouterr().out


def test_a_lesson_without_the_recipe_is_named(tmp_path: Any) -> None:
    lesson = tmp_path / "05_empty.py"
    lesson.write_text("# %%\nprint(1)\n", "utf-8")
    with pytest.raises(ValueError, match="does not define whitening, block, FastN"):
        pieces_of(lesson)


def test_the_tuned_network_is_fifteen_times_sooner(slot: dict[str, Any]) -> None:
    six = [one["six_epochs"] for one in slot["lecture"]]
    reached = statistics.mean(one["validation_accuracy"] for one in six)
    seconds = statistics.mean(one["seconds"] for one in six)
    assert seconds / first_to_reach(slot["tuned"], reached) >= 15


@pytest.mark.parametrize(("seconds", "least"), [(60, 0.75), (180, 0.84), (600, 0.89)])
def test_the_fast_recipe_reaches_what_the_lesson_says(
    slot: dict[str, Any], seconds: int, least: float
) -> None:
    runs = [run for run in slot["fast"] if run["seconds"] == seconds]
    assert len(runs) >= 3
    assert min(run["test_accuracy"] for run in runs) >= least


def test_a_minute_of_the_fast_recipe_beats_ten_of_the_lectures(
    slot: dict[str, Any],
) -> None:
    fast = [r["validation_accuracy"] for r in slot["fast"] if r["seconds"] == 60]
    slow = [mark[2] for run in slot["lecture"] for mark in run["curve"]]
    assert min(fast) > max(slow)


def test_more_than_three_minutes_buy_the_lectures_recipe_nothing(
    slot: dict[str, Any],
) -> None:
    at = [
        {seconds: accuracy for seconds, _, accuracy in run["curve"]}
        for run in slot["lecture"]
    ]
    early = statistics.mean(
        max(a for s, a in marks.items() if s <= 190) for marks in at
    )
    last = statistics.mean(marks[max(marks)] for marks in at)
    assert last <= early
