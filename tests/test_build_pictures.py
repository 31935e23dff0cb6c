"""Stored figures: smaller, the same size in pixels, and the same to the eye."""

import base64
import io

import numpy as np
from PIL import Image

from course_utils.photos import photo_pil
from tools.building.pictures import slim_png


def _encode(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _decode(encoded: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")


def test_photograph_becomes_much_smaller_and_looks_the_same() -> None:
    photograph = photo_pil("chelsea").convert("RGBA")
    before = _encode(photograph)
    after = slim_png(before)
    assert len(after) < 0.6 * len(before)
    found, wanted = _decode(after), photograph.convert("RGB")
    assert found.size == wanted.size
    error = np.abs(np.asarray(found, dtype=int) - np.asarray(wanted, dtype=int))
    assert error.mean() < 6  # of 255


def test_few_colours_are_kept_exactly() -> None:
    stripes = Image.new("RGB", (64, 64), (250, 20, 30))
    stripes.paste((10, 200, 90), (0, 0, 64, 20))
    assert np.array_equal(_decode(slim_png(_encode(stripes))), stripes)


def test_slimming_twice_changes_nothing_more() -> None:
    once = slim_png(_encode(photo_pil("coffee").convert("RGBA")))
    assert np.array_equal(_decode(slim_png(once)), _decode(once))
