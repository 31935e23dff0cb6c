"""Real files that only some machines have: tests that need them skip visibly."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils import assets

REAL = Path(__file__).parents[1].parent / "shared" / "real"


def real(name: str) -> Path:
    """A real file beside the checkout, or a visible skip."""
    path = REAL / name
    if not path.exists():
        pytest.skip(f"needs the real {path}")
    return path


def asset(name: str) -> Path:
    """An asset, fetched if need be; a visible skip where that is impossible."""
    try:
        return assets.get(name, quiet=True)
    except assets.AssetError as error:
        pytest.skip(f"needs the asset {name}: {error}")
