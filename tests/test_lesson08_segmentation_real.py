"""Real photographs through the lesson's own functions, with a real network."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from course_utils.overlays import show_segmentation
from course_utils.pretrained import Network
from course_utils.recorded_masks import recorded_mask
from course_utils.segmentation import fit_photo, predict_labels
from tools.record_segmentation import NAMES, WEIGHTS, read_network

REAL = Path(__file__).parents[1].parent / "shared" / "real" / "weights"

pytestmark = pytest.mark.skipif(
    not (REAL / WEIGHTS).is_file(), reason=f"needs the weights {WEIGHTS} in {REAL}"
)


@pytest.fixture(scope="module")
def network() -> Network:
    return read_network(REAL)


@pytest.mark.parametrize("name", NAMES)
def test_real_photograph_gets_the_recorded_mask(name: str, network: Network) -> None:
    picture = fit_photo(name)
    labels = predict_labels(network.model, network.prepare(picture[None]))[0]
    same = (labels == recorded_mask(name)).float().mean().item()
    print(f"{name}: {same:.2%} of the pixels as recorded")
    assert same > 0.995
    figure, ax = plt.subplots()
    show_segmentation(picture, labels, network.classes, ax)
    plt.close(figure)


def test_the_cat_is_a_cat_and_the_captain_a_person() -> None:
    for name, index in (("chelsea", 8), ("grace_hopper", 15)):
        mask = recorded_mask(name)
        middle = mask[mask.shape[0] // 2, mask.shape[1] // 2]
        assert int(middle) == index


def test_photograph_upside_down_loses_its_cat(network: Network) -> None:
    """The network looks: it does not answer from memory of the name."""
    picture = fit_photo("chelsea")
    upright = predict_labels(network.model, network.prepare(picture[None]))
    turned = predict_labels(network.model, network.prepare(picture.flip(1)[None]))
    assert (turned == 8).sum() < (upright == 8).sum()
