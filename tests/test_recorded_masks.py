"""The recorded segmentations of photographs: complete, small, with their sources."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from course_utils.photos import PHOTOS
from course_utils.recorded import recorded
from course_utils.recorded_masks import masks_folder, recorded_mask
from course_utils.segmentation import fit_photo

RUN = recorded("segmentation")


def test_every_mask_has_its_facts_and_every_fact_its_mask() -> None:
    masks = {path.stem for path in masks_folder().glob("*.png")}
    assert masks == set(RUN["pictures"])
    assert masks <= set(PHOTOS)


@pytest.mark.parametrize("name", RUN["pictures"])
def test_mask_fits_its_photograph_and_is_as_described(name: str) -> None:
    mask, facts = recorded_mask(name), RUN["pictures"][name]
    assert mask.dtype == torch.int64
    assert mask.shape == fit_photo(name, RUN["longer_side"]).shape[1:]
    assert list(mask.shape) == facts["size"]
    for name_of_class, share in facts["shares"].items():
        found = mask == RUN["classes"].index(name_of_class)
        assert found.float().mean().item() == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("name", RUN["pictures"])
def test_mask_is_a_small_picture_with_a_palette(name: str) -> None:
    path = masks_folder() / f"{name}.png"
    assert path.stat().st_size < 5_000
    with Image.open(path) as image:
        assert image.mode == "P"


def test_network_source_and_licence_are_named() -> None:
    assert "Apache" in RUN["network_licence"]
    assert RUN["network_source"].startswith("https://")
    assert len(RUN["weights_sha256"]) == 64
    for facts in RUN["pictures"].values():
        assert any(word in facts["photograph"] for word in ("CC", "public domain"))


def test_unknown_mask_says_which_there_are() -> None:
    with pytest.raises(
        FileNotFoundError, match=r"no recorded mask of 'china'.*chelsea"
    ):
        recorded_mask("china")
