"""The stored grid: whole, small, credited, and what its numbers say."""

from __future__ import annotations

import statistics
from itertools import pairwise

import pytest
import torch

from course_utils import pretrained
from course_utils.recorded import recorded
from course_utils.style.stored import (
    SOURCES,
    Grid,
    credits_of,
    folder,
    pictures_of,
    stored_grid,
)
from course_utils.style.transfer import Recipe, Targets
from tools import record_style

every_pair = pytest.mark.parametrize("pair", SOURCES)


@pytest.fixture(scope="module")
def grid() -> Grid:
    return stored_grid()


def test_all_files_together_are_small() -> None:
    assert sum(file.stat().st_size for file in folder().iterdir()) < 2_000_000


def test_recording_says_how_and_where_it_was_made(grid: Grid) -> None:
    assert {"machine", "date", "network", "optimizer", "steps"} <= grid.facts.keys()
    assert set(grid.pairs) == set(SOURCES)


def test_recording_is_of_the_script_as_it_stands(grid: Grid) -> None:
    assert grid.size == record_style.SIZE
    assert grid.weights == record_style.WEIGHTS
    assert grid.layers == record_style.LAYERS
    assert grid.facts["steps"] == record_style.STEPS
    assert grid.facts["tv_share"] == record_style.TV_SHARE
    assert grid.facts["content_layer"] == record_style.CONTENT_LAYER


@every_pair
def test_every_result_is_a_picture_of_its_own(grid: Grid, pair: str) -> None:
    seen = [
        grid.result(pair, row, column)
        for row in range(len(grid.layers))
        for column in range(len(grid.weights))
    ]
    assert all(tile.shape == (3, 192, 192) for tile in seen)
    assert all(tile.dtype == torch.uint8 for tile in seen)
    for one, other in pairwise(seen):
        assert (one.float() - other.float()).abs().mean() > 0.5


@every_pair
def test_sources_are_in_the_sheet(grid: Grid, pair: str) -> None:
    stored = grid.content(pair), grid.style(pair)
    for tile, picture in zip(stored, pictures_of(pair, grid.size), strict=True):
        # WebP is lossy, most of all in saturated colours
        assert (tile / 255 - picture[0]).abs().mean() < 0.05


@every_pair
def test_ten_times_the_weight_gives_more_style_and_less_content(
    grid: Grid, pair: str
) -> None:
    for losses, start in zip(
        grid.pairs[pair].losses, grid.pairs[pair].start, strict=True
    ):
        style = [loss["style"] for loss in losses]
        content = [loss["content"] for loss in losses]
        for less, more in ((0, 2), (1, 3), (2, 4), (3, 5), (4, 6)):  # ten times as much
            assert style[more] < style[less]
            assert content[more] > content[less]
        assert style[0] < start


@every_pair
def test_losses_belong_to_the_pictures(grid: Grid, pair: str) -> None:
    network = pretrained.style_features(grid.facts["network"], quiet=True)
    row, column = 3, 4
    recipe = Recipe(grid.layers[row], grid.facts["content_layer"])
    targets = Targets.of(network, *pictures_of(pair, grid.size), recipe)
    with torch.no_grad():
        found = targets.losses(grid.result(pair, row, column)[None] / 255)
        start = targets.losses(pictures_of(pair, grid.size)[0])
    said = grid.pairs[pair].losses[row][column]
    # of the picture before it became a lossy file
    assert found["content"].item() == pytest.approx(said["content"], rel=0.25)
    assert found["style"].item() < 0.3
    assert start["style"].item() == pytest.approx(grid.pairs[pair].start[row], rel=0.01)


@every_pair
def test_both_pictures_are_credited(pair: str) -> None:
    content, style = credits_of(pair)
    assert "via scikit" in content
    assert "via scikit-learn" in style or "this workbook's own code" in style


@every_pair
@pytest.mark.parametrize("size", [128, 224])
def test_pictures_for_a_run_have_the_wanted_size(pair: str, size: int) -> None:
    assert [p.shape for p in pictures_of(pair, size)] == [(1, 3, size, size)] * 2


def test_recorded_run_of_224_pixels_and_150_steps_took_under_30_seconds() -> None:
    timing = recorded("style/timing")
    assert (timing["size"], timing["steps"]) == (224, 150)
    two = timing["threads"]["2"]
    assert len(two["seconds"]) == timing["runs"] >= 3
    assert two["median_seconds"] == statistics.median(two["seconds"]) < 30
