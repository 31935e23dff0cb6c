"""Recorded runs are found, and a missing one is named."""

import pytest

from course_utils.recorded import recorded


def test_recording_says_where_and_how_it_was_measured() -> None:
    run = recorded("lesson04_seeds")
    assert {"machine", "seeds", "epochs", "data"} <= run.keys()


def test_missing_recording_is_named_with_what_to_do() -> None:
    with pytest.raises(FileNotFoundError, match=r"no recording 'nothing'.*git restore"):
        recorded("nothing")
